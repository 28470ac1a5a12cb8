/*
** lsmime.c - CMS for Lua.
*/

/***
The cryptographic part of S/MIME (RFC 8551): CMS (RFC 5652). `pop3.message` uses
it.
@engine pop3.core.smime
*/
#include <string.h>

#include "../../tls/cms.h"
#include "../open.h"
#include "lpeer.h"

#define SMIME_T "pop3.smime"

typedef struct Smime {
  lpop3_object object;
  pop3_smime *s;
  pop3_buf out;  /* the result of a call; here, so that it is always freed */
} Smime;

static Smime *check (lua_State *L) {
  Smime *u = (Smime *)lua_touserdata(L, 1);
  luaL_argcheck(L, u->s != NULL, 1, "it is closed");
  return u;
}

/* nil, why, code */
static int fail (lua_State *L, int err, const char *why) {
  if (err == POP3_ENOMEM) return lpop3_fail(L, err);
  lua_pushnil(L);
  lua_pushstring(L, why);
  lua_pushstring(L, pop3_errcode(err));
  return 3;
}

/***
Read the content of a part of type application/pkcs7-mime or pkcs7-signature.
@function smime
@tparam string der its decoded octets
@treturn pop3.smime or nil, message, "proto"
*/
static int l_smime (lua_State *L) {
  char why[POP3_WHY_MAX];
  pop3_span der;
  Smime *u;
  der.p = luaL_checklstring(L, 1, &der.n);
  u = (Smime *)lpop3_new(L, sizeof *u, 0);
  u->s = NULL;
  pop3_buf_init(&u->out, lpop3_mem(L));
  luaL_setmetatable(L, SMIME_T);
  u->s = pop3_smime_new(lpop3_mem(L), der, why);
  if (u->s != NULL) return 1;
  return fail(L, why[0] == '\0' ? POP3_ENOMEM : POP3_ESASL, why);
}

/***
@function smime:kind
@treturn string "signed", "enveloped" or "other"
*/
static int s_kind (lua_State *L) {
  static const char *const names[] = { "other", "signed", "enveloped" };
  lua_pushstring(L, names[pop3_smime_kind(check(L)->s)]);
  return 1;
}

/* A string field of the options at 'arg', which stays on the stack, or NULL. */
static const char *field (lua_State *L, int arg, const char *name) {
  if (lua_getfield(L, arg, name) == LUA_TNIL) return NULL;
  if (lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "smime: '%s' must be a string", name);
  return lua_tostring(L, -1);
}

static int push_out (lua_State *L, Smime *u) {
  lua_pushlstring(L, u->out.n > 0 ? u->out.p : "", u->out.n);
  pop3_buf_wipe(&u->out);
  return 1;
}

static int describe (const void *from, int i, pop3_tls_peer *who) {
  return pop3_smime_signer((const pop3_smime *)from, i, who);
}

/***
Are the signatures valid, and are their signers trusted?
@function smime:verify
@tparam table opts `content`: the signed octets, if they are not inside; `cafile`,
`capath`: the trusted CAs, the system's store without them; `verify = false`: accept
any certificate
@treturn string the signed octets
@treturn {table,...} the signers: tables as `peer` of `tls:info`; or nil,
message, "auth"
*/
static int s_verify (lua_State *L) {
  char why[POP3_WHY_MAX];
  pop3_smime_trust trust;
  pop3_span content = { NULL, 0 };
  Smime *u = check(L);
  int err, i, at;
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  trust.cafile = field(L, 2, "cafile");
  trust.capath = field(L, 2, "capath");
  trust.verify = lua_getfield(L, 2, "verify") == LUA_TNIL ||
                 lua_toboolean(L, -1);
  if (lua_getfield(L, 2, "content") != LUA_TNIL)
    content.p = luaL_checklstring(L, -1, &content.n);
  at = lua_gettop(L);
  u->out.n = 0;
  err = pop3_smime_verify(u->s, &trust, content, &u->out, why);
  if (err != 0) return fail(L, err, why);
  if (content.p != NULL) lua_pushvalue(L, at);
  else push_out(L, u);
  lua_newtable(L);
  for (i = 0; lpeer_push(L, describe, u->s, i); i++)
    lua_rawseti(L, -2, i + 1);
  return 2;
}

/***
The content of a signed message, without any verification.
@function smime:content
@treturn string|nil nil if the signature is detached
*/
static int s_content (lua_State *L) {
  Smime *u = check(L);
  int r;
  u->out.n = 0;
  r = pop3_smime_content(u->s, &u->out);
  if (r < 0) return lpop3_fail(L, r);
  return r == 0 ? 0 : push_out(L, u);
}

/***
Decrypt.
@function smime:decrypt
@tparam table opts `cert`, `key`: files, or PEM; the key may be in the file of
the certificate
@treturn string octets, or nil, message, "auth"
*/
static int s_decrypt (lua_State *L) {
  char why[POP3_WHY_MAX];
  Smime *u = check(L);
  const char *cert;
  int err;
  luaL_checktype(L, 2, LUA_TTABLE);
  cert = field(L, 2, "cert");
  if (cert == NULL) return luaL_error(L, "smime: the option 'cert' is needed");
  u->out.n = 0;
  err = pop3_smime_decrypt(u->s, cert, field(L, 2, "key"), &u->out, why);
  return err != 0 ? fail(L, err, why) : push_out(L, u);
}

static int s_gc (lua_State *L) {
  Smime *u = (Smime *)lua_touserdata(L, 1);
  pop3_smime_free(&u->s);
  pop3_buf_wipe(&u->out);
  return 0;
}

static const luaL_Reg methods[] = {
  { "__gc", s_gc }, { "content", s_content }, { "decrypt", s_decrypt },
  { "kind", s_kind }, { "verify", s_verify }, { NULL, NULL }
};

void lpop3_open_smime (lua_State *L) {
  lpop3_type(L, SMIME_T, methods);
  lua_pushcfunction(L, l_smime);
  lua_setfield(L, -2, "smime");
}
