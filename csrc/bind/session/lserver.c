/*
** lserver.c - the server engine for Lua.
*/

/***
The server engine for Lua.
@engine pop3.core.server
*/
#include <string.h>

#include "../../base/buf.h"
#include "../../base/ascii.h"
#include "../../base/secret.h"
#include "../lcache.h"
#include "../open.h"
#include "ljournal.h"

#define WANT 4096  /* octets read at once: commands are short */

/* User values. */
enum { JOURNAL = 1, BODY };

typedef struct Server {
  lpop3_port port;
  pop3_server *s;  /* NULL when closed */
  pop3_server_limits lim;
  unsigned char anchored;  /* there is a body in the user value BODY */
  unsigned char plain;     /* commands come with the rest of their line */
} Server;

static char *room (void *e, size_t want, size_t *got) {
  return pop3_server_room((pop3_server *)e, want, got);
}

static void filled (void *e, size_t n) {
  pop3_server_filled((pop3_server *)e, n);
}

/*
** More of a body is encoded after all octets are sent: before that, the engine would
** have to move those that are left. If there is no memory to encode more now, the
** next call tries again.
*/
static pop3_span out (void *e) {
  pop3_server *s = (pop3_server *)e;
  if (pop3_server_out(s).n == 0) pop3_server_fill(s);
  return pop3_server_out(s);
}

static void sent (void *e, size_t n) {
  pop3_server_sent((pop3_server *)e, n);
}

static Server *check (lua_State *L) {
  Server *u = (Server *)lua_touserdata(L, 1);
  luaL_argcheck(L, u->s != NULL, 1, "engine is closed");
  return u;
}

/* Release a body that is encoded to its end. */
static void drop_body (lua_State *L, Server *u) {
  if (!u->anchored || pop3_server_busy(u->s) == POP3_ENCODING) return;
  u->anchored = 0;
  lua_pushnil(L);
  lua_setiuservalue(L, 1, BODY);
}

/***
A server session without input or output. It begins before the greeting: call
`reply` with the greeting, then `enter "authorization"`.
@function server
@tparam[opt] table opts `line`: octets of a command line; `output`: octets of
replies that are encoded before they are sent; `journal`: a journal for the
lines, and `id`, the number of the session in it; `plain`: the engine refuses
nothing, and returns each command with the rest of its line, in any state
@treturn pop3.server.engine
*/
static int l_server (lua_State *L) {
  pop3_journal *j = NULL;
  lua_Integer id = 0;
  Server *u;
  lua_settop(L, 1);
  u = (Server *)lpop3_new(L, sizeof *u, 2);
  luaL_setmetatable(L, LPOP3_SERVER);                      /* collectable */
  u->lim.line = (size_t)lpop3_optlimit(L, 1, "line",
                                       pop3_server_defaults.line);
  u->lim.output = (size_t)lpop3_optlimit(L, 1, "output",
                                         pop3_server_defaults.output);
  u->plain = (unsigned char)lpop3_optflag(L, 1, "plain");
  if (lua_istable(L, 1)) {
    if (lua_getfield(L, 1, "id") != LUA_TNIL) id = luaL_checkinteger(L, -1);
    lua_pop(L, 1);
    if (lua_getfield(L, 1, "journal") != LUA_TNIL)
      j = lpop3_checkjournal(L, -1);
    lua_setiuservalue(L, -2, JOURNAL);
  }
  u->s = pop3_server_new(lpop3_cache(L), &u->lim, j, (uint32_t)id);
  if (u->s == NULL) return lpop3_fail(L, POP3_ENOMEM);
  if (u->plain) pop3_server_plain(u->s);
  u->port.room = room;
  u->port.filled = filled;
  u->port.out = out;
  u->port.sent = sent;
  u->port.engine = u->s;                                          /* open */
  u->port.want = WANT;
  return 1;
}

/* A span as a string, or nil when it is not there. */
static void push_span (lua_State *L, pop3_span s) {
  if (s.p != NULL) lua_pushlstring(L, s.p, s.n);
  else lua_pushnil(L);
}

