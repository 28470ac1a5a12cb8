/*
** levent.c - the events of the client engine as Lua values, for lclient.c.
*/
#include <string.h>

#include "../lblock.h"
#include "../os/ldisk.h"
#include "../os/lsystem.h"
#include "levent.h"

/* User values. */
enum { LISTING = 1, TEXT, FAULTS };

#define FAULTS_KEPT 100  /* defects of a listing that are described */

#define SHOWN 60  /* octets shown of a line that is not a reply */

int levent_fail (lua_State *L, const pop3_client *c, int err) {
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
    lua_pushnil(L);  /* a number came twice: not a listing */
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

/* The octets of a body or of a piece. The storage of a large one becomes the string. */
static void push_octets (lua_State *L, Client *u, pop3_span body) {
  size_t size;
  char *block = u->front > 0 ? pop3_client_take(u->c, &size) : NULL;
  if (block == NULL) lua_pushlstring(L, body.p, body.n);
  else lpop3_pushblock(L, block, size, u->front, body.n);
}

/*
** "body", octets, status text, or "body", nil, message, code; for a body in
** pieces "end" and the count of octets, or nil, message, code.
*/
static int push_end (lua_State *L, Client *u, const pop3_event *ev) {
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
  push_octets(L, u, ev->data);
  if (!ev->body) return 2;
  lua_getiuservalue(L, 1, TEXT);
  return 3;
}

/*
** The values of an event, which was taken from the engine; 0 if it has none for
** Lua, as the beginning of a body.
*/
static int push_event (lua_State *L, Client *u, pop3_event *ev) {
  switch (ev->type) {
    case POP3_EV_CHALLENGE:
      lua_pushliteral(L, "challenge");
      lua_pushlstring(L, ev->text.p, ev->text.n);
      lua_pushboolean(L, ev->ok);
      return 3;
    case POP3_EV_REPLY:
      if (!ev->more) return push_reply(L, ev);
      begin_body(L, ev);
      return 0;
    case POP3_EV_END: return push_end(L, u, ev);
    default:
      lua_pushliteral(L, "data");
      push_octets(L, u, ev->data);
      return 2;
  }
}

/* Write a piece of a body to the file at 2; the values of a failure, or 0. */
static int write_piece (lua_State *L, const pop3_event *ev) {
  int en = lpop3_writerput(L, 2, ev->data.p, ev->data.n);
  if (en == 0) return 0;
  lua_pushliteral(L, "refused");
  lua_pushstring(L, strerror(en));
  lua_pushstring(L, lpop3_errname(en));
  return 3;
}

/* Put the 'n' values on the top, those of the event, into the table at 2. */
static void keep_event (lua_State *L, const pop3_event *ev, int n,
                        lua_Integer at) {
  int i, first = lua_gettop(L) - n + 1;
  if (n == 2 && ev->type == POP3_EV_END && ev->mode == POP3_WHOLE) {
    lua_rawseti(L, 2, at);
    lua_pop(L, 1);
    return;
  }
  lua_createtable(L, n, 0);
  for (i = 0; i < n; i++) {
    lua_pushvalue(L, first + i);
    lua_rawseti(L, -2, i + 1);
  }
  lua_rawseti(L, 2, at);
  lua_settop(L, first - 1);
}

int levent_next (lua_State *L, Client *u, int into) {
  pop3_event ev;
  lua_Integer kept = 0;
  int got;
  while ((got = pop3_client_next(u->c, &ev)) == 1) {
    int n;
    if (ev.type == POP3_EV_ENTRY || ev.type == POP3_EV_DEFECT) {
      got = add_entries(L, u, &ev);
      if (got != 1) break;
    }
    if (ev.type == POP3_EV_DATA && into == LUA_TUSERDATA)
      n = write_piece(L, &ev);
    else n = push_event(L, u, &ev);
    if (n > 0 && into != LUA_TTABLE) return n;
    if (n > 0) keep_event(L, &ev, n, ++kept);
  }
  if (kept > 0) {  /* an error sticks: the next call returns it */
    lua_pushliteral(L, "events");
    lua_pushinteger(L, kept);
    return 2;
  }
  return got == 0 ? 0 : levent_fail(L, u->c, got);
}
