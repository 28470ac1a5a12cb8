/*
** lclient.c - the client engine for Lua.
*/

/***
The client engine for Lua.
@engine pop3.core.client
*/
#include <string.h>

#include "../lblock.h"
#include "../open.h"
#include "../os/ldisk.h"
#include "levent.h"
#include "ljournal.h"

#define WANT (60 * 1024)     /* octets read at once: they stay in the cache */
#define TRACE (1024 * 1024)  /* octets of trace kept between two calls */

static char *room (void *e, size_t want, size_t *got) {
  return pop3_client_room((pop3_client *)e, want, got);
}

static void filled (void *e, size_t n) {
  pop3_client_filled((pop3_client *)e, n);
}

static pop3_span out (void *e) {
  return pop3_client_out((pop3_client *)e);
}

static void sent (void *e, size_t n) {
  pop3_client_sent((pop3_client *)e, n);
}

static Client *check (lua_State *L) {
  Client *u = (Client *)lua_touserdata(L, 1);
  luaL_argcheck(L, u->c != NULL, 1, "engine is closed");
  return u;
}

static size_t size_limit (uint64_t u) {
  return u > SIZE_MAX / 4 ? SIZE_MAX / 4 : (size_t)u;
}

/***
A client session without input or output.
@function client
@tparam[opt] table opts `line`, `listing`, `message`, `drain`: limits, see
`pop3.connect`; `trace`: keep the lines for `trace()`
@treturn pop3.client.engine
*/
static int l_client (lua_State *L) {
  pop3_client_limits lim = pop3_client_defaults;
  Client *u;
  int tracing;
  lim.line = size_limit(lpop3_optlimit(L, 1, "line", lim.line));
  lim.listing = size_limit(lpop3_optlimit(L, 1, "listing", lim.listing));
  lim.message = lpop3_optlimit(L, 1, "message", lim.message);
  lim.drain = lpop3_optlimit(L, 1, "drain", lim.drain);
  tracing = lpop3_optflag(L, 1, "trace");
  u = (Client *)lpop3_new(L, sizeof *u, LEVENT_VALUES);
  pop3_journal_init(&u->log, lpop3_mem(L), TRACE);
  u->tracing = tracing;
  luaL_setmetatable(L, LPOP3_CLIENT);           /* collectable */
  u->c = pop3_client_new(lpop3_mem(L), &lim, tracing ? &u->log : NULL);
  if (u->c == NULL) return lpop3_fail(L, POP3_ENOMEM);
  u->front = (size_t)lua_tointeger(L, lua_upvalueindex(1));
  pop3_client_front(u->c, u->front);
  u->port.room = room;
  u->port.filled = filled;
  u->port.out = out;
  u->port.sent = sent;
  u->port.engine = u->c;                        /* open */
  u->port.want = WANT;
  return 1;
}

/***
Put a command into the queue. Replies come in the order of the commands.
@function client:ask
@tparam string line the command without its CRLF
@tparam[opt=false] boolean body a +OK is followed by a body, for a verb that
is not POP3's own; a listing comes as a body, and the text of the status line
with it
@tparam[opt=false] boolean stream hand the body out in pieces
@tparam[opt=false] boolean alone drop the replies that are under way, as `discard` does
@treturn boolean true, or nil, message, code
@treturn boolean true when the server said -ERR unasked, see `client:quiet`
@treturn boolean true when no other command waits for its reply
*/
static int c_ask (lua_State *L) {
  Client *u = check(L);
  size_t n, asked = pop3_client_asked(u->c);
  const char *line = luaL_checklstring(L, 2, &n);
  int body = lua_toboolean(L, 3);
  int mode = lua_toboolean(L, 4) ? POP3_STREAM : POP3_WHOLE;
  int err;
  if (asked > 0 && lua_toboolean(L, 5)) pop3_client_discard(u->c);
  err = pop3_client_ask(u->c, line, n, body, mode);
  if (err < 0) return levent_fail(L, u->c, err);
  lua_pushboolean(L, 1);
  lua_pushboolean(L, err > 0);
  lua_pushboolean(L, asked == 0);
  return 3;
}

#define NUMBER_MAX 20  /* digits of a lua_Integer */

/* Write a number that is not negative; returns its digits. */
static size_t put_number (char *to, lua_Integer number) {
  char digits[NUMBER_MAX];
  size_t n = 0, i;
  do digits[n++] = (char)('0' + number % 10); while ((number /= 10) > 0);
  for (i = 0; i < n; i++) to[i] = digits[n - 1 - i];
  return n;
}

