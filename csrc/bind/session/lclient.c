/*
** lclient.c - the client engine for Lua.
*/

/***
The client engine for Lua.
@engine pop3.core.client
*/
#include <string.h>

#include "../open.h"
#include "../os/ldisk.h"
#include "../os/lsystem.h"
#include "ljournal.h"

#define WANT (64 * 1024)     /* octets read at once: they stay in the cache */
#define TRACE (1024 * 1024)  /* octets of trace kept between two looks */

/* User values. */
enum { LISTING = 1, TEXT, FAULTS };

#define FAULTS_KEPT 100  /* defects of a listing that are described */

typedef struct Client {
  lpop3_port port;
  pop3_client *c;    /* NULL when closed */
  pop3_journal log;
  int tracing;
} Client;

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
  int tracing = 0;
  lim.line = size_limit(lpop3_optlimit(L, 1, "line", lim.line));
  lim.listing = size_limit(lpop3_optlimit(L, 1, "listing", lim.listing));
  lim.message = lpop3_optlimit(L, 1, "message", lim.message);
  lim.drain = lpop3_optlimit(L, 1, "drain", lim.drain);
  if (lua_istable(L, 1)) {
    lua_getfield(L, 1, "trace");
    tracing = lua_toboolean(L, -1);
    lua_pop(L, 1);
  }
  u = (Client *)lpop3_new(L, sizeof *u, 3);
  pop3_journal_init(&u->log, lpop3_mem(L), TRACE);
  u->tracing = tracing;
  luaL_setmetatable(L, LPOP3_CLIENT);           /* collectable */
  u->c = pop3_client_new(lpop3_mem(L), &lim, tracing ? &u->log : NULL);
  if (u->c == NULL) return lpop3_fail(L, POP3_ENOMEM);
  u->port.room = room;
  u->port.filled = filled;
  u->port.out = out;
  u->port.sent = sent;
  u->port.engine = u->c;                        /* open */
  u->port.want = WANT;
  return 1;
}

#define SHOWN 60  /* octets shown of a line that is not a reply */

/* nil, message, code; the message quotes the line that is not a reply. */
static int fail (lua_State *L, const pop3_client *c, int err) {
  pop3_span s = pop3_client_culprit(c);
  luaL_Buffer b;
  size_t i;
  if (s.n == 0) return lpop3_fail(L, err);
  lua_pushnil(L);
  luaL_buffinit(L, &b);
  luaL_addstring(&b, pop3_errtext(err));
  luaL_addstring(&b, ": \"");
  for (i = 0; i < s.n && i < SHOWN; i++)
    luaL_addchar(&b, s.p[i] >= ' ' && s.p[i] < 0x7f ? s.p[i] : '?');
  luaL_addstring(&b, i < s.n ? "...\"" : "\"");
  luaL_pushresult(&b);
  lua_pushstring(L, pop3_errcode(err));
  return 3;
}

