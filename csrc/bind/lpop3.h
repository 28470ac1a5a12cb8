/*
** lpop3.h - what the files of the binding share.
**
** Two kinds of failure, never mixed: misuse raises an error at the caller
** (luaL_check*), the world's failures return nil, message, code through
** 'lpop3_fail'. Out of memory is raised, as Lua itself does.
*/
#ifndef LPOP3_H
#define LPOP3_H

#include <lauxlib.h>
#include <lua.h>

#include "../session/session.h"

/* Lua's allocator, as the core wants it. */
pop3_mem lpop3_mem (lua_State *L);

/* nil, message, code for a POP3_E value; raises for memory and argument. */
int lpop3_fail (lua_State *L, int err);

/* nil, "what: strerror", "io" for an errno. */
int lpop3_sysfail (lua_State *L, const char *what, int en);

/*
** A type: metatable 'name' with 'meta' and an __index table of 'methods',
** which is also in the table 'types' of the module on the top of the stack.
*/
void lpop3_type (lua_State *L, const char *name, const luaL_Reg *meta,
                 const luaL_Reg *methods);

/* Push an integer; what a lua_Integer cannot hold becomes its maximum. */
void lpop3_pushu64 (lua_State *L, uint64_t u);

/*
** The four ports of an engine, at the head of its userdata, so that a
** descriptor can fill and drain it without knowing which engine it is.
*/
typedef struct lpop3_port {
  char     *(*room) (void *engine, size_t want, size_t *got);
  void      (*filled) (void *engine, size_t n);
  pop3_span (*out) (void *engine);
  void      (*sent) (void *engine, size_t n);
  void     *engine;  /* NULL when it is closed */
  size_t    want;    /* octets worth reading at once */
  int       busy;    /* a call is reading from it; a finalizer that Lua runs
                        meanwhile must leave it alone */
} lpop3_port;

#define LPOP3_CLIENT "pop3.client.engine"
#define LPOP3_SERVER "pop3.server.engine"
#define LPOP3_TLS "pop3.tls"

/* The open engine at 'arg', of any kind; misuse is raised. */
lpop3_port *lpop3_checkport (lua_State *L, int arg);

/* A field of the options table at 'arg' (or nothing there), >= 0. */
uint64_t lpop3_optlimit (lua_State *L, int arg, const char *field,
                         uint64_t def);

/* Push the table 'name' of the table on the top, which is made if missing. */
void lpop3_subtable (lua_State *L, const char *name);

/* Add functions to the table 'name' of the module on the top of the stack. */
void lpop3_functions (lua_State *L, const char *name, const luaL_Reg *list);

#endif