/***
Put a command with a message number into the queue for each of some numbers, as
`ask` does.
@function client:ask_each
@tparam string verb such as "RETR"
@tparam {integer,...} numbers
@tparam integer first index of the first number
@tparam integer last index of the last number
@treturn boolean true; or nil, message, code, when the command of one of them cannot be
put into the queue; those before it are in the queue
@treturn boolean true when the server said -ERR unasked, see `client:quiet`
*/
static int c_ask_each (lua_State *L) {
  Client *u = check(L);
  size_t n;
  const char *verb = luaL_checklstring(L, 2, &n);
  lua_Integer i = luaL_checkinteger(L, 4), last = luaL_checkinteger(L, 5);
  char line[16 + 1 + NUMBER_MAX + 1];
  int early = 0;
  luaL_checktype(L, 3, LUA_TTABLE);
  luaL_argcheck(L, n <= 16, 2, "is too long");
  memcpy(line, verb, n);
  line[n++] = ' ';
  for (; i <= last; i++) {
    int isint, err;
    lua_Integer number;
    lua_rawgeti(L, 3, i);
    number = lua_tointegerx(L, -1, &isint);
    lua_pop(L, 1);
    luaL_argcheck(L, isint && number >= 0, 3, "must hold message numbers");
    err = pop3_client_ask(u->c, line, n + put_number(line + n, number), 0,
                          POP3_WHOLE);
    if (err < 0) return levent_fail(L, u->c, err);
    early |= err;
  }
  lua_pushboolean(L, 1);
  lua_pushboolean(L, early > 0);
  return 2;
}

/***
Answer a challenge of AUTH.
@function client:answer
@tparam string text base64, or "*" to give up
@treturn boolean true, or nil, message, code
*/
static int c_answer (lua_State *L) {
  Client *u = check(L);
  size_t n;
  const char *p = luaL_checklstring(L, 2, &n);
  int err = pop3_client_answer(u->c, p, n);
  if (err != 0) return lpop3_fail(L, err);
  lua_pushboolean(L, 1);
  return 1;
}

static void shut (Client *u) {
  u->port.engine = NULL;
  pop3_client_free(&u->c);
  pop3_journal_free(&u->log);
}

/***
The next event; nothing when more octets are needed.

- `"reply", ok, text, code[, number, octets]`: a status line without a body;
  the numbers are those of a +OK to STAT, LIST n and UIDL n (where the second
  one is the unique-id), nil where they are missing
- `"challenge", text, ok`: AUTH goes on, base64; `answer` it. `ok`: it was a +OK
  that came before any response, so that nothing was proven yet
- `"body", octets, text`: a whole body, and the text of its status line
- `"listing", table, count, defects`: the body of LIST or UIDL; `defects` is
  nil, or a list of `{ number =, line =, text = }`, the lines that lack
  something
- `"data", octets`, … `"end", count`: a body in pieces
- `"refused", message, errno`: the file could not be written
- `"events", count`, with a table: the events that are there, from index 1 on: of a
  whole body its octets; of any other event the list of its values

In place of octets, table or count there can be nil, message, code, when
that body broke a limit or was no listing; the session goes on. An error of
the session is nil, message, code.
@function client:next
@tparam[opt] pop3.outfile|pop3.diskfile|table into a file, where the pieces of a body
go; or a table, where all events go
@return event and its values
*/
static int c_next (lua_State *L) {
  Client *u = check(L);
  int into;
  lua_settop(L, 2);
  into = lua_type(L, 2);
  if (into != LUA_TNIL && into != LUA_TTABLE) lpop3_checkwriter(L, 2);
  return levent_next(L, u, into);
}

/***
Give the engine octets that came from the server.
@function client:feed
@tparam string octets
*/
static int c_feed (lua_State *L) {
  Client *u = check(L);
  size_t n;
  const char *p = luaL_checklstring(L, 2, &n);
  int err = pop3_client_feed(u->c, p, n);
  return err != 0 ? lpop3_fail(L, err) : 0;
}

/***
The octets to send, nil if there are none. `sent` says how many are sent.
@function client:out
@treturn string
*/
static int c_out (lua_State *L) {
  pop3_span o = pop3_client_out(check(L)->c);
  if (o.n == 0) return 0;
  lua_pushlstring(L, o.p, o.n);
  return 1;
}

/***
Octets of `out` are sent.
@function client:sent
@tparam integer n
@treturn integer how many wait to be sent after them
*/
static int c_sent (lua_State *L) {
  Client *u = check(L);
  lua_Integer n = luaL_checkinteger(L, 2);
  luaL_argcheck(L, n >= 0 && (size_t)n <= pop3_client_out(u->c).n, 2,
                "more than is waiting to be sent");
  pop3_client_sent(u->c, (size_t)n);
  lua_pushinteger(L, (lua_Integer)pop3_client_out(u->c).n);
  return 1;
}

