/*
** fuzz_lua.h - for targets that test Lua code. A target defines 'fuzz_chunk', a
** chunk of Lua that returns a function; the function is called with each input.
** An error in it is a finding. Run from the top of the tree.
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

extern const char fuzz_chunk[];

static void lua_check (lua_State *L, int status) {
  if (status == LUA_OK) return;
  fprintf(stderr, "%s\n", lua_tostring(L, -1));
  abort();
}

static lua_State *lua_fuzz_new (void) {
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  luaL_requiref(L, "pop3.core", luaopen_pop3_core, 0);
  lua_pop(L, 1);
  lua_check(L, luaL_dostring(L, "package.path = 'lua/?.lua;lua/?/init.lua'"));
  lua_check(L, luaL_dostring(L, fuzz_chunk));
  return L;
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t n) {
  static lua_State *L;
  if (L == NULL) L = lua_fuzz_new();
  lua_pushvalue(L, -1);
  lua_pushlstring(L, (const char *)data, n);
  lua_check(L, lua_pcall(L, 1, 0, 0));
  return 0;
}

#endif
