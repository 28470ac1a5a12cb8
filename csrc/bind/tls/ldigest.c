/*
** ldigest.c - hashes for Lua.
*/

/***
Hashes for Lua.
@engine pop3.core.digest
*/
#include "../../tls/digest.h"
#include "../../tls/signature.h"
#include "../lpop3.h"
#include "../open.h"

#define HASH_T "pop3.hash"

static int digest (lua_State *L, const char *name) {
  size_t n;
  const char *p = luaL_checklstring(L, 1, &n);
  unsigned char out[POP3_DIGEST_MAX];
  size_t len = pop3_digest(name, p, n, out);
  if (len == 0) return luaL_error(L, "OpenSSL has no %s here", name);
  return lpop3_pushhex(L, out, len);
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

typedef struct Hash {
  lpop3_object object;
  pop3_hash *h;  /* NULL when closed */
} Hash;

static pop3_hash *check (lua_State *L) {
  Hash *u = (Hash *)lua_touserdata(L, 1);
  luaL_argcheck(L, u->h != NULL, 1, "hash is closed");
  return u->h;
}

/***
A SHA-256 of octets that come in pieces.
@function hash
@treturn pop3.hash
@usage
local core = require "pop3.core"
local hash = core.hash()
hash:add "one "
hash:add "two"
print(hash:value() == core.sha256 "one two")
*/
static int l_hash (lua_State *L) {
  Hash *u = (Hash *)lpop3_new(L, sizeof *u, 0);
  luaL_setmetatable(L, HASH_T);
  u->h = pop3_hash_new("sha256");
  if (u->h == NULL) return luaL_error(L, "OpenSSL has no SHA-256 here");
  return 1;
}

/***
@function hash:add
@tparam string octets
*/
static int h_add (lua_State *L) {
  pop3_hash *h = check(L);
  size_t n;
  const char *p = luaL_checklstring(L, 2, &n);
  if (!pop3_hash_add(h, p, n)) return luaL_error(L, "OpenSSL cannot hash");
  return 0;
}

/***
The hash of the octets so far; more may be added after it.
@function hash:value
@treturn string 64 hexadecimal digits
*/
static int h_value (lua_State *L) {
  pop3_hash *h = check(L);
  unsigned char out[POP3_DIGEST_MAX];
  size_t n = pop3_hash_value(h, out);
  if (n == 0) return luaL_error(L, "not enough memory");
  return lpop3_pushhex(L, out, n);
}

static int h_gc (lua_State *L) {
  pop3_hash_free(&((Hash *)lua_touserdata(L, 1))->h);
  return 0;
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
    return luaL_error(L, "OpenSSL has no random octets");
  return lpop3_pushhex(L, out, (size_t)n);
}

/***
Are two strings equal? The time does not depend on where they differ.
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

/***
Verify a signature by a public key without a certificate, as DKIM has them (RFC
6376, RFC 8463).
@function signature
@tparam string algorithm "rsa" (PKCS #1 v1.5 with SHA-256) or "ed25519" (of the
SHA-256 hash)
@tparam string key octets: DER of an RSA key, or 32 octets of Ed25519
@tparam string text the signed octets
@tparam string signature octets
@treturn string "right", "wrong", "weak" (an RSA key of less than 1024 bits) or
"key" (the key cannot be read)
*/
static int l_signature (lua_State *L) {
  static const char *const algorithms[] = { "rsa", "ed25519", NULL };
  static const char *const results[] = { "key", "weak", "wrong", "right" };
  int ed25519 = luaL_checkoption(L, 1, NULL, algorithms);
  pop3_span key, text, signature;
  enum pop3_signature r;
  key.p = luaL_checklstring(L, 2, &key.n);
  text.p = luaL_checklstring(L, 3, &text.n);
  signature.p = luaL_checklstring(L, 4, &signature.n);
  r = ed25519 ? pop3_signature_ed25519(key, text, signature)
              : pop3_signature_rsa(key, text, signature);
  lua_pushstring(L, results[r - POP3_SIGNATURE_BAD_KEY]);
  return 1;
}

static const luaL_Reg hash_methods[] = {
  { "__gc", h_gc },
  { "add", h_add },
  { "value", h_value },
  { NULL, NULL }
};

static const luaL_Reg funcs[] = {
  { "hash", l_hash },
  { "md5", l_md5 },
  { "sha256", l_sha256 },
  { "random", l_random },
  { "equal", l_equal },
  { "signature", l_signature },
  { NULL, NULL }
};

void lpop3_open_digest (lua_State *L) {
  lpop3_type(L, HASH_T, hash_methods);
  luaL_setfuncs(L, funcs, 0);
}
