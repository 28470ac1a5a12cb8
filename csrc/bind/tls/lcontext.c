/*
** lcontext.c - TLS contexts for Lua, made of tables of options.
*/

/***
Settings that TLS connections share.
@engine pop3.core.context
*/
#include <string.h>

#include "../../base/ascii.h"
#include "../../base/base64.h"
#include "../open.h"
#include "lcontext.h"

#define CONTEXT_T "pop3.tls.context"
#define HASHES 100  /* pins, or fingerprints */

typedef unsigned char hash[POP3_PIN_SIZE];

typedef struct Context {
  lpop3_object object;
  pop3_tls_context *c;  /* NULL when closed */
} Context;

pop3_tls_context *ltls_checkcontext (lua_State *L, int arg) {
  Context *u = (Context *)luaL_checkudata(L, arg, CONTEXT_T);
  luaL_argcheck(L, u->c != NULL, arg, "the TLS context is closed");
  return u->c;
}

const char *ltls_string (lua_State *L, int arg, const char *field) {
  const char *s;
  size_t n;
  if (lua_getfield(L, arg, field) == LUA_TNIL) {
    lua_pop(L, 1);
    return NULL;
  }
  if (lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "tls: '%s' must be a string", field);
  s = lua_tolstring(L, -1, &n);
  if (strlen(s) != n) luaL_error(L, "tls: '%s' must not hold NUL", field);
  return s;
}

static int version_field (lua_State *L, int arg, const char *field) {
  static const char *const names[] = {
    "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"
  };
  const char *s = ltls_string(L, arg, field);
  int i;
  if (s == NULL) return 0;
  for (i = 0; i < 4; i++)
    if (strcmp(s, names[i]) == 0) return 0x0301 + i;
  return luaL_error(L, "tls: '%s' must be TLSv1 to TLSv1.3", field);
}

static enum pop3_tls_verify verify_field (lua_State *L, int arg) {
  int type = lua_getfield(L, arg, "verify");
  enum pop3_tls_verify v = POP3_VERIFY_FULL;
  if (type == LUA_TSTRING && strcmp(lua_tostring(L, -1), "ask") == 0)
    v = POP3_VERIFY_ASK;
  else if (type == LUA_TBOOLEAN)
    v = lua_toboolean(L, -1) ? POP3_VERIFY_FULL : POP3_VERIFY_NONE;
  else if (type != LUA_TNIL)
    luaL_error(L, "tls: 'verify' must be true, false or \"ask\"");
  lua_pop(L, 1);
  return v;
}

/* The base64 of 32 octets; curl's prefix may be before it. */
static int read_pin (pop3_span s, hash to) {
  char out[POP3_PIN_SIZE + 4];
  size_t n = 0;
  if (s.n > 8 && memcmp(s.p, "sha256//", 8) == 0) {
    s.p += 8;
    s.n -= 8;
  }
  if (s.n != POP3_BASE64_SIZE(POP3_PIN_SIZE) ||
      pop3_base64_decode(out, &n, s) != 0 || n != POP3_PIN_SIZE) return 0;
  memcpy(to, out, POP3_PIN_SIZE);
  return 1;
}

/* 32 octets in hexadecimal; colons may be between them, "sha256:" before. */
static int read_print (pop3_span s, hash to) {
  size_t i;
  if (s.n > 7 && pop3_same(s.p, "sha256:", 7)) {
    s.p += 7;
    s.n -= 7;
  }
  for (i = 0; i < POP3_PIN_SIZE; i++) {
    int high, low;
    if (i > 0 && s.n > 0 && s.p[0] == ':') s.p++, s.n--;
    if (s.n < 2) return 0;
    high = pop3_hexdigit(s.p[0]);
    low = pop3_hexdigit(s.p[1]);
    if (high < 0 || low < 0) return 0;
    to[i] = (unsigned char)(high << 4 | low);
    s.p += 2;
    s.n -= 2;
  }
  return s.n == 0;
}

/* The string on the top; it is popped. */
static void take_hash (lua_State *L, int (*read) (pop3_span s, hash to),
                       const char *misuse, hash to) {
  pop3_span s = { NULL, 0 };
  if (lua_type(L, -1) == LUA_TSTRING) s.p = lua_tolstring(L, -1, &s.n);
  if (s.p == NULL || !read(s, to)) luaL_error(L, "tls: %s", misuse);
  lua_pop(L, 1);
}

/* A field that is a string or a list of strings; returns how many. */
static size_t hashes_field (lua_State *L, int arg, const char *field,
                            int (*read) (pop3_span s, hash to),
                            const char *misuse, hash *to) {
  int type = lua_getfield(L, arg, field);
  lua_Integer i, count;
  if (type == LUA_TNIL) {
    lua_pop(L, 1);
    return 0;
  }
  if (type != LUA_TTABLE) {
    take_hash(L, read, misuse, to[0]);
    return 1;
  }
  count = (lua_Integer)lua_rawlen(L, -1);
  if (count == 0)  /* no certificate would match, or every one would */
    luaL_error(L, "tls: %s must not be empty", field);
  if (count > HASHES)
    luaL_error(L, "tls: '%s' has more than %d", field, HASHES);
  for (i = 1; i <= count; i++) {
    lua_rawgeti(L, -1, i);
    take_hash(L, read, misuse, to[i - 1]);
  }
  lua_pop(L, 1);
  return (size_t)count;
}