/***
The server has closed its side.
@function client:eof
*/
static int c_eof (lua_State *L) {
  pop3_client_eof(check(L)->c);
  return 0;
}

/***
One more secret to mask in replies and traces, besides those in commands.
@function client:secret
@tparam string octets
*/
static int c_secret (lua_State *L) {
  Client *u = check(L);
  size_t n;
  const char *p = luaL_checklstring(L, 2, &n);
  int err = pop3_client_secret(u->c, p, n);
  return err != 0 ? lpop3_fail(L, err) : 0;
}

/***
Read and drop the replies to all outstanding commands.
@function client:discard
*/
static int c_discard (lua_State *L) {
  pop3_client_discard(check(L)->c);
  return 0;
}

/***
The number of commands whose reply has not ended.
@function client:asked
@treturn integer
*/
static int c_asked (lua_State *L) {
  lua_pushinteger(L, (lua_Integer)pop3_client_asked(check(L)->c));
  return 1;
}

/***
Octets that came and are not part of any event yet.
@function client:unread
@treturn integer
*/
static int c_unread (lua_State *L) {
  lua_pushinteger(L, (lua_Integer)pop3_client_unread(check(L)->c));
  return 1;
}

/***
Check that nothing came while no reply can be due: before a command or the
answer to a challenge is sent.
@function client:quiet
@treturn boolean true; false after an unsolicited -ERR, which becomes the reply, and
the session is to be closed after it; or nil, message, "proto"
*/
static int c_quiet (lua_State *L) {
  Client *u = check(L);
  int got = pop3_client_quiet(u->c);
  if (got < 0) return levent_fail(L, u->c, got);
  lua_pushboolean(L, got == 0);
  return 1;
}

/***
Whether the octets of a body without CRLF end in a line of one dot that may be its
terminator: the server may send bare LFs, and an empty message or one of a single line.
False while other commands are outstanding.
@function client:doubtful
@treturn boolean
*/
static int c_doubtful (lua_State *L) {
  lua_pushboolean(L, pop3_client_doubtful(check(L)->c));
  return 1;
}

/***
Take such a line as the end of the body. To be called after a pause without octets. The
session takes no command after that body: the rest of it could still come.
@function client:settle
@treturn boolean whether there was such a line; then `next` has the event
*/
static int c_settle (lua_State *L) {
  lua_pushboolean(L, pop3_client_settle(check(L)->c));
  return 1;
}

/***
The state of RFC 1939: "greeting", "authorization", "transaction", "update"
or "closed".
@function client:state
@treturn string
*/
static int c_state (lua_State *L) {
  static const char *const names[] = {
    "greeting", "authorization", "transaction", "update", "closed"
  };
  lua_pushstring(L, names[pop3_client_phase(check(L)->c)]);
  return 1;
}

/***
The lines since the last call, secrets masked; nil if there are no lines, or
without the option `trace`.
@function client:trace
@treturn {{from="C" or "S",line=string},...}
*/
static int c_trace (lua_State *L) {
  Client *u = check(L);
  if (!u->tracing || u->log.buf.n == u->log.head) return 0;
  lpop3_pushentries(L, &u->log, 0, UINT64_MAX);
  pop3_journal_clear(&u->log);
  return 1;
}

static int c_close (lua_State *L) {
  shut((Client *)lua_touserdata(L, 1));
  return 0;
}

static int c_tostring (lua_State *L) {
  Client *u = (Client *)lua_touserdata(L, 1);
  lua_pushfstring(L, LPOP3_CLIENT " (%s)", u->c == NULL ? "closed" : "open");
  return 1;
}

static const luaL_Reg methods[] = {
  { "__tostring", c_tostring },
  { "answer", c_answer },
  { "ask", c_ask },
  { "ask_each", c_ask_each },
  { "asked", c_asked },
  { "close", c_close },
  { "discard", c_discard },
  { "eof", c_eof },
  { "feed", c_feed },
  { "next", c_next },
  { "out", c_out },
  { "quiet", c_quiet },
  { "doubtful", c_doubtful },
  { "settle", c_settle },
  { "secret", c_secret },
  { "sent", c_sent },
  { "state", c_state },
  { "trace", c_trace },
  { "unread", c_unread },
  { NULL, NULL }
};

void lpop3_open_client (lua_State *L) {
  lpop3_porttype(L, LPOP3_CLIENT, methods);
  lua_pushinteger(L, (lua_Integer)lpop3_blockfront(L));
  lua_pushcclosure(L, l_client, 1);
  lua_setfield(L, -2, "client");
}