/* The same in upper case. */
static void push_upper (lua_State *L, pop3_span s) {
  luaL_Buffer b;
  size_t i;
  char *p;
  if (s.p == NULL) {
    lua_pushnil(L);
    return;
  }
  p = luaL_buffinitsize(L, &b, s.n);
  for (i = 0; i < s.n; i++) p[i] = pop3_upper(s.p[i]);
  luaL_pushresultsize(&b, s.n);
}

/* A number as an integer, or nil when it is not there. */
static void push_number (lua_State *L, int64_t n) {
  if (n >= 0) lua_pushinteger(L, (lua_Integer)n);
  else lua_pushnil(L);
}

static int s_close (lua_State *L) {
  Server *u = (Server *)lua_touserdata(L, 1);
  u->port.engine = NULL;
  pop3_server_free(&u->s);
  return 0;
}

/* Push a command of a plain session: verb, rest, and the whole line. */
static int push_plain (lua_State *L, const pop3_command *cmd) {
  push_upper(L, cmd->name);
  lua_pushlstring(L, cmd->first.p, cmd->first.n);
  lua_pushnil(L);
  lua_pushboolean(L, cmd->verb == POP3_V_OTHER);
  lua_pushlstring(L, cmd->second.p, cmd->second.n);
  return 5;
}

/* Push a command and its arguments. */
static int push_command (lua_State *L, const pop3_command *cmd, int plain) {
  if (plain && cmd->verb != POP3_V_RESPONSE) return push_plain(L, cmd);
  lua_pushlstring(L, cmd->name.p, cmd->name.n);
  if (cmd->verb == POP3_V_RESPONSE) {
    push_span(L, cmd->first);
    return 2;
  }
  switch (pop3_verb_row(cmd->verb)->args) {
    case POP3_A_NONE:
      return 1;
    case POP3_A_MSG: case POP3_A_MSGOPT:
      push_number(L, cmd->number);
      return 2;
    case POP3_A_TOP:
      push_number(L, cmd->number);
      push_number(L, cmd->lines);
      return 3;
    case POP3_A_TWO: case POP3_A_MECH:
      if (cmd->verb == POP3_V_AUTH) push_upper(L, cmd->first);
      else push_span(L, cmd->first);
      push_span(L, cmd->second);
      return 3;
    default:
      if (cmd->first.n == 0 && cmd->verb == POP3_V_LANG) lua_pushnil(L);
      else lua_pushlstring(L, cmd->first.p, cmd->first.n);
      if (cmd->verb != POP3_V_OTHER) return 2;
      lua_pushnil(L);
      lua_pushboolean(L, 1);
      return 4;
  }
}

/***
The next command; nothing when more octets are needed or replies must be sent
first. A line that is not a command is refused by the engine itself.
@function server:next
@treturn string the verb in upper case
@return its arguments: RETR, DELE: number; LIST, UIDL: number or nil; TOP:
number, lines; USER, PASS: text; APOP: name, digest; AUTH: mechanism in upper
case or nil, initial response or nil; LANG: tag or nil; any other: the rest of
the line. The response to a challenge comes as "+" with its line, or nil if that
was too long; a command "+" has the boolean after it
@treturn boolean true after them, when the verb is not one of POP3; for a
`plain` one the fourth value, and the fifth is the line as it came
*/
static int s_next (lua_State *L) {
  Server *u = check(L);
  pop3_command cmd;
  int got = pop3_server_next(u->s, &cmd);
  if (got < 0) return lpop3_fail(L, got);
  drop_body(L, u);
  if (got == 0) return 0;
  return push_command(L, &cmd, u->plain);
}

/*
** Replace the list of lines on the top of the stack by their octets. Returns 0 if
** a line is not a string or number.
*/
static int join_lines (lua_State *L) {
  luaL_Buffer b;
  int list = lua_gettop(L);
  lua_Integer i, n = luaL_len(L, list);
  luaL_buffinit(L, &b);
  for (i = 1; i <= n; i++) {
    lua_geti(L, list, i);
    if (!lua_isstring(L, -1)) return 0;
    luaL_addvalue(&b);
    luaL_addlstring(&b, "\r\n", 2);
  }
  luaL_pushresult(&b);
  lua_replace(L, list);
  return 1;
}

