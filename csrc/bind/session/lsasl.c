/*
** lsasl.c - SASL machines for Lua.
*/

/***
SASL mechanisms (RFC 4422) as machines, both sides, without input or output.
@engine pop3.core.sasl
*/
#include <string.h>

#include "../../sasl/gss.h"
#include "../../sasl/sasl.h"
#include "../../tls/crypto.h"
#include "../lpop3.h"
#include "../open.h"

#define CLIENT_T "pop3.sasl.client"
#define SERVER_T "pop3.sasl.server"
#define BINDINGS 8

typedef struct Machine {
  lpop3_object object;
  pop3_sasl *m;  /* NULL when closed */
} Machine;

static Machine *check (lua_State *L, const char *type) {
  Machine *u = (Machine *)luaL_checkudata(L, 1, type);
  luaL_argcheck(L, u->m != NULL, 1, "the machine is closed");
  return u;
}

/* A string argument, or nothing. */
static pop3_span to_span (lua_State *L, int arg) {
  pop3_span s = { NULL, 0 };
  if (!lua_isnoneornil(L, arg)) s.p = luaL_checklstring(L, arg, &s.n);
  return s;
}

/*
** A string field of the options at 1. It stays on the stack, since a table with
** __index need not keep it.
*/
static pop3_span span_field (lua_State *L, const char *field) {
  pop3_span s = { NULL, 0 };
  if (lua_getfield(L, 1, field) == LUA_TNIL) return s;
  if (lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "sasl: '%s' must be a string", field);
  s.p = lua_tolstring(L, -1, &s.n);
  return s;
}

static uint32_t number_field (lua_State *L, const char *field) {
  uint64_t u = lpop3_optlimit(L, 1, field, 0);
  return u > UINT32_MAX ? UINT32_MAX : (uint32_t)u;
}

/* nil, message, code */
static int fail (lua_State *L, const pop3_sasl *m, int err) {
  if (err == POP3_ENOMEM) return lpop3_fail(L, err);
  lua_pushnil(L);
  lua_pushstring(L, pop3_sasl_why(m));
  lua_pushstring(L, pop3_errcode(err));
  return 3;
}

static const pop3_sasl_mech *mech_field (lua_State *L) {
  pop3_span name = span_field(L, "mech");
  const pop3_sasl_mech *mech = name.p == NULL
                               ? NULL : pop3_sasl_find(name.p, name.n);
  if (mech == NULL) luaL_error(L, "sasl: unknown mechanism");
  return mech;
}

/* The machine that the options describe, on the top; NULL with an error. */
static int new_machine (lua_State *L, const char *type,
                        enum pop3_sasl_side side, const pop3_sasl_opts *o) {
  const pop3_sasl_mech *mech = mech_field(L);
  Machine *u = (Machine *)lpop3_new(L, sizeof *u, 0);
  int err;
  u->m = NULL;
  luaL_setmetatable(L, type);
  u->m = pop3_sasl_new(lpop3_mem(L), &pop3_openssl, mech, side, o);
  if (u->m == NULL) return lpop3_fail(L, POP3_ENOMEM);
  err = pop3_sasl_error(u->m);
  return err != 0 ? fail(L, u->m, err) : 1;
}

