/*
** lmech.c - the table of SASL mechanisms for Lua, and what the build has.
*/

/***
What the client, the server and the tools know about SASL mechanisms before they
run one. These are fields of `pop3.core.sasl`.
@engine pop3.core.mechanism
*/
#include <string.h>

#include "../../sasl/gss.h"
#include "../../sasl/sasl.h"
#include "../lpop3.h"
#include "../open.h"

/* The name of the same mechanism with or without -PLUS; 0: no such row. */
static int push_other (lua_State *L, const pop3_sasl_mech *mech) {
  size_t n = strlen(mech->name);
  const pop3_sasl_mech *other;
  if (mech->flags & POP3_SASL_BINDING) {
    lua_pushlstring(L, mech->name, n - (sizeof "-PLUS" - 1));
    return 1;
  }
  lua_pushfstring(L, "%s-PLUS", mech->name);
  other = pop3_sasl_find(lua_tostring(L, -1), n + sizeof "-PLUS" - 1);
  if (other == NULL) lua_pop(L, 1);
  return other != NULL;
}

/* What kind of proof a mechanism takes. */
static const char *proof_of (const pop3_sasl_mech *mech) {
  return mech->flags & POP3_SASL_CERTIFICATE ? "certificate"
         : mech->flags & POP3_SASL_ANONYMOUS ? "none"
         : mech->flags & POP3_SASL_TICKET ? "ticket"
         : mech->flags & POP3_SASL_TOKEN ? "token" : "password";
}

/***
The table of mechanisms. Its list part has the rows in the order in which a
client prefers them; each row is also there by the name of the mechanism. This
is the only place that says how a mechanism behaves. Each row has

- `name`
- `proof`: "password", "token", "certificate", "ticket" (of Kerberos) or "none",
  what the client needs
- `cleartext`: the password or token can be read on the connection. A mechanism
  with a password that is not `cleartext` is of the kind challenge-response.
- `binding`: it binds the login to the TLS channel (-PLUS)
- `plus`: of a mechanism without `binding`, the name of the one with it, if
  there is one; `base`: the reverse
- `hash`: of the hash function it uses, if it uses one
- `salted`: the server takes `salt`, and `check_verifier` (RFC 5802)
- `initial`: the client speaks first; `apart`: servers in use take its first
  response only on a line of its own
- `token`, `certificate`, `anonymous`, `ticket`: the same as `proof`, as
  booleans
@table mechanisms
@usage
local sasl = require "pop3.core".sasl
for _, row in ipairs(sasl.mechanisms) do print(row.name, row.proof) end
assert(sasl.mechanisms["SCRAM-SHA-256"].hash == "sha256")
*/
static void push_mechanisms (lua_State *L) {
  static const struct { const char *name; unsigned flag; } flags[] = {
    { "cleartext", POP3_SASL_CLEARTEXT }, { "token", POP3_SASL_TOKEN },
    { "certificate", POP3_SASL_CERTIFICATE },
    { "anonymous", POP3_SASL_ANONYMOUS }, { "ticket", POP3_SASL_TICKET },
    { "binding", POP3_SASL_BINDING },
    { "initial", POP3_SASL_INITIAL }, { "salted", POP3_SASL_SALTED },
    { "apart", POP3_SASL_APART }
  };
  const pop3_sasl_mech *mech;
  size_t i, k;
  lua_newtable(L);
  for (i = 0; (mech = pop3_sasl_row(i)) != NULL; i++) {
    lua_newtable(L);
    lua_pushstring(L, mech->name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, proof_of(mech));
    lua_setfield(L, -2, "proof");
    lua_pushstring(L, pop3_hash_name(mech->hash));  /* nil if it is NULL */
    lua_setfield(L, -2, "hash");
    if (push_other(L, mech))
      lua_setfield(L, -2, mech->flags & POP3_SASL_BINDING ? "base" : "plus");
    for (k = 0; k < sizeof flags / sizeof flags[0]; k++) {
      lua_pushboolean(L, (mech->flags & flags[k].flag) != 0);
      lua_setfield(L, -2, flags[k].name);
    }
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, (lua_Integer)i + 1);
    lua_setfield(L, -2, mech->name);
  }
}

/***
The optional features of this build, which depend on the installed libraries:

- `saslprep`: "libidn", or "subset": SASLprep without NFKC, the rule for
  right-to-left text, and the list of assigned code points
- `gssapi`: a boolean; without it a login by GSSAPI fails, and says why
@table features
@usage
print(require "pop3.core".sasl.features.saslprep)
*/
static void push_features (lua_State *L) {
  lua_newtable(L);
  lua_pushstring(L, pop3_prep_by());
  lua_setfield(L, -2, "saslprep");
  lua_pushboolean(L, pop3_krb5() != NULL);
  lua_setfield(L, -2, "gssapi");
}

void lpop3_open_mech (lua_State *L) {
  lpop3_subtable(L, "sasl");
  push_mechanisms(L);
  lua_setfield(L, -2, "mechanisms");
  push_features(L);
  lua_setfield(L, -2, "features");
  lua_pop(L, 1);
}