static int level_field (lua_State *L, int arg) {
  lua_Integer n = -1;
  int isint = 1;
  if (lua_getfield(L, arg, "security_level") != LUA_TNIL) {
    n = lua_tointegerx(L, -1, &isint);
    if (!isint || n < 0 || n > 5)
      luaL_error(L, "tls: 'security_level' must be an integer from 0 to 5");
  }
  lua_pop(L, 1);
  return (int)n;
}

int ltls_newcontext (lua_State *L, int arg) {
  hash pins[HASHES], prints[HASHES];
  char why[POP3_WHY_MAX];
  const char *ask;
  pop3_tls_opts o;
  Context *u;
  memset(&o, 0, sizeof o);
  o.server = lpop3_optflag(L, arg, "server");
  o.verify = verify_field(L, arg);
  o.cafile = ltls_string(L, arg, "cafile");
  o.capath = ltls_string(L, arg, "capath");
  o.crlfile = ltls_string(L, arg, "crlfile");
  o.cert = ltls_string(L, arg, "cert");
  o.key = ltls_string(L, arg, "key");
  o.ciphers = ltls_string(L, arg, "ciphers");
  o.pins = (const hash *)pins;
  o.npins = hashes_field(L, arg, "pin", read_pin,
                         "a pin must be the base64 of a SHA-256", pins);
  o.prints = (const hash *)prints;
  o.nprints = hashes_field(L, arg, "fingerprint", read_print,
    "a fingerprint must be a SHA-256 in hexadecimal", prints);
  o.min_version = version_field(L, arg, "min_version");
  o.max_version = version_field(L, arg, "max_version");
  ask = ltls_string(L, arg, "client_cert");
  if (ask != NULL) o.client_cert = strcmp(ask, "required") == 0 ? 2 : 1;
  o.security_level = level_field(L, arg);
  u = (Context *)lpop3_new(L, sizeof *u, 0);
  u->c = NULL;
  luaL_setmetatable(L, CONTEXT_T);
  u->c = pop3_tls_context_new(lpop3_mem(L), &o, why);
  if (u->c != NULL) return 1;
  if (why[0] == '\0') return lpop3_fail(L, POP3_ENOMEM);
  lua_pushnil(L);
  lua_pushstring(L, why);
  lua_pushliteral(L, "tls");
  return 3;
}

/***
Make a context, which serves any number of connections.
@function tls_context
@tparam table opts

- `server` (false): it is a server's
- `verify` (true): a client checks the chain and the name of the server. With
  "ask" the caller decides, see `tls:decide`; with false any certificate is
  accepted
- `cafile`, `capath`: the trusted CAs, the system's store without them; of a
  server, `cafile` has the CAs of its clients
- `crlfile`: a file of certificate revocation lists (PEM). The issuer of the
  peer's certificate must have a list in it; the lists of other CAs may be
  absent
- `cert`, `key`: files, or PEM
- `pin`: base64 of the SHA-256 of the server's public key (RFC 7469), or a list;
  "sha256//" may stand before it. `fingerprint`: SHA-256 of the whole
  certificate in hexadecimal, with or without colons, or a list. Both are checked
  in addition to `verify`
- `ciphers`: names of OpenSSL separated by colons; those that begin with "TLS_"
  are for TLS 1.3
- `min_version`, `max_version`: "TLSv1" to "TLSv1.3"; `security_level`: 0 to 5,
  of OpenSSL. The defaults are those of OpenSSL's configuration, but at least
  "TLSv1.2" and level 2, unless the environment variable OPENSSL_CONF is set.
  With a `min_version` below "TLSv1.2" the level is 0, if none is given
- `client_cert`: "optional" or "required", of a server
@treturn[1] pop3.tls.context
@treturn[2] nil
@treturn[2] string message
@treturn[2] string "tls"
*/
static int l_context (lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  return ltls_newcontext(L, 1);
}

/***
The store of trusted CAs that a client uses without `cafile` and `capath`.
@function tls_store
@treturn string a file, which need not exist
@treturn string directories, with colons between them
*/
static int l_store (lua_State *L) {
  const char *file, *dirs;
  pop3_tls_system_store(&file, &dirs);
  lua_pushstring(L, file);
  lua_pushstring(L, dirs);
  return 2;
}

static int context_gc (lua_State *L) {
  pop3_tls_context_free(&((Context *)luaL_checkudata(L, 1, CONTEXT_T))->c);
  return 0;
}

static const luaL_Reg methods[] = { { "__gc", context_gc }, { NULL, NULL } };

void lpop3_open_context (lua_State *L) {
  lpop3_type(L, CONTEXT_T, methods);
  lua_pushcfunction(L, l_context);
  lua_setfield(L, -2, "tls_context");
  lua_pushcfunction(L, l_store);
  lua_setfield(L, -2, "tls_store");
}
