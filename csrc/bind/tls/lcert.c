/*
** lcert.c - certificates made in memory, for Lua.
*/

/***
Certificates made in memory, for tests.
@engine pop3.core.certificate
*/
#include <string.h>

#include "../../tls/certificate.h"
#include "../lpop3.h"
#include "../open.h"

#define YEAR (365LL * 24 * 3600)
#define NAMES 1000  /* in one certificate */

/* A string field of the table at 1, or 'def'; it stays on the stack. */
static const char *string_field (lua_State *L, const char *field,
                                 const char *def) {
  if (lua_getfield(L, 1, field) == LUA_TNIL) return def;
  if (lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "certificate: '%s' must be a string", field);
  return lua_tostring(L, -1);
}

static long long seconds_field (lua_State *L, const char *field,
                                long long def) {
  lua_Number n;
  if (lua_getfield(L, 1, field) == LUA_TNIL) {
    lua_pop(L, 1);
    return def;
  }
  if (!lua_isnumber(L, -1))
    luaL_error(L, "certificate: '%s' must be a number of seconds", field);
  n = lua_tonumber(L, -1);
  luaL_argcheck(L, n > -1000.0 * YEAR && n < 1000.0 * YEAR, 1,
                "the time is more than 1000 years away");
  lua_pop(L, 1);
  return (long long)n;
}

/* Does it look like an IP address: digits and dots, or a colon? */
static int is_address (const char *p, size_t n) {
  if (memchr(p, ':', n) != NULL && memchr(p, '\0', n) == NULL) return 1;
  return strspn(p, "0123456789.") == n && n > 0 && memchr(p, '.', n) != NULL;
}

/*
** Add the names of a list to the 'n' names so far. The strings stay in the
** table, so they are read without metamethods.
*/
static size_t add_names (lua_State *L, const char *field, int mail,
                         pop3_cert_name *names, size_t n) {
  lua_Integer i, count;
  if (lua_getfield(L, 1, field) == LUA_TNIL) {
    lua_pop(L, 1);
    return n;
  }
  if (!lua_istable(L, -1))
    luaL_error(L, "certificate: '%s' must be a list", field);
  count = (lua_Integer)lua_rawlen(L, -1);
  for (i = 1; i <= count; i++) {
    size_t len;
    const char *p;
    if (lua_rawgeti(L, -1, i) != LUA_TSTRING || n == NAMES)
      luaL_error(L, "certificate: '%s' must be a list of at most %d strings",
                 field, NAMES);
    p = lua_tolstring(L, -1, &len);
    names[n].name.p = p;
    names[n].name.n = len;
    names[n].kind = mail ? 'e' : is_address(p, len) ? 'i' : 'd';
    n++;
    lua_pop(L, 1);
  }
  return n;  /* the list stays on the stack */
}

/***
Make a key and a certificate (RFC 5280).
@function certificate
@tparam table opts

- `subject`: the common name
- `names`: DNS names and IP addresses, which go in unchanged; `emails`: e-mail
  addresses
- `ca = { cert =, key = }`: PEM of the CA; without it, the certificate is
  self-signed
- `is_ca`: it may sign others; `client`: it is for clients; `email`: it is for
  S/MIME
- `from`, `to`: validity, in seconds from now (-3600, ten years)
- `key`: "ec" (P-256, the default), "ed25519", or "rsa:" and bits
@treturn string PEM of the certificate
@treturn string PEM of the key; or nil, message, "tls"
*/
static int l_certificate (lua_State *L) {
  char why[POP3_WHY_MAX];
  pop3_cert_name *names;
  pop3_cert_opts o;
  pop3_buf cert, key;
  int err, status = LUA_OK;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  memset(&o, 0, sizeof o);
  names = (pop3_cert_name *)lua_newuserdatauv(L, NAMES * sizeof *names, 0);
  o.subject = string_field(L, "subject", "lpop3");
  o.key = string_field(L, "key", "ec");
  if (lua_getfield(L, 1, "ca") != LUA_TNIL) {
    if (!lua_istable(L, -1) || lua_getfield(L, -1, "cert") != LUA_TSTRING ||
        lua_getfield(L, -2, "key") != LUA_TSTRING)
      return luaL_error(L, "certificate: 'ca' must have cert and key");
    o.ca_cert = lua_tostring(L, -2);
    o.ca_key = lua_tostring(L, -1);
  }
  o.is_ca = lpop3_optflag(L, 1, "is_ca");
  o.client = lpop3_optflag(L, 1, "client");
  o.email = lpop3_optflag(L, 1, "email");
  o.from = seconds_field(L, "from", -3600);
  o.to = seconds_field(L, "to", 10 * YEAR);
  o.names = names;
  o.nnames = add_names(L, "names", 0, names, 0);
  o.nnames = add_names(L, "emails", 1, names, o.nnames);
  pop3_buf_init(&cert, lpop3_mem(L));
  pop3_buf_init(&key, lpop3_mem(L));
  err = pop3_cert_make(&o, &cert, &key, why);
  if (err == 0) status = lpop3_trypush(L, cert.p, cert.n);
  if (err == 0 && status == LUA_OK) status = lpop3_trypush(L, key.p, key.n);
  pop3_buf_free(&cert);
  pop3_buf_wipe(&key);
  if (status != LUA_OK) return lua_error(L);
  if (err == 0) return 2;
  if (err != POP3_ETLS) return lpop3_fail(L, err);
  lua_pushnil(L);
  lua_pushstring(L, why);
  lua_pushliteral(L, "tls");
  return 3;
}

void lpop3_open_cert (lua_State *L) {
  lua_pushcfunction(L, l_certificate);
  lua_setfield(L, -2, "certificate");
}
