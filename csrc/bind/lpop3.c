/*
** lpop3.c - helpers that all files of the binding use.
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

/* ---------------------------------------------------------- objects in use */

void *lpop3_new (lua_State *L, size_t size, int nuv) {
  lpop3_object *o = (lpop3_object *)lua_newuserdatauv(L, size, nuv + 1);
  memset(o, 0, size);
  o->anchor = (unsigned char)(nuv + 1);
  return o;
}

static int guarded (lua_State *L);

/*
** Does the stack of the object's thread hold a call of one of its methods,
** from 'level' on?
*/
static int is_running (lua_State *T, const lpop3_object *o, int level) {
  lua_Debug ar;
  for (; lua_getstack(T, level, &ar); level++) {
    const void *first = NULL;
    lua_CFunction f;
    if (!lua_checkstack(T, 2)) return 1;
    lua_getinfo(T, "f", &ar);
    f = lua_tocfunction(T, -1);
    lua_pop(T, 1);
    if (f != guarded || lua_getlocal(T, &ar, 1) == NULL) continue;
    first = lua_touserdata(T, -1);
    lua_pop(T, 1);
    if (first == o) return 1;
  }
  return 0;
}

/*
** Is the object in use by calls from 'level' on? If not, remove the mark. A
** thread that ended by an error, or yielded, runs no method.
*/
static int in_use (lpop3_object *o, int level) {
  if (!o->used) return 0;
  if (lua_status(o->thread) == LUA_OK && is_running(o->thread, o, level))
    return 1;
  o->used = 0;
  return 0;
}

int lpop3_in_use (lpop3_object *o) {
  return in_use(o, 0);
}

/*
** The object at 1, which is of the type whose metatable is the first upvalue;
** misuse is raised.
*/
static lpop3_object *check_object (lua_State *L) {
  lpop3_object *o = (lpop3_object *)lua_touserdata(L, 1);
  if (o != NULL && lua_getmetatable(L, 1)) {
    int same = lua_rawequal(L, -1, lua_upvalueindex(1));
    lua_pop(L, 1);
    if (same) return o;
  }
  lua_getfield(L, lua_upvalueindex(1), "__name");
  luaL_typeerror(L, 1, lua_tostring(L, -1));
  return NULL;  /* not reached */
}

/* The object was closed while it was in use. */
static void close_now (lua_State *L, lpop3_object *o) {
  o->closing = 0;
  lua_getfield(L, lua_upvalueindex(1), "__gc");
  lua_pushvalue(L, 1);
  lua_call(L, 1, 0);
}

/* The function that Lua calls for a method; upvalues: metatable, method. */
static int guarded (lua_State *L) {
  lpop3_object *o = check_object(L);
  int n;
  if (o->used && in_use(o, o->thread == L))
    return luaL_argerror(L, 1, "the object is in use");
  if (o->closing) close_now(L, o);  /* the method ended by an error */
  if (o->thread != L) {
    lua_pushthread(L);
    lua_setiuservalue(L, 1, o->anchor);
    o->thread = L;
  }
  o->used = 1;
  n = lua_tocfunction(L, lua_upvalueindex(2))(L);
  o->used = 0;
  if (o->closing) close_now(L, o);
  return n;
}

/* The same for a function that closes the object. */
static int closer (lua_State *L) {
  lpop3_object *o = check_object(L);
  if (o->used && in_use(o, 0)) {
    o->closing = 1;
    return 0;
  }
  o->closing = 0;
  return lua_tocfunction(L, lua_upvalueindex(2))(L);
}

static int closes (const char *name) {
  return strcmp(name, "close") == 0 || strcmp(name, "__close") == 0 ||
         strcmp(name, "__gc") == 0;
}