/* The string on the top is a body or a piece of one; anchor it if needed. */
static int give_body (lua_State *L, Server *u, int last) {
  size_t n;
  const char *p = lua_tolstring(L, -1, &n);
  int err = pop3_server_body(u->s, p, n, last);
  if (pop3_server_busy(u->s) == POP3_ENCODING) {
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, 1, BODY);
    u->anchored = 1;
  }
  return err;
}

/*
** Give the engine a reply. Its body is on the top of the stack: octets, true if it
** comes in pieces, nil if there is none.
*/
static int give_reply (lua_State *L, Server *u, int ok, pop3_span code,
                       pop3_span text) {
  int err = pop3_server_reply(u->s, ok, code, text);
  if (err != 0 || lua_isnil(L, -1)) return err;
  return lua_isboolean(L, -1) ? pop3_server_body(u->s, "", 0, 0)
                              : give_body(L, u, 1);
}

/***
Answer a command. CR and LF in the text become spaces; in the body, dots are
stuffed and line ends become CRLF.
@function server:reply
@tparam boolean ok
@tparam ?string text
@tparam ?string code response code, without brackets
@tparam ?string|table|boolean body octets, a list of lines, or true when
`body` will give it in pieces
*/
static int s_reply (lua_State *L) {
  int err;
  pop3_span text, code;
  text.p = luaL_optlstring(L, 3, "", &text.n);
  code.p = luaL_optlstring(L, 4, "", &code.n);
  lua_settop(L, 5);
  if (lua_istable(L, 5))
    luaL_argcheck(L, join_lines(L), 5, "a line is not a string");
  else if (!lua_isnil(L, 5) && !lua_isboolean(L, 5)) luaL_checkstring(L, 5);
  err = give_reply(L, check(L), lua_toboolean(L, 2), code, text);
  return err != 0 ? lpop3_fail(L, err) : 0;
}

/*
** Push a field of the table at 2 and take its octets, none if it is nil. Returns 0
** if it has another type; a number is taken where 'number' is true.
*/
static int push_text (lua_State *L, const char *field, int number,
                      pop3_span *s) {
  int type = lua_getfield(L, 2, field);
  s->p = "";
  s->n = 0;
  if (type == LUA_TNIL) return 1;
  if (type != LUA_TSTRING && !(type == LUA_TNUMBER && number)) return 0;
  s->p = lua_tolstring(L, -1, &s->n);
  return 1;
}

/*
** Push the body of the table at 2 as octets, or nil where none is sent. Returns
** whether that was possible.
*/
static int push_body (lua_State *L, int ok) {
  int type = lua_getfield(L, 2, "body");
  if (type == LUA_TTABLE && !join_lines(L)) return 0;
  if (!ok) lua_pushnil(L);
  return type == LUA_TNIL || type == LUA_TSTRING || type == LUA_TNUMBER ||
         type == LUA_TTABLE || (type == LUA_TFUNCTION && !ok);
}

/***
Answer a command with a table, if it is a status line with or without octets or
lines.
@function server:answer
@tparam table reply `status`: "+OK" or "-ERR"; `text`, `code` and `body` as for
`reply`. No body is sent after -ERR
@treturn boolean false, and nothing is sent, if the reply or a field has another
type, or if there is a field `raw` or `hangup`
*/
static int s_answer (lua_State *L) {
  pop3_span status, text, code;
  int given = 0;
  lua_settop(L, 2);
  if (lua_istable(L, 2) && lua_getfield(L, 2, "raw") == LUA_TNIL &&
      (lua_getfield(L, 2, "hangup"), !lua_toboolean(L, -1)) &&
      push_text(L, "status", 0, &status)) {
    int err = 0, ok = status.n == 3 && memcmp(status.p, "+OK", 3) == 0;
    given = (ok || (status.n == 4 && memcmp(status.p, "-ERR", 4) == 0)) &&
            push_text(L, "text", 1, &text) && push_text(L, "code", 0, &code) &&
            push_body(L, ok);
    if (given) err = give_reply(L, check(L), ok, code, text);
    if (err != 0) return lpop3_fail(L, err);
  }
  lua_pushboolean(L, given);
  return 1;
}

