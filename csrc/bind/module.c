/*
** module.c - the module pop3.core.
*/

/***
The C half: the engines, and what else is done in C. Whoever brings an event
loop or a transport of their own starts here; others use `pop3`.
@module pop3.core
*/
#include <lauxlib.h>

#include "open.h"

#if defined(__GNUC__)
#define LPOP3_EXPORT __attribute__ ((visibility ("default")))
#else
#define LPOP3_EXPORT
#endif

LPOP3_EXPORT int luaopen_pop3_core (lua_State *L) {
  luaL_checkversion(L);
  lua_newtable(L);
#define LPOP3_X(name) lpop3_open_##name(L);
  LPOP3_PARTS (LPOP3_X)
#undef LPOP3_X
  return 1;
}
