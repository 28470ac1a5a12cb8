/*
** lcredential.c - base64, SASLprep, verifiers of passwords and keytabs for Lua.
*/

/***
What a login does with names, passwords and keys. These are functions of
`pop3.core.sasl`.

Names and passwords of SCRAM are prepared by SASLprep (RFC 4013): ASCII does not
change, other spaces become U+0020, characters that are mapped to nothing are
dropped, prohibited ones are refused. A build with libidn also normalises
(NFKC), and refuses text of both directions and, in passwords, code points that
Unicode 3.2 does not assign. A build without it leaves these steps out; the
field `saslprep` of `features` says which build it is.
@engine pop3.core.credential
*/
#include <string.h>

#include "../../base/base64.h"
#include "../../sasl/gss.h"
#include "../../sasl/sasl.h"
#include "../../tls/crypto.h"
#include "../lpop3.h"
#include "../open.h"

/***
Base64 in one line (RFC 4648).
@function encode
@tparam string octets
@treturn string
*/
static int l_encode (lua_State *L) {
  luaL_Buffer b;
  pop3_span in;
  char *p;
  in.p = luaL_checklstring(L, 1, &in.n);
  luaL_argcheck(L, in.n <= SIZE_MAX / 4, 1, "too long");
  p = luaL_buffinitsize(L, &b, POP3_BASE64_SIZE(in.n));
  luaL_pushresultsize(&b, pop3_base64_encode(p, in));
  return 1;
}

/***
Decode base64 strictly: octets have one form only.
@function decode
@tparam string text
@treturn string or nil, message, "proto"
*/
static int l_decode (lua_State *L) {
  luaL_Buffer b;
  pop3_span in;
  size_t n;
  char *p;
  in.p = luaL_checklstring(L, 1, &in.n);
  p = luaL_buffinitsize(L, &b, in.n / 4 * 3 + 1);
  if (pop3_base64_decode(p, &n, in) != 0) {
    lua_pushnil(L);
    lua_pushliteral(L, "not base64");
    lua_pushliteral(L, "proto");
    return 3;
  }
  luaL_pushresultsize(&b, n);
  return 1;
}

/***
The verifier that a server may store in place of a password (RFC 5802 section
3).
@function verifier
@tparam string hash the `hash` of a mechanism: "sha1", "sha256" or "sha512"
@tparam string password
@tparam string salt octets
@tparam integer iterations
@treturn string StoredKey
@treturn string ServerKey; or nil, message, "auth"
*/
static int l_verifier (lua_State *L) {
  static const char *const names[] = {
#define POP3_X(id, name, size) name,
    POP3_HASHES (POP3_X)
#undef POP3_X
    NULL
  };
  unsigned char stored[POP3_HASH_MAX], server[POP3_HASH_MAX];
  enum pop3_hash h = (enum pop3_hash)
    (POP3_NO_HASH + 1 + luaL_checkoption(L, 1, NULL, names));
  pop3_span password, salt;
  lua_Integer n = luaL_checkinteger(L, 4);
  int err;
  password.p = luaL_checklstring(L, 2, &password.n);
  salt.p = luaL_checklstring(L, 3, &salt.n);
  luaL_argcheck(L, n > 0 && n <= INT32_MAX, 4, "out of range");
  err = pop3_sasl_verifier(lpop3_mem(L), &pop3_openssl, h, password, salt,
                           (uint32_t)n, stored, server);
  if (err != 0) return lpop3_fail(L, err);
  lua_pushlstring(L, (const char *)stored, pop3_hash_size(h));
  lua_pushlstring(L, (const char *)server, pop3_hash_size(h));
  return 2;
}

/***
Prepare a name or password by SASLprep (RFC 4013).
@function prepare
@tparam string text
@tparam[opt="query"] string as "query", or "stored": code points that Unicode
3.2 does not assign are refused (RFC 3454 section 7), in builds with libidn
@treturn string or nil, message, "auth"
@usage
local sasl = require "pop3.core".sasl
assert(sasl.prepare "I\u{AD}X" == "IX")      -- a soft hyphen is dropped
print(sasl.prepare "\u{7}")                  -- nil, a character that ..., auth
*/
static int l_prepare (lua_State *L) {
  static const char *const kinds[] = { "query", "stored", NULL };
  static const enum pop3_prep_as as[] = { POP3_QUERY, POP3_STORED };
  const char *why;
  pop3_buf b;
  pop3_span in;
  int kind, err, status = LUA_OK;
  in.p = luaL_checklstring(L, 1, &in.n);
  kind = luaL_checkoption(L, 2, "query", kinds);
  pop3_buf_init(&b, lpop3_mem(L));
  err = pop3_prep(&b, in, as[kind], &why);
  if (err == 0) status = lpop3_trypush(L, b.p, b.n);
  pop3_buf_wipe(&b);
  if (status != LUA_OK) return lua_error(L);
  if (err == 0) return 1;
  if (err != POP3_EPREP) return lpop3_fail(L, err);
  lua_pushnil(L);
  lua_pushstring(L, why);
  lua_pushstring(L, pop3_errcode(err));
  return 3;
}

/***
Can the keys of a keytab be used by a server of GSSAPI: does it have one of the
service "pop"?
@function keytab
@tparam[opt] string path of the file; without it, the default one (KRB5_KTNAME,
or /etc/krb5.keytab)
@treturn boolean true; or nil, message, code: "io", and "auth" in a build
without Kerberos
*/
static int l_keytab (lua_State *L) {
  const pop3_gss *gss = pop3_krb5();
  pop3_span path;
  char why[256];
  void *context;
  size_t n;
  int err;
  path.p = luaL_optlstring(L, 1, NULL, &path.n);
  if (gss == NULL) {
    lua_pushnil(L);
    lua_pushliteral(L, "this build has no Kerberos library");
    lua_pushstring(L, pop3_errcode(POP3_EAUTH));
    return 3;
  }
  context = lua_newuserdatauv(L, gss->size, 0);
  memset(context, 0, gss->size);
  err = gss->open_server(context, path);
  n = strlen(gss->why(context));
  if (n > sizeof why - 1) n = sizeof why - 1;
  memcpy(why, gss->why(context), n);
  gss->close(context);  /* before Lua can raise an error */
  if (err == POP3_ENOMEM) return lpop3_fail(L, err);
  if (err == 0) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_pushliteral(L, "Kerberos: ");
  lua_pushlstring(L, why, n);
  lua_concat(L, 2);
  lua_pushstring(L, pop3_errcode(POP3_EIO));
  return 3;
}

static const luaL_Reg funcs[] = {
  { "decode", l_decode }, { "encode", l_encode }, { "keytab", l_keytab },
  { "prepare", l_prepare }, { "verifier", l_verifier }, { NULL, NULL }
};

void lpop3_open_credential (lua_State *L) {
  lpop3_functions(L, "sasl", funcs);
}
