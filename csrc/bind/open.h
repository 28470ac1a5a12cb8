/*
** open.h - the parts of pop3.core. One row for each file that adds functions
** to the module; 'lpop3_open_NAME' gets the module table on the top of the
** stack and leaves it there. They run in this order: allocators first, since
** objects are finalized in the reverse order of their creation.
*/
#ifndef LPOP3_OPEN_H
#define LPOP3_OPEN_H

#include <lua.h>

#define LPOP3_PARTS(X)                                                  \
  X (cache) X (work)                                                    \
  X (client) X (server) X (journal) X (dot) X (verb)                    \
  X (sasl) X (mech) X (credential)                                      \
  X (message) X (field) X (part) X (body) X (walk) X (codec) X (stream) \
  X (context) X (peer) X (tls) X (cert) X (digest) X (seal) X (smime)   \
  X (system) X (fd) X (file) X (infile) X (diskfile) X (dir) X (name)   \
  X (poll) X (proc) X (spawn) X (signal) X (state) X (terminal) X (pq)

#define LPOP3_X(name) void lpop3_open_##name (lua_State *L);
LPOP3_PARTS (LPOP3_X)
#undef LPOP3_X

int luaopen_pop3_core (lua_State *L);

#endif
