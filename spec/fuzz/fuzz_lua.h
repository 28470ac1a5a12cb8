/*
** fuzz_lua.h - for targets that test Lua code: a Lua state, and a call of the
** function that a chunk returns with the input. An error in it is a finding.
*/
#ifndef FUZZ_LUA_H
#define FUZZ_LUA_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t n);
int luaopen_pop3_core (lua_State *L);

static void lua_check (lua_State *L, int status) {
  if (status == LUA_OK) return;
  fprintf(stderr, "%s\n", lua_tostring(L, -1));
  abort();
}

/* Run from the top of the tree. */
static lua_State *lua_fuzz_new (const char *chunk) {
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  luaL_requiref(L, "pop3.core", luaopen_pop3_core, 0);
  lua_pop(L, 1);
  lua_check(L, luaL_dostring(L, "package.path = 'lua/?.lua;lua/?/init.lua'"));
  lua_check(L, luaL_dostring(L, chunk));
  return L;
}

static int lua_fuzz_run (lua_State *L, const uint8_t *data, size_t n) {
  lua_pushvalue(L, -1);
  lua_pushlstring(L, (const char *)data, n);
  lua_check(L, lua_pcall(L, 1, 0, 0));
  return 0;
}

#endif
