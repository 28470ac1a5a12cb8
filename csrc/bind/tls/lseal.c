/*
** lseal.c - secrets that are kept encrypted, for Lua.
*/

/***
Secrets that are kept encrypted: AES-256-GCM.
@engine pop3.core.seal
*/
#include "../../tls/seal.h"
#include "../lpop3.h"
#include "../open.h"

static pop3_span span (lua_State *L, int arg) {
  pop3_span s;
  s.p = luaL_checklstring(L, arg, &s.n);
  return s;
}

static const char *check_key (lua_State *L) {
  pop3_span key = span(L, 1);
  luaL_argcheck(L, key.n == POP3_SEAL_KEY, 1, "a key has 32 octets");
  return key.p;
}

/***
Encrypt a text, so that it opens only by the key and with the data.
@function seal
@tparam string key 32 octets
@tparam string text at most 65536 octets
@tparam string data the owner of the text; it is not part of the result
@treturn string octets: nonce, encrypted text, tag
*/
static int l_seal (lua_State *L) {
  const char *key = check_key(L);
  pop3_span text = span(L, 2), data = span(L, 3);
  unsigned char *out;
  luaL_argcheck(L, text.n <= POP3_SEAL_MAX, 2, "too long");
  luaL_argcheck(L, data.n <= POP3_SEAL_MAX, 3, "too long");
  out = (unsigned char *)lua_newuserdatauv(L, text.n + POP3_SEAL_MORE, 0);
  if (!pop3_seal(key, text, data, out))
    return luaL_error(L, "OpenSSL cannot encrypt by AES-256-GCM");
  lua_pushlstring(L, (const char *)out, text.n + POP3_SEAL_MORE);
  return 1;
}

/***
Decrypt a text.
@function unseal
@tparam string key 32 octets
@tparam string sealed of `seal`
@tparam string data of `seal`
@treturn ?string the text; nil if the key or the data differ, or an octet has
changed
*/
static int l_unseal (lua_State *L) {
  const char *key = check_key(L);
  pop3_span sealed = span(L, 2), data = span(L, 3);
  unsigned char *out;
  size_t n;
  if (sealed.n < POP3_SEAL_MORE) return 0;
  n = sealed.n - POP3_SEAL_MORE;
  out = (unsigned char *)lua_newuserdatauv(L, n > 0 ? n : 1, 0);
  if (!pop3_unseal(key, sealed, data, out)) return 0;
  lua_pushlstring(L, (const char *)out, n);
  pop3_seal_wipe(out, n);
  return 1;
}

static const luaL_Reg funcs[] = {
  { "seal", l_seal },
  { "unseal", l_unseal },
  { NULL, NULL }
};

void lpop3_open_seal (lua_State *L) {
  luaL_setfuncs(L, funcs, 0);
}