/***
Put a command into the queue. Replies come in the order of the commands.
@function client:ask
@tparam string line the command without its CRLF
@tparam[opt=false] boolean body a +OK is followed by a body, for a verb that
is not POP3's own; a listing comes as a body, and the text of the status line
with it
@tparam[opt=false] boolean stream hand the body out in pieces
@treturn boolean true, or nil, message, code
@treturn ?boolean true when the server said -ERR unasked, see `client:quiet`
*/
static int c_ask (lua_State *L) {
  Client *u = check(L);
  size_t n;
  const char *line = luaL_checklstring(L, 2, &n);
  int body = lua_toboolean(L, 3);
  int mode = lua_toboolean(L, 4) ? POP3_STREAM : POP3_WHOLE;
  int err = pop3_client_ask(u->c, line, n, body, mode);
  if (err < 0) return fail(L, u->c, err);
  lua_pushboolean(L, 1);
  if (err == 0) return 1;
  lua_pushboolean(L, 1);
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

/* Push message and code of an error that belongs to one body. */
static int push_error (lua_State *L, int err) {
  lua_pushstring(L, pop3_errtext(err));
  lua_pushstring(L, pop3_errcode(err));
  return 2;
}

/* "reply", ok, text, code, number, octets or unique-id, error message */
static int push_reply (lua_State *L, const pop3_event *ev) {
  lua_pushliteral(L, "reply");
  lua_pushboolean(L, ev->ok);
  lua_pushlstring(L, ev->text.p, ev->text.n);
  if (ev->code.p != NULL) lua_pushlstring(L, ev->code.p, ev->code.n);
  else lua_pushnil(L);
  if (!ev->ok || ev->valid == 0) return 4;
  if (ev->valid & POP3_NUMBER) lpop3_pushu64(L, ev->number);
  else lua_pushnil(L);
  if ((ev->valid & POP3_VALUE) == 0) return 5;
  if (ev->data.n > 0) lua_pushlstring(L, ev->data.p, ev->data.n);
  else lpop3_pushu64(L, ev->octets);
  return 6;
}

/* A body begins: keep what is needed at its end. */
static void begin_body (lua_State *L, const pop3_event *ev) {
  if (ev->shape == POP3_S_LISTING) {
    lua_newtable(L);
    lua_setiuservalue(L, 1, LISTING);
    lua_pushnil(L);
    lua_setiuservalue(L, 1, FAULTS);
  }
  else if (ev->body) {
    lua_pushlstring(L, ev->text.p, ev->text.n);
    lua_setiuservalue(L, 1, TEXT);
  }
}

/*
** An entry into the listing on the top of the stack; 0 if its number was
** there already.
*/
static int add_entry (lua_State *L, const pop3_event *ev) {
  lua_Integer n = (lua_Integer)ev->number;
  int isnew = lua_rawgeti(L, -1, n) == LUA_TNIL;
  lua_pop(L, 1);
  if (ev->verb == POP3_V_UIDL) lua_pushlstring(L, ev->data.p, ev->data.n);
  else lpop3_pushu64(L, ev->octets);
  lua_rawseti(L, -2, n);
  return isnew;
}

#define LINE_SHOWN 200  /* octets of a bad line that are kept */

/* Add { number =, line =, text = } to the list of the listing's defects. */
static void add_defect (lua_State *L, const pop3_event *ev) {
  size_t i, n = ev->text.n < LINE_SHOWN ? ev->text.n : LINE_SHOWN;
  lua_Integer count;
  luaL_Buffer b;
  char *p;
  if (lua_getiuservalue(L, 1, FAULTS) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, 1, FAULTS);
  }
  count = (lua_Integer)lua_rawlen(L, -1);
  if (count >= FAULTS_KEPT) {
    lua_pop(L, 1);
    return;
  }
  lua_newtable(L);  /* list, defect */
  if (ev->valid & POP3_NUMBER) {
    lpop3_pushu64(L, ev->number);
    lua_setfield(L, -2, "number");
  }
  p = luaL_buffinitsize(L, &b, n);
  for (i = 0; i < n; i++) {
    unsigned char u = (unsigned char)ev->text.p[i];
    p[i] = u < ' ' || u == 0x7f ? '?' : (char)u;
  }
  luaL_pushresultsize(&b, n);
  lua_setfield(L, -2, "line");
  if (n == 0) lua_pushliteral(L, "the line is empty");
  else if ((ev->valid & POP3_NUMBER) == 0)
    lua_pushliteral(L, "the line has no message number");
  else if (ev->verb == POP3_V_UIDL)
    lua_pushliteral(L, "the line has no unique-id");
  else lua_pushliteral(L, "the line has no size");
  lua_setfield(L, -2, "text");
  lua_rawseti(L, -2, count + 1);
  lua_pop(L, 1);
}

/*
** Take the entries that are there, from the first in '*ev' on. Returns what
** 'next' returned for the event after them.
*/
static int add_entries (lua_State *L, Client *u, pop3_event *ev) {
  int got = 1;
  if (lua_getiuservalue(L, 1, LISTING) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_pushnil(L);  /* a number came twice: no listing any more */
  }
  while (got == 1 && (ev->type == POP3_EV_ENTRY ||
                      ev->type == POP3_EV_DEFECT)) {
    if (ev->type == POP3_EV_DEFECT) add_defect(L, ev);
    else if (!lua_isnil(L, -1) && !add_entry(L, ev)) {
      lua_pop(L, 1);
      lua_pushnil(L);
      lua_pushnil(L);
      lua_setiuservalue(L, 1, LISTING);
    }
    got = pop3_client_next(u->c, ev);
  }
  lua_pop(L, 1);
  return got;
}

/* "listing", table, count, defects, or "listing", nil, message, code */
static int push_listing (lua_State *L, const pop3_event *ev) {
  int err = ev->err;
  lua_pushliteral(L, "listing");
  if (lua_getiuservalue(L, 1, LISTING) == LUA_TNIL && err == 0)
    err = POP3_EENTRY;
  lua_pushnil(L);
  lua_setiuservalue(L, 1, LISTING);
  if (err != 0) {
    lua_pop(L, 1);
    lua_pushnil(L);
    return 2 + push_error(L, err);
  }
  lpop3_pushu64(L, ev->number);
  lua_getiuservalue(L, 1, FAULTS);
  lua_pushnil(L);
  lua_setiuservalue(L, 1, FAULTS);
  return 4;
}

