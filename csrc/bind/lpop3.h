/*
** lpop3.h - helpers that all files of the binding use.
**
** There are two kinds of failure: misuse raises an error at the caller
** (luaL_check*); all other failures return nil, message, code by 'lpop3_fail'.
** A lack of memory is raised, as Lua does.
*/
#ifndef LPOP3_H
#define LPOP3_H

#include <lauxlib.h>
#include <lua.h>

#include "../session/session.h"

/* Lua's allocator in the form that the core needs. */
pop3_mem lpop3_mem (lua_State *L);

/* nil, message, code for a POP3_E value; raises for memory and argument. */
int lpop3_fail (lua_State *L, int err);

/* nil, "what: strerror", "io" for an errno. */
int lpop3_sysfail (lua_State *L, const char *what, int en);

/*
** Objects in use
** --------------
** Lua runs finalizers wherever it allocates: when an argument is converted,
** when a result is pushed. A finalizer may close any object, and so free what
** a method is using. Therefore an object is in use while one of its methods
** runs. Closing it then takes effect when the method returns, and its other
** methods raise "in use".
**
** 'lpop3_type' does this for all methods of all types: it registers a function
** that checks the type of argument 1, marks the object, calls the method and
** removes the mark. So a method may take argument 1 by 'lua_touserdata', and
** must leave it at index 1, since that keeps the object alive.
**
** After an error the mark remains. Before it counts, the stack of the thread
** that made it is searched for the call; the last thread is a user value of
** the object, so that it is not collected before.
*/
typedef struct lpop3_object {
  lua_State *thread;       /* of the last call; NULL: none */
  unsigned char used;      /* a method runs, or ended by an error */
  unsigned char closing;   /* close it when the method returns */
  unsigned char anchor;    /* the user value that keeps 'thread' */
} lpop3_object;

/*
** A new userdata that begins with an 'lpop3_object', all octets 0, with 'nuv'
** user values. It has no metatable yet.
*/
void *lpop3_new (lua_State *L, size_t size, int nuv);

/*
** A type: metatable 'name', whose __index table is also in the table 'types' of
** the module on the top of the stack. Of 'methods', those whose names begin
** with two underscores go into the metatable, the others into __index.
** Functions called "close", "__close" and "__gc" close the object; they are
** called once or more. "close" serves as "__close" and "__gc", too, unless
** 'methods' has them.
*/
void lpop3_type (lua_State *L, const char *name, const luaL_Reg *methods);

/* Is a method of the object running? */
int lpop3_in_use (lpop3_object *o);

/* Push octets in hexadecimal; returns 1. */
int lpop3_pushhex (lua_State *L, const unsigned char *p, size_t n);

/*
** Push 'n' octets, or the error: LUA_OK, or what lua_pcall returned. For octets in
** a buffer that must be freed before an error is raised.
*/
int lpop3_trypush (lua_State *L, const char *p, size_t n);

/* Push an integer; one above the maximum of lua_Integer becomes that. */
void lpop3_pushu64 (lua_State *L, uint64_t u);

/*
** The four ports of an engine, at the head of its userdata, so that a
** descriptor can fill and drain it without knowing which engine it is.
*/
typedef struct lpop3_port {
  lpop3_object object;
  char     *(*room) (void *engine, size_t want, size_t *got);
  void      (*filled) (void *engine, size_t n);
  pop3_span (*out) (void *engine);
  void      (*sent) (void *engine, size_t n);
  void     *engine;  /* NULL when it is closed */
  size_t    want;    /* octets worth reading at once */
} lpop3_port;

#define LPOP3_CLIENT "pop3.client.engine"
#define LPOP3_SERVER "pop3.server.engine"
#define LPOP3_TLS "pop3.tls"

/* lpop3_type for a type of engine: its objects begin with an lpop3_port. */
void lpop3_porttype (lua_State *L, const char *name,
                     const luaL_Reg *methods);

/* The open engine at 'arg', of any kind; misuse is raised. */
lpop3_port *lpop3_checkport (lua_State *L, int arg);

/* A field of the options table at 'arg' (or nothing there), >= 0. */
uint64_t lpop3_optlimit (lua_State *L, int arg, const char *field,
                         uint64_t def);

/* Is a field of the options table at 'arg' true? Not if nothing is there. */
int lpop3_optflag (lua_State *L, int arg, const char *field);

/* Push the table 'name' of the table on the top, which is made if missing. */
void lpop3_subtable (lua_State *L, const char *name);

/* Add functions to the table 'name' of the module on the top of the stack. */
void lpop3_functions (lua_State *L, const char *name, const luaL_Reg *list);

#endif