/***
Whether the last command has had no reply yet; before the greeting, whether the
connection has had none.
@function server:due
@treturn boolean
*/
static int s_due (lua_State *L) {
  lua_pushboolean(L, pop3_server_due(check(L)->s));
  return 1;
}

/***
In place of a reply, a challenge of a SASL exchange (RFC 5034 section 4). `next`
then returns the client's response.
@function server:challenge
@tparam string text base64
@tparam[opt=false] boolean raw send the octets unchanged; they hold "+" and line
end
*/
static int s_challenge (lua_State *L) {
  Server *u = check(L);
  pop3_span text;
  int err;
  text.p = luaL_checklstring(L, 2, &text.n);
  err = lua_toboolean(L, 3) ? pop3_server_rawchallenge(u->s, text)
                            : pop3_server_challenge(u->s, text);
  return err != 0 ? lpop3_fail(L, err) : 0;
}

/***
One more secret to mask in the trace of the next reply, besides those in
commands.
@function server:secret
@tparam string octets
*/
static int s_secret (lua_State *L) {
  Server *u = check(L);
  size_t n;
  const char *p = luaL_checklstring(L, 2, &n);
  int err = pop3_server_secret(u->s, p, n);
  return err != 0 ? lpop3_fail(L, err) : 0;
}

/***
A text with "***" in place of the secrets of the last login command. If the text
answers that command and holds a short secret, all of it is replaced.
@function server:mask
@tparam string text
@treturn string
*/
static int s_mask (lua_State *L) {
  Server *u = check(L);
  pop3_span text;
  pop3_buf out;
  luaL_Buffer b;
  text.p = luaL_checklstring(L, 2, &text.n);
  pop3_buf_init(&out, lpop3_mem(L));
  out.cap = text.n + 3;  /* no growth: all of it may be a mask, or less is */
  out.p = luaL_buffinitsize(L, &b, out.cap);
  pop3_server_mask(u->s, &out, text);
  luaL_pushresultsize(&b, out.n);
  return 1;
}

/***
Octets that came and are not a complete command yet.
@function server:unread
@treturn integer
*/
static int s_unread (lua_State *L) {
  lua_pushinteger(L, (lua_Integer)pop3_server_unread(check(L)->s));
  return 1;
}

/***
A piece of a body, when `busy` returns "hungry"; nil ends the body.
@function server:body
@tparam ?string octets
*/
static int s_body (lua_State *L) {
  Server *u = check(L);
  int err;
  luaL_argcheck(L, pop3_server_busy(u->s) == POP3_HUNGRY, 1,
                "the engine does not wait for a body");
  if (lua_isnoneornil(L, 2)) err = pop3_server_body(u->s, "", 0, 1);
  else {
    luaL_checkstring(L, 2);
    lua_settop(L, 2);
    err = give_body(L, u, 0);
  }
  return err != 0 ? lpop3_fail(L, err) : 0;
}

/***
The state of a body: "encoding" (its octets must be sent), "hungry" (a piece must
follow), or nil.
@function server:busy
@treturn ?string
*/
static int s_busy (lua_State *L) {
  static const char *const names[] = { NULL, "encoding", "hungry" };
  lua_pushstring(L, names[pop3_server_busy(check(L)->s)]);
  return 1;
}

/***
Send octets unchanged, in place of a reply.
@function server:raw
@tparam string octets
@tparam[opt=false] boolean more they continue the octets before; none of their
lines is traced
*/
static int s_raw (lua_State *L) {
  Server *u = check(L);
  size_t n;
  const char *p = luaL_checklstring(L, 2, &n);
  int err = lua_toboolean(L, 3) ? pop3_server_more(u->s, p, n)
                                : pop3_server_raw(u->s, p, n);
  return err != 0 ? lpop3_fail(L, err) : 0;
}

