/*
** module.c - the module pop3.core.
*/

/***
The C half: the engines, and what else is done in C. Whoever brings an event
loop or a transport of their own starts here; others use `pop3`.
@module pop3.core
*/
#include "lpop3.h"

#if defined(__GNUC__)
#define LPOP3_EXPORT __attribute__ ((visibility ("default")))
#else
#define LPOP3_EXPORT
#endif

LPOP3_EXPORT int luaopen_pop3_core (lua_State *L) {
  luaL_checkversion(L);
  lua_newtable(L);
  lpop3_open_cache(L);
  lpop3_open_cert(L);
  lpop3_open_client(L);
  lpop3_open_digest(L);
  lpop3_open_dot(L);
  lpop3_open_fd(L);
  lpop3_open_file(L);
  lpop3_open_journal(L);
  lpop3_open_message(L);
  lpop3_open_poll(L);
  lpop3_open_proc(L);
  lpop3_open_sasl(L);
  lpop3_open_server(L);
  lpop3_open_signal(L);
  lpop3_open_smime(L);
  lpop3_open_tls(L);
  return 1;
}
