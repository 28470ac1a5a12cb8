/*
** lpop3.c - what the files of the binding share.
*/

#include <errno.h>
#include <string.h>

#include "lpop3.h"

pop3_mem lpop3_mem (lua_State *L) {
  pop3_mem mem;
  mem.f = lua_getallocf(L, &mem.ud);
  return mem;
}

int lpop3_fail (lua_State *L, int err) {
  const char *code = pop3_errcode(err);
  if (err == POP3_ENOMEM || strcmp(code, "argument") == 0)
    return luaL_error(L, "%s", pop3_errtext(err));
  lua_pushnil(L);
  lua_pushstring(L, pop3_errtext(err));
  lua_pushstring(L, code);
  return 3;
}

int lpop3_sysfail (lua_State *L, const char *what, int en) {
  lua_pushnil(L);
  if (what != NULL) lua_pushfstring(L, "%s: %s", what, strerror(en));
  else lua_pushstring(L, strerror(en));
  lua_pushliteral(L, "io");
  return 3;
}

void lpop3_type (lua_State *L, const char *name, const luaL_Reg *meta,
                 const luaL_Reg *methods) {
  lpop3_subtable(L, "types");  /* module, types */
  luaL_newmetatable(L, name);  /* module, types, mt */
  luaL_setfuncs(L, meta, 0);
  lua_newtable(L);             /* module, types, mt, index */
  luaL_setfuncs(L, methods, 0);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "__index");
  lua_setfield(L, -3, name);
  lua_pop(L, 2);
}

void lpop3_pushu64 (lua_State *L, uint64_t u) {
  lua_pushinteger(L, u > (uint64_t)LUA_MAXINTEGER ? LUA_MAXINTEGER
                                                  : (lua_Integer)u);
}

void lpop3_subtable (lua_State *L, const char *name) {
  if (lua_getfield(L, -1, name) == LUA_TTABLE) return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, name);
}

void lpop3_functions (lua_State *L, const char *name, const luaL_Reg *list) {
  lpop3_subtable(L, name);
  luaL_setfuncs(L, list, 0);
  lua_pop(L, 1);
}

lpop3_port *lpop3_checkport (lua_State *L, int arg) {
  void *u = luaL_testudata(L, arg, LPOP3_CLIENT);
  lpop3_port *p;
  if (u == NULL) u = luaL_testudata(L, arg, LPOP3_SERVER);
  if (u == NULL) u = luaL_testudata(L, arg, LPOP3_TLS);
  if (u == NULL) {
    luaL_typeerror(L, arg, "engine");
    return NULL;  /* not reached */
  }
  p = (lpop3_port *)u;
  luaL_argcheck(L, p->engine != NULL, arg, "engine is closed");
  luaL_argcheck(L, !p->busy, arg, "engine is in use");
  return p;
}

uint64_t lpop3_optlimit (lua_State *L, int arg, const char *field,
                         uint64_t def) {
  lua_Integer n;
  int isint;
  if (lua_isnoneornil(L, arg)) return def;
  luaL_checktype(L, arg, LUA_TTABLE);
  if (lua_getfield(L, arg, field) == LUA_TNIL) {
    lua_pop(L, 1);
    return def;
  }
  n = lua_tointegerx(L, -1, &isint);
  if (!isint || n < 0)
    luaL_error(L, "limit '%s' must be an integer of 0 or more", field);
  lua_pop(L, 1);
  return (uint64_t)n;
}