/***
Make the machine of a client.
@function client
@tparam table opts `mech`; `user`; `secret`, the password or token; `authzid`,
the user to act as; `host` and `port` of the server, for OAUTHBEARER and GSSAPI;
`binding = { type =, data = }`, for -PLUS; `bindable`: the client could bind,
but the server offers no -PLUS; `nonce`; `min_iterations` (4096) and
`max_iterations` (5000000) of SCRAM
@treturn pop3.sasl.client or nil, message, "auth"
*/
static int l_client (lua_State *L) {
  pop3_sasl_binding binding;
  pop3_sasl_opts o;
  luaL_checktype(L, 1, LUA_TTABLE);
  memset(&o, 0, sizeof o);
  o.user = span_field(L, "user");
  o.secret = span_field(L, "secret");
  o.authzid = span_field(L, "authzid");
  o.host = span_field(L, "host");
  o.nonce = span_field(L, "nonce");
  o.port = number_field(L, "port");
  o.min_iterations = number_field(L, "min_iterations");
  o.max_iterations = number_field(L, "max_iterations");
  o.plus = lpop3_optflag(L, 1, "bindable");
  o.gss = pop3_krb5();
  if (lua_getfield(L, 1, "binding") != LUA_TNIL) {
    luaL_checktype(L, -1, LUA_TTABLE);
    lua_getfield(L, -1, "type");
    lua_getfield(L, -2, "data");
    binding.type.p = luaL_checklstring(L, -2, &binding.type.n);
    binding.data.p = luaL_checklstring(L, -1, &binding.data.n);
    luaL_argcheck(L, binding.type.n > 0 && binding.data.n > 0, 1,
                  "the channel binding is empty");
    o.bindings = &binding;
    o.nbindings = 1;
  }
  return new_machine(L, CLIENT_T, POP3_SASL_CLIENT, &o);
}

/* The bindings of the link: type -> octets. */
static size_t binding_fields (lua_State *L, pop3_sasl_binding *b) {
  size_t n = 0;
  if (lua_getfield(L, 1, "binding") == LUA_TNIL) return 0;
  luaL_checktype(L, -1, LUA_TTABLE);
  lua_pushnil(L);
  while (lua_next(L, -2) != 0) {
    if (n == BINDINGS || lua_type(L, -2) != LUA_TSTRING ||
        lua_type(L, -1) != LUA_TSTRING)
      luaL_error(L, "sasl: 'binding' must be at most %d strings by name",
                 BINDINGS);
    b[n].type.p = lua_tolstring(L, -2, &b[n].type.n);
    b[n].data.p = lua_tolstring(L, -1, &b[n].data.n);
    if (b[n].type.n > 0 && b[n].data.n > 0) n++;
    lua_pop(L, 1);
  }
  return n;
}

/***
Make the machine of a server.
@function server
@tparam table opts `mech`; `host`, the name in the challenge of CRAM-MD5;
`binding`: type → octets, the channel bindings of the connection; `plus`: the
-PLUS of this mechanism is offered too, so that a client that could bind and did
not see it is refused (RFC 5802 section 6); `keytab`, the file with the keys of
GSSAPI; `nonce`
@treturn pop3.sasl.server
*/
static int l_server (lua_State *L) {
  pop3_sasl_binding bindings[BINDINGS];
  pop3_sasl_opts o;
  luaL_checktype(L, 1, LUA_TTABLE);
  memset(&o, 0, sizeof o);
  o.host = span_field(L, "host");
  o.nonce = span_field(L, "nonce");
  o.plus = lpop3_optflag(L, 1, "plus");
  o.gss = pop3_krb5();
  o.keytab = span_field(L, "keytab");
  o.bindings = bindings;
  o.nbindings = binding_fields(L, bindings);
  return new_machine(L, SERVER_T, POP3_SASL_SERVER, &o);
}

/***
One step of a client.
@function client:step
@tparam[opt] string challenge decoded; none for an initial response
@treturn string the response, or nil, message, code: "proto" (malformed), "auth"
(a check failed), "limit"
*/
static int c_step (lua_State *L) {
  Machine *u = check(L, CLIENT_T);
  pop3_span in = to_span(L, 2), out;
  int got = pop3_sasl_step(u->m, in.p != NULL ? &in : NULL, &out);
  if (got < 0) return fail(L, u->m, got);
  lua_pushlstring(L, out.p, out.n);
  return 1;
}

/***
Is a +OK valid now? Only after the last message of the exchange, and after every
proof of the server that the mechanism has.
@function client:done
@treturn boolean
*/
static int c_done (lua_State *L) {
  lua_pushboolean(L, pop3_sasl_done(check(L, CLIENT_T)->m));
  return 1;
}

