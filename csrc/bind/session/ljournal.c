/*
** ljournal.c - the journal of a server's sessions, for Lua.
*/

/***
The journal of a server's sessions, for Lua.
@engine pop3.core.journal
*/
#include <string.h>

#include "../open.h"
#include "ljournal.h"

#define JOURNAL_T "pop3.journal"

#define CAP (64 * 1024 * 1024)  /* octets of lines kept by default */

typedef struct Journal {
  lpop3_object object;
  pop3_journal j;
} Journal;

pop3_journal *lpop3_checkjournal (lua_State *L, int arg) {
  return &((Journal *)luaL_checkudata(L, arg, JOURNAL_T))->j;
}

static pop3_journal *journal (lua_State *L) {
  return &((Journal *)lua_touserdata(L, 1))->j;
}

/*
** From a copy: a finalizer that Lua runs meanwhile may add to the journal.
*/
int lpop3_pushentries (lua_State *L, const pop3_journal *from, uint64_t skip,
                       uint64_t most) {
  pop3_journal copy, *j = &copy;
  size_t at = 0, end, n;
  lua_Integer i = 0;
  pop3_entry e;
  char *octets;
  while (skip > 0 && pop3_journal_get(from, &at, &e)) skip--;
  end = at;
  while (most > 0 && pop3_journal_get(from, &end, &e)) most--;
  n = end - at;
  octets = (char *)lua_newuserdatauv(L, n > 0 ? n : 1, 0);
  /* it may have grown, or have been cleared */
  if (from->buf.n - from->head < end) n = 0;
  memset(j, 0, sizeof *j);
  if (n > 0) memcpy(octets, from->buf.p + from->head + at, n);
  at = 0;
  j->buf.p = octets;
  j->buf.n = n;
  lua_newtable(L);  /* copy, list */
  while (pop3_journal_get(j, &at, &e)) {
    lua_createtable(L, 0, 4);  /* list, entry */
    lua_pushinteger(L, (lua_Integer)e.session);
    lua_setfield(L, -2, "session");
    lua_pushnumber(L, (lua_Number)e.time);
    lua_setfield(L, -2, "time");
    lua_pushlstring(L, &e.from, 1);
    lua_setfield(L, -2, "from");
    lua_pushlstring(L, e.line.p, e.line.n);
    lua_setfield(L, -2, "line");
    lua_rawseti(L, -2, ++i);
  }
  lua_remove(L, -2);
  return 1;
}

/***
A journal: the commands and status lines of many sessions.
@function journal
@tparam[opt=67108864] integer cap octets kept; beyond them the oldest
entries are dropped and counted
@treturn pop3.journal
*/
static int l_journal (lua_State *L) {
  lua_Integer cap = luaL_optinteger(L, 1, CAP);
  Journal *u;
  luaL_argcheck(L, cap > 0, 1, "must be positive");
  u = (Journal *)lpop3_new(L, sizeof *u, 0);
  pop3_journal_init(&u->j, lpop3_mem(L), (size_t)cap);
  luaL_setmetatable(L, JOURNAL_T);
  return 1;
}

/***
Set the time that the next entries get.
@function journal:now
@tparam number seconds
*/
static int j_now (lua_State *L) {
  journal(L)->now = (double)luaL_checknumber(L, 2);
  return 0;
}

/***
The entries, oldest first.
@function journal:list
@tparam[opt=0] integer since leave out this many of the oldest
entries; entries that were dropped count
@tparam[opt] integer most the number of entries to return at the most
@treturn {{session=integer,time=number,from="C" or "S",line=string},...}
@treturn integer how many older ones were dropped
*/
static int j_list (lua_State *L) {
  pop3_journal *j = journal(L);
  lua_Integer since = luaL_optinteger(L, 2, 0);
  uint64_t skip = since > 0 ? (uint64_t)since : 0;
  lua_Integer most = luaL_optinteger(L, 3, LUA_MAXINTEGER);
  lpop3_pushentries(L, j, skip > j->lost ? skip - j->lost : 0,
                    most > 0 ? (uint64_t)most : 0);
  lpop3_pushu64(L, j->lost);
  return 2;
}

/***
How many entries were added, with those that were dropped.
@function journal:size
@treturn integer
*/
static int j_size (lua_State *L) {
  lpop3_pushu64(L, journal(L)->added);
  return 1;
}

/***
Add an entry.
@function journal:add
@tparam integer session
@tparam string from "C" or "S"
@tparam string line
*/
static int j_add (lua_State *L) {
  pop3_journal *j = journal(L);
  lua_Integer id = luaL_checkinteger(L, 2);
  const char *from = luaL_checkstring(L, 3);
  pop3_span line;
  int err;
  line.p = luaL_checklstring(L, 4, &line.n);
  err = pop3_journal_add(j, (uint32_t)id, from[0], line, 0);
  return err != 0 ? lpop3_fail(L, err) : 0;
}

/***
The number of commands of a verb of POP3, refused ones included.
@function journal:count
@tparam string verb
@treturn integer, or nil for a verb that is not one of POP3
*/
static int j_count (lua_State *L) {
  pop3_journal *j = journal(L);
  size_t n;
  const char *verb = luaL_checklstring(L, 2, &n);
  int id = pop3_verb_find(verb, n);
  if (id == POP3_V_OTHER) return 0;
  lpop3_pushu64(L, j->count[id]);
  return 1;
}

static int j_clear (lua_State *L) {
  pop3_journal_clear(journal(L));
  return 0;
}

static int j_gc (lua_State *L) {
  pop3_journal_free(journal(L));
  return 0;
}

static const luaL_Reg methods[] = {
  { "__gc", j_gc },
  { "add", j_add },
  { "clear", j_clear },
  { "count", j_count },
  { "list", j_list },
  { "now", j_now },
  { "size", j_size },
  { NULL, NULL }
};

void lpop3_open_journal (lua_State *L) {
  lpop3_type(L, JOURNAL_T, methods);
  lua_pushcfunction(L, l_journal);
  lua_setfield(L, -2, "journal");
}
