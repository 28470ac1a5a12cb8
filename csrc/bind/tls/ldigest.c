/*
** ldigest.c - hashes for Lua.
*/

/***
Hashes for Lua.
@module pop3.core.digest
*/
#include "../../tls/digest.h"
#include "../lpop3.h"
#include "../open.h"

static int push_hex (lua_State *L, const unsigned char *p, size_t n) {
  static const char hex[] = "0123456789abcdef";
  luaL_Buffer b;
  size_t i;
  char *o = luaL_buffinitsize(L, &b, n * 2);
  for (i = 0; i < n; i++) {
    *o++ = hex[p[i] >> 4];
    *o++ = hex[p[i] & 15];
  }
  luaL_pushresultsize(&b, n * 2);
  return 1;
}

static int digest (lua_State *L, const char *name) {
  size_t n;
  const char *p = luaL_checklstring(L, 1, &n);
  unsigned char out[POP3_DIGEST_MAX];
  size_t len = pop3_digest(name, p, n, out);
  if (len == 0) return luaL_error(L, "OpenSSL has no %s here", name);
  return push_hex(L, out, len);
}

/***
Hash of a string, in hexadecimal.
@function md5
@tparam string octets
@treturn string 32 hexadecimal digits
*/
static int l_md5 (lua_State *L) {
  return digest(L, "md5");
}

/***
@function sha256
@tparam string octets
@treturn string 64 hexadecimal digits
*/
static int l_sha256 (lua_State *L) {
  return digest(L, "sha256");
}

/***
Random octets, in hexadecimal.
@function random
@tparam integer n octets, 1 to 64
@treturn string 2n hexadecimal digits
*/
static int l_random (lua_State *L) {
  unsigned char out[POP3_DIGEST_MAX];
  lua_Integer n = luaL_checkinteger(L, 1);
  luaL_argcheck(L, n >= 1 && n <= (lua_Integer)sizeof out, 1, "1 to 64");
  if (!pop3_random(out, (size_t)n))
    return luaL_error(L, "no random octets to be had");
  return push_hex(L, out, (size_t)n);
}

/***
Are two strings the same? In a time that does not tell where they differ.
@function equal
@tparam string a
@tparam string b
@treturn boolean
*/
static int l_equal (lua_State *L) {
  size_t an, bn;
  const char *a = luaL_checklstring(L, 1, &an);
  const char *b = luaL_checklstring(L, 2, &bn);
  lua_pushboolean(L, pop3_equal(a, an, b, bn));
  return 1;
}

static const luaL_Reg funcs[] = {
  { "md5", l_md5 },
  { "sha256", l_sha256 },
  { "random", l_random },
  { "equal", l_equal },
  { NULL, NULL }
};

void lpop3_open_digest (lua_State *L) {
  luaL_setfuncs(L, funcs, 0);
}