/***
The user: as given, or, once `done` is true, the principal of GSSAPI.
@function client:user
@treturn ?string
*/
static int c_user (lua_State *L) {
  pop3_span s = pop3_sasl_user(check(L, CLIENT_T)->m);
  if (s.n == 0) return 0;
  lua_pushlstring(L, s.p, s.n);
  return 1;
}

/***
The secrets to mask: the secret, responses, digests.
@function client:secrets
@treturn {string,...}
*/
static int c_secrets (lua_State *L) {
  Machine *u = check(L, CLIENT_T);
  size_t at = 0;
  lua_Integer n = 0;
  pop3_span s;
  lua_newtable(L);
  while (pop3_sasl_secret(u->m, &at, &s)) {
    lua_pushlstring(L, s.p, s.n);
    lua_rawseti(L, -2, ++n);
  }
  return 1;
}

/***
One step of a server.
@function server:step
@tparam[opt] string response decoded; none if there is no initial response
@treturn string "challenge" and octets; "salt" and the user: call `salt`;
"proof", the user, and the user to act as if it is another: call `check` and
then `accept` or `reject`; "done" or "failed" after these; or nil, message,
code: "proto" (malformed), "auth" (a check or Kerberos failed), "limit"
*/
static int s_step (lua_State *L) {
  Machine *u = check(L, SERVER_T);
  pop3_span in = to_span(L, 2), out;
  int got = pop3_sasl_step(u->m, in.p != NULL ? &in : NULL, &out);
  switch (got) {
    case POP3_SASL_SAY:
      lua_pushliteral(L, "challenge");
      lua_pushlstring(L, out.p, out.n);
      return 2;
    case POP3_SASL_SALT:
      lua_pushliteral(L, "salt");
      out = pop3_sasl_user(u->m);
      lua_pushlstring(L, out.p, out.n);
      return 2;
    case POP3_SASL_PROOF:
      lua_pushliteral(L, "proof");
      out = pop3_sasl_user(u->m);
      lua_pushlstring(L, out.p, out.n);
      out = pop3_sasl_authzid(u->m);
      if (out.n == 0) return 2;
      lua_pushlstring(L, out.p, out.n);
      return 3;
    case POP3_SASL_DONE: lua_pushliteral(L, "done"); return 1;
    case POP3_SASL_FAILED: lua_pushliteral(L, "failed"); return 1;
    case POP3_ESTATE:
      return luaL_error(L, "salt, check, accept or reject must come first");
    default: return fail(L, u->m, got);
  }
}

/* The result of 'salt', 'accept' and 'reject': octets or nothing. */
static int push_last (lua_State *L, const Machine *u, int got, pop3_span out,
                      const char *misuse) {
  if (got == POP3_ESTATE) return luaL_error(L, "%s", misuse);
  if (got < 0) return fail(L, u->m, got);
  if (got != POP3_SASL_SAY) return 0;
  lua_pushlstring(L, out.p, out.n);
  return 1;
}

/***
The salt and the count for the user of SCRAM.
@function server:salt
@tparam string salt octets
@tparam integer iterations
@treturn string the challenge
*/
static int s_salt (lua_State *L) {
  Machine *u = check(L, SERVER_T);
  pop3_span salt, out;
  lua_Integer n = luaL_checkinteger(L, 3);
  salt.p = luaL_checklstring(L, 2, &salt.n);
  luaL_argcheck(L, n > 0 && n <= INT32_MAX, 3, "out of range");
  return push_last(L, u, pop3_sasl_salt(u->m, salt, (uint32_t)n, &out), out,
                   "the machine does not wait for a salt");
}

static int push_check (lua_State *L, int got) {
  if (got == POP3_ESTATE)
    return luaL_error(L, "the machine does not wait for a check");
  if (got == POP3_ENOMEM) return lpop3_fail(L, got);
  lua_pushboolean(L, got == 1);
  return 1;
}

/***
Did the client prove that it knows a secret?
@function server:check
@tparam string secret
@treturn boolean
*/
static int s_check (lua_State *L) {
  Machine *u = check(L, SERVER_T);
  pop3_span secret;
  secret.p = luaL_checklstring(L, 2, &secret.n);
  return push_check(L, pop3_sasl_check(u->m, secret));
}

