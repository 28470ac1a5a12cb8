/*
** module.c - the module pop3.core.
*/

/***
The part in C. Programs use `pop3` instead; start here if you have an event loop
or a transport that `pop3.connect` cannot use.

The engines are `pop3.core.client`, `pop3.core.server` and `pop3.core.tls`. They
do no input and no output, and never wait. Each has four ports:

- `feed(octets)`: octets that came from the peer
- `next()`: the next event, or nothing when more octets are needed
- `out()`: octets to send, nil if there are none
- `sent(n)`: n of these octets were sent

A TLS engine is between another engine and the connection. The other pages describe
the tools of the library: files, descriptors, processes, certificates.
@engine pop3.core
@usage
local core = require "pop3.core"
local client, server = core.client(), core.server()
server:reply(true, "ready")                       -- the greeting
server:enter "authorization"
local octets = server:out()
client:feed(octets)
server:sent(#octets)
print(client:next())                              -- reply, true, "ready"
client:ask "CAPA"
server:feed(client:out())
print(server:next())                              -- CAPA
*/
#include <lauxlib.h>

#include "../base/version.h"
#include "open.h"

#if defined(__GNUC__)
#define LPOP3_EXPORT __attribute__ ((visibility ("default")))
#else
#define LPOP3_EXPORT
#endif

/***
The version of this library, such as "1.0.0".
@field version
*/

LPOP3_EXPORT int luaopen_pop3_core (lua_State *L) {
  luaL_checkversion(L);
  lua_newtable(L);
  lua_pushliteral(L, POP3_VERSION);
  lua_setfield(L, -2, "version");
#define LPOP3_X(name) lpop3_open_##name(L);
  LPOP3_PARTS (LPOP3_X)
#undef LPOP3_X
  return 1;
}