/* Set a method as field 'name' of the table at 't'; 'mt': the metatable. */
static void set_method (lua_State *L, int t, int mt, const luaL_Reg *m,
                        const char *name) {
  lua_pushvalue(L, mt);
  lua_pushcfunction(L, m->func);
  lua_pushcclosure(L, closes(name) ? closer : guarded, 2);
  lua_setfield(L, t, name);
}

void lpop3_type (lua_State *L, const char *name, const luaL_Reg *methods) {
  const luaL_Reg *m;
  int mt, index;
  lpop3_subtable(L, "types");  /* module, types */
  luaL_newmetatable(L, name);  /* module, types, mt */
  lua_newtable(L);             /* module, types, mt, index */
  index = lua_gettop(L);
  mt = index - 1;
  for (m = methods; m->name != NULL; m++) {
    if (strcmp(m->name, "close") != 0) continue;
    set_method(L, mt, mt, m, "__close");
    set_method(L, mt, mt, m, "__gc");
  }
  for (m = methods; m->name != NULL; m++)
    set_method(L, strncmp(m->name, "__", 2) == 0 ? mt : index, mt, m, m->name);
  lua_pushvalue(L, index);
  lua_setfield(L, mt, "__index");
  lua_setfield(L, -3, name);
  lua_pop(L, 2);
}

/* -------------------------------------------------------------------- other */

int lpop3_pushhex (lua_State *L, const unsigned char *p, size_t n) {
  static const char hex[] = "0123456789abcdef";
  luaL_Buffer b;
  size_t i;
  char *o = luaL_buffinitsize(L, &b, n * 2);
  for (i = 0; i < n; i++) {
    *o++ = hex[p[i] >> 4];
    *o++ = hex[p[i] & 15];
  }
  luaL_pushresultsize(&b, n * 2);
  return 1;
}

void lpop3_pushu64 (lua_State *L, uint64_t u) {
  lua_pushinteger(L, u > (uint64_t)LUA_MAXINTEGER ? LUA_MAXINTEGER
                                                  : (lua_Integer)u);
}

static int push_span (lua_State *L) {
  const pop3_span *s = (const pop3_span *)lua_touserdata(L, 1);
  lua_pushlstring(L, s->n > 0 ? s->p : "", s->n);
  return 1;
}

int lpop3_trypush (lua_State *L, const char *p, size_t n) {
  pop3_span s;
  s.p = p;
  s.n = n;
  lua_pushcfunction(L, push_span);
  lua_pushlightuserdata(L, &s);
  return lua_pcall(L, 1, 1, 0);
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

/* Its address is a key of the metatable of each type of engine. */
static const char is_port = 0;

void lpop3_porttype (lua_State *L, const char *name,
                     const luaL_Reg *methods) {
  lpop3_type(L, name, methods);
  luaL_getmetatable(L, name);
  lua_pushboolean(L, 1);
  lua_rawsetp(L, -2, &is_port);
  lua_pop(L, 1);
}

lpop3_port *lpop3_checkport (lua_State *L, int arg) {
  lpop3_port *p = (lpop3_port *)lua_touserdata(L, arg);
  int is = 0;
  if (p != NULL && lua_getmetatable(L, arg)) {
    is = lua_rawgetp(L, -1, &is_port) == LUA_TBOOLEAN;
    lua_pop(L, 2);
  }
  if (!is) {
    luaL_typeerror(L, arg, "engine");
    return NULL;  /* not reached */
  }
  luaL_argcheck(L, p->engine != NULL, arg, "engine is closed");
  luaL_argcheck(L, !lpop3_in_use(&p->object), arg, "engine is in use");
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
    luaL_error(L, "limit '%s' must be an integer that is not negative", field);
  lua_pop(L, 1);
  return (uint64_t)n;
}

int lpop3_optflag (lua_State *L, int arg, const char *field) {
  int is;
  if (lua_isnoneornil(L, arg)) return 0;
  luaL_checktype(L, arg, LUA_TTABLE);
  lua_getfield(L, arg, field);
  is = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return is;
}
