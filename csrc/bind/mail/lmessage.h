/*
** lmessage.h - the userdata behind messages, for the files that read it.
*/
#ifndef LMESSAGE_H
#define LMESSAGE_H

#include "lwork.h"

/* A part, as scripts have it; a message is its own root part. */
typedef struct Part {
  struct Message *m;
  size_t n;               /* its index, depth first */
} Part;

enum {                    /* user values */
  UV_KEEPER = 1,          /* a message: whose octets these are */
  UV_MESSAGE = 1,         /* a part: the message it belongs to */
  UV_CACHE,               /* a table of what was read, or nil */
  UV_OUTER,               /* a message: the path of the part it lies in */
  UV_PARTS,               /* a message: a list of its parts, or nil ... */
  UV_FIRST                /* ... but for the first UV_FEW, which are here */
};

#define UV_FEW 3

/*
** A message: octets that somebody else keeps (a string, a mapping, or the
** message it is embedded in), and where its parts are. Nothing of that is
** known before it is asked for.
*/
typedef struct Message {
  Part part;
  Work *w;
  pop3_span in;
  pop3_limits lim;
  pop3_tree tree;
  pop3_builder *builder;  /* while parts are being found */
  void *map;              /* from mmap, or NULL */
  size_t nmap;
  struct Message *owner;  /* whose octets these are: itself, or around it */
  unsigned char open, noted;
} Message;

/* The part at 'arg', whose message is open. */
Part *lmessage_check (lua_State *L, int arg);

/* The same for a function that a method in Lua calls. */
Part *lmessage_ground (lua_State *L, int arg);

/* Raise unless the octets are still there: what a push may have changed. */
void lmessage_still (lua_State *L, const Message *m);

/* Push a message over 'in', whose keeper is at 'keeper'. */
Message *lmessage_new (lua_State *L, pop3_span in, int keeper);

/* Push part 'n' of the message of the part at 'arg'. */
void lmessage_pushpart (lua_State *L, int arg, size_t n);

/* Push the cache of the part at 'arg'. */
void lmessage_cache (lua_State *L, int arg);

/*
** Find parts until number 'n' is there: NULL if there is none; until its end
** is known; until all are.
*/
const pop3_part *lmessage_find (lua_State *L, Message *m, size_t n);
const pop3_part *lmessage_whole (lua_State *L, Message *m, size_t n);
void             lmessage_all (lua_State *L, Message *m);

/* The header block of a part, as far as it is read. */
pop3_span lmessage_block (lua_State *L, Message *m, size_t n);

/* Add to the methods and the getters that both types have. */
void lmessage_add (lua_State *L, const luaL_Reg *methods,
                   const luaL_Reg *getters);

#endif