/***
The client no longer reads: drop all replies from now on.
@function server:mute
*/
static int s_mute (lua_State *L) {
  pop3_server_mute(check(L)->s);
  return 0;
}

/***
Give the engine octets that came from the client.
@function server:feed
@tparam string octets
*/
static int s_feed (lua_State *L) {
  Server *u = check(L);
  size_t n;
  const char *p = luaL_checklstring(L, 2, &n);
  int err = pop3_server_feed(u->s, p, n);
  return err != 0 ? lpop3_fail(L, err) : 0;
}

/***
The octets to send, nil if there are none. `sent` says how many are sent.
@function server:out
@tparam[opt] integer max the most octets to return
@treturn string
*/
static int s_out (lua_State *L) {
  Server *u = check(L);
  lua_Integer max = luaL_optinteger(L, 2, LUA_MAXINTEGER);
  pop3_span o = out(u->s);
  if (o.n == 0) return 0;
  if (max < 0) max = 0;
  lua_pushlstring(L, o.p, (lua_Unsigned)max < o.n ? (size_t)max : o.n);
  return 1;
}

/***
Octets of `out` are sent.
@function server:sent
@tparam integer n
*/
static int s_sent (lua_State *L) {
  Server *u = check(L);
  lua_Integer n = luaL_checkinteger(L, 2);
  luaL_argcheck(L, n >= 0 && (size_t)n <= pop3_server_out(u->s).n, 2,
                "more than is waiting to be sent");
  pop3_server_sent(u->s, (size_t)n);
  return 0;
}

/***
How many octets wait to be sent.
@function server:pending
@treturn integer
*/
static int s_pending (lua_State *L) {
  Server *u = check(L);
  lua_pushinteger(L, (lua_Integer)out(u->s).n);
  return 1;
}

/***
The session is idle: free the memory that it does not need.
@function server:rest
*/
static int s_rest (lua_State *L) {
  Server *u = check(L);
  drop_body(L, u);
  pop3_server_rest(u->s);
  return 0;
}

static const char *const phases[] = {
  "greeting", "authorization", "transaction", "update", "closed", NULL
};

/***
The state of RFC 1939: "greeting", "authorization", "transaction", "update"
or "closed".
@function server:state
@treturn string
*/
static int s_state (lua_State *L) {
  lua_pushstring(L, phases[pop3_server_phase(check(L)->s)]);
  return 1;
}

/***
Go to another state.
@function server:enter
@tparam string state
*/
static int s_enter (lua_State *L) {
  Server *u = check(L);
  pop3_server_enter(u->s, luaL_checkoption(L, 2, NULL, phases));
  return 0;
}

static int s_tostring (lua_State *L) {
  Server *u = (Server *)lua_touserdata(L, 1);
  lua_pushfstring(L, LPOP3_SERVER " (%s)", u->s == NULL ? "closed" : "open");
  return 1;
}

static const luaL_Reg methods[] = {
  { "__tostring", s_tostring },
  { "answer", s_answer },
  { "body", s_body },
  { "busy", s_busy },
  { "challenge", s_challenge },
  { "close", s_close },
  { "due", s_due },
  { "enter", s_enter },
  { "feed", s_feed },
  { "mask", s_mask },
  { "mute", s_mute },
  { "next", s_next },
  { "out", s_out },
  { "pending", s_pending },
  { "raw", s_raw },
  { "reply", s_reply },
  { "rest", s_rest },
  { "secret", s_secret },
  { "sent", s_sent },
  { "state", s_state },
  { "unread", s_unread },
  { NULL, NULL }
};

void lpop3_open_server (lua_State *L) {
  lpop3_porttype(L, LPOP3_SERVER, methods);
  lua_pushcfunction(L, l_server);
  lua_setfield(L, -2, "server");
}