/***
The same with a stored verifier in place of a password (RFC 5802 section 3).
@function server:check_verifier
@tparam table verifier `stored_key`, `server_key`: octets
@treturn boolean
*/
static int s_check_verifier (lua_State *L) {
  Machine *u = check(L, SERVER_T);
  pop3_span stored, server;
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_getfield(L, 2, "stored_key");
  lua_getfield(L, 2, "server_key");
  stored.p = luaL_checklstring(L, -2, &stored.n);
  server.p = luaL_checklstring(L, -1, &server.n);
  return push_check(L, pop3_sasl_check_verifier(u->m, stored, server));
}

/***
The password or token that the client sent, if it sent one.
@function server:secret
@treturn ?string
*/
static int s_secret (lua_State *L) {
  pop3_span s = pop3_sasl_shown(check(L, SERVER_T)->m);
  if (s.n == 0) return 0;
  lua_pushlstring(L, s.p, s.n);
  return 1;
}

/***
The realm of Kerberos that the server belongs to, from the event "proof" of
GSSAPI on.
@function server:realm
@treturn ?string
*/
static int s_realm (lua_State *L) {
  pop3_span s = pop3_sasl_realm(check(L, SERVER_T)->m);
  if (s.n == 0) return 0;
  lua_pushlstring(L, s.p, s.n);
  return 1;
}

/***
Accept the client. It is misuse if the last check returned false.
@function server:accept
@treturn ?string the challenge to send before +OK, which the client answers with
an empty response; or nil
*/
static int s_accept (lua_State *L) {
  Machine *u = check(L, SERVER_T);
  pop3_span out = { "", 0 };
  return push_last(L, u, pop3_sasl_accept(u->m, &out), out,
                   "the machine does not wait for accept, or the proof is wrong");
}

/***
Reject the client.
@function server:reject
@treturn ?string the challenge to send before -ERR, or nil
*/
static int s_reject (lua_State *L) {
  Machine *u = check(L, SERVER_T);
  pop3_span out = { "", 0 };
  return push_last(L, u, pop3_sasl_reject(u->m, &out), out,
                   "the machine does not wait for reject");
}

static int close_machine (lua_State *L, const char *type) {
  pop3_sasl_free(&((Machine *)luaL_checkudata(L, 1, type))->m);
  return 0;
}

static int c_close (lua_State *L) {
  return close_machine(L, CLIENT_T);
}

static int s_close (lua_State *L) {
  return close_machine(L, SERVER_T);
}

static int tostring (lua_State *L, const char *type) {
  const Machine *u = (const Machine *)luaL_checkudata(L, 1, type);
  lua_pushfstring(L, "%s (%s)", type, u->m == NULL ? "closed"
                  : pop3_sasl_mechanism(u->m)->name);
  return 1;
}

static int c_tostring (lua_State *L) {
  return tostring(L, CLIENT_T);
}

static int s_tostring (lua_State *L) {
  return tostring(L, SERVER_T);
}

static const luaL_Reg client_methods[] = {
  { "__tostring", c_tostring },
  { "close", c_close }, { "done", c_done }, { "secrets", c_secrets },
  { "step", c_step }, { "user", c_user }, { NULL, NULL }
};

static const luaL_Reg server_methods[] = {
  { "__tostring", s_tostring },
  { "accept", s_accept }, { "check", s_check },
  { "check_verifier", s_check_verifier }, { "close", s_close },
  { "realm", s_realm }, { "reject", s_reject }, { "salt", s_salt },
  { "secret", s_secret }, { "step", s_step }, { NULL, NULL }
};

static const luaL_Reg funcs[] = {
  { "client", l_client }, { "server", l_server }, { NULL, NULL }
};

void lpop3_open_sasl (lua_State *L) {
  lpop3_type(L, CLIENT_T, client_methods);
  lpop3_type(L, SERVER_T, server_methods);
  lpop3_functions(L, "sasl", funcs);
}