/*
** "body", octets, status text, or "body", nil, message, code; for a body in
** pieces "end" and the count of octets, or nil, message, code.
*/
static int push_end (lua_State *L, const pop3_event *ev) {
  int streamed = ev->mode == POP3_STREAM;
  if (ev->shape == POP3_S_LISTING) return push_listing(L, ev);
  if (streamed) lua_pushliteral(L, "end");
  else lua_pushliteral(L, "body");
  if (ev->err != 0) {
    lua_pushnil(L);
    return 2 + push_error(L, ev->err);
  }
  if (streamed) {
    lpop3_pushu64(L, ev->octets);
    return 2;
  }
  lua_pushlstring(L, ev->data.p, ev->data.n);
  if (!ev->body) return 2;
  lua_getiuservalue(L, 1, TEXT);
  return 3;
}

/* As the public one below. */
static int next (lua_State *L, Client *u) {
  pop3_event ev;
  int got;
  while ((got = pop3_client_next(u->c, &ev)) == 1) {
    if (ev.type == POP3_EV_ENTRY || ev.type == POP3_EV_DEFECT) {
      got = add_entries(L, u, &ev);
      if (got != 1) break;
    }
    if (ev.type == POP3_EV_CHALLENGE) {
      lua_pushliteral(L, "challenge");
      lua_pushlstring(L, ev.text.p, ev.text.n);
      lua_pushboolean(L, ev.ok);
      return 3;
    }
    if (ev.type == POP3_EV_REPLY) {
      if (!ev.more) return push_reply(L, &ev);
      begin_body(L, &ev);
    }
    else if (ev.type == POP3_EV_END) return push_end(L, &ev);
    else if (lua_isnoneornil(L, 2)) {
      lua_pushliteral(L, "data");
      lua_pushlstring(L, ev.data.p, ev.data.n);
      return 2;
    }
    else {
      int en = lpop3_writerput(L, 2, ev.data.p, ev.data.n);
      if (en != 0) {
        lua_pushliteral(L, "refused");
        lua_pushstring(L, strerror(en));
        lua_pushstring(L, lpop3_errname(en));
        return 3;
      }
    }
  }
  return got == 0 ? 0 : fail(L, u->c, got);
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

In place of octets, table or count there can be nil, message, code, when
that body broke a limit or was no listing; the session goes on. An error of
the session is nil, message, code.
@function client:next
@tparam[opt] pop3.outfile|pop3.diskfile file where the pieces of a body go
@return event and its values
*/
static int c_next (lua_State *L) {
  Client *u = check(L);
  lua_settop(L, 2);
  if (!lua_isnil(L, 2)) lpop3_checkwriter(L, 2);
  return next(L, u);
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
*/
static int c_sent (lua_State *L) {
  Client *u = check(L);
  lua_Integer n = luaL_checkinteger(L, 2);
  luaL_argcheck(L, n >= 0 && (size_t)n <= pop3_client_out(u->c).n, 2,
                "more than is waiting to be sent");
  pop3_client_sent(u->c, (size_t)n);
  return 0;
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
The replies under way are not wanted: they are read and dropped.
@function client:discard
*/
static int c_discard (lua_State *L) {
  pop3_client_discard(check(L)->c);
  return 0;
}

/***
How many commands wait for the end of their reply.
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
@treturn boolean true; false when the server said -ERR unasked, which becomes
the reply, and the session is to be closed after it; or nil, message, "proto"
*/
static int c_quiet (lua_State *L) {
  Client *u = check(L);
  int got = pop3_client_quiet(u->c);
  if (got < 0) return fail(L, u->c, got);
  lua_pushboolean(L, got == 0);
  return 1;
}

/***
Whether the octets of a body end in a line of one dot after a bare LF: perhaps this is
the end, from a server that sends messages with the line ends in which they are stored.
@function client:doubtful
@treturn boolean
*/
static int c_doubtful (lua_State *L) {
  lua_pushboolean(L, pop3_client_doubtful(check(L)->c));
  return 1;
}

/***
Take such a line as the end of the body. To be called when nothing has come after it
for a while.
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

static const luaL_Reg meta[] = {
  { "__gc", c_close },
  { "__close", c_close },
  { "__tostring", c_tostring },
  { NULL, NULL }
};

static const luaL_Reg methods[] = {
  { "answer", c_answer },
  { "ask", c_ask },
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
  lpop3_type(L, LPOP3_CLIENT, meta, methods);
  lua_pushcfunction(L, l_client);
  lua_setfield(L, -2, "client");
}
