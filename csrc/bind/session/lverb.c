/*
** lverb.c - the table of verbs for Lua. The client, the server, recordings and
** checks take from it how a verb behaves.
*/

/***
The table of verbs.
@engine pop3.core.verb
*/
#include "../../session/session.h"
#include "../lpop3.h"
#include "../open.h"

/* In the order of enum pop3_args. */
static const char *const arguments[] = {
  "none", "text", "text?", "message", "message?", "message lines", "two",
  "mechanism?"
};

static void set_string (lua_State *L, const char *field, const char *s) {
  lua_pushstring(L, s);  /* nil if it is NULL */
  lua_setfield(L, -2, field);
}

static void set_flag (lua_State *L, const char *field, int is) {
  lua_pushboolean(L, is);
  lua_setfield(L, -2, field);
}

/* Push the row of a verb. */
static void push_row (lua_State *L, const pop3_verb *v) {
  lua_newtable(L);
  set_string(L, "name", v->name);
  set_string(L, "arguments", arguments[v->args]);
  set_string(L, "capability", v->capa);
  if (v->full != POP3_S_LINE) set_string(L, "body", "always");
  else if (v->bare != POP3_S_LINE) set_string(L, "body", "bare");
  set_flag(L, "listing", v->bare == POP3_S_LISTING);
  set_flag(L, "mail", (v->flags & POP3_VF_MAIL) != 0);
  set_flag(L, "authorization", (v->phases & 1 << POP3_AUTHORIZATION) != 0);
  set_flag(L, "transaction", (v->phases & 1 << POP3_TRANSACTION) != 0);
  set_flag(L, "login", (v->flags & POP3_VF_LOGIN) != 0);
  set_flag(L, "turn", (v->flags & POP3_VF_TURN) != 0);
  if (v->secret != 0) {
    lua_pushinteger(L, v->secret);
    lua_setfield(L, -2, "secret");
  }
}

/***
The table of verbs: a row by the name of each verb, in upper case. It is the
only place that says how a verb behaves. A row has

- `name`
- `arguments`: "none"; "message", a message number; "message lines", that and a
  number of lines; "text", the rest of the line; "two", a word and the rest;
  "mechanism?", a word and an initial response. With "?", "message?" and "text?"
  too, they may be absent.
- `body`: a body follows +OK "always", or only after a "bare" command, that is
  one without arguments; nil: it never does. `listing`: its lines are "number
  value"; `mail`: it is a message or a part of one
- `authorization`, `transaction`: the states in which it is valid
- `login`: it is part of a login. `secret`: which argument is the first secret
  one, 1 or 2; all of the line from there on is masked
- `turn`: no command may follow before the reply
- `capability`: its name in the reply to CAPA; nil: the verb is always there
@table verbs
@usage
local verbs = require "pop3.core".verbs
assert(verbs.LIST.body == "bare" and verbs.RETR.mail)
*/
void lpop3_open_verb (lua_State *L) {
  int id;
  lua_newtable(L);
  for (id = 0; id < POP3_V_OTHER; id++) {
    const pop3_verb *v = pop3_verb_row(id);
    push_row(L, v);
    lua_setfield(L, -2, v->name);
  }
  lua_setfield(L, -2, "verbs");
}
