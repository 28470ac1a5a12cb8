/*
** preload.c - for a static Lua: luaL_openlibs, with the C modules that are linked
** in package.preload, and the functions of the modules "system" and "term" that
** busted calls.
*/
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#undef luaL_openlibs
LUALIB_API void luaL_openlibs (lua_State *L);
void spec_openlibs (lua_State *L);
int luaopen_pop3_core (lua_State *L);
int luaopen_socket_core (lua_State *L);
int luaopen_socket_unix (lua_State *L);
int luaopen_mime_core (lua_State *L);
int luaopen_lfs (lua_State *L);

static int seconds (lua_State *L) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  lua_pushnumber(L, (lua_Number)t.tv_sec + (lua_Number)t.tv_nsec / 1e9);
  return 1;
}

static int is_terminal (lua_State *L) {
  lua_pushboolean(L, 0);
  return 1;
}

static const luaL_Reg system_functions[] = {
  {"gettime", seconds}, {"monotime", seconds}, {NULL, NULL}
};

static const luaL_Reg term_functions[] = {{"isatty", is_terminal}, {NULL, NULL}};

static int open_system (lua_State *L) {
  luaL_newlib(L, system_functions);
  return 1;
}

static int open_term (lua_State *L) {
  luaL_newlib(L, term_functions);
  return 1;
}

static const luaL_Reg modules[] = {
  {"lfs", luaopen_lfs}, {"mime.core", luaopen_mime_core},
  {"pop3.core", luaopen_pop3_core}, {"socket.core", luaopen_socket_core},
  {"socket.unix", luaopen_socket_unix}, {"system", open_system},
  {"term", open_term}, {NULL, NULL}
};

void spec_openlibs (lua_State *L) {
  luaL_openlibs(L);
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "preload");
  luaL_setfuncs(L, modules, 0);
  lua_pop(L, 2);
}
