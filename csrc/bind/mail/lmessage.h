/*
** lmessage.h - messages and parts as userdata, for the files with methods.
*/
#ifndef LMESSAGE_H
#define LMESSAGE_H

#include "lwork.h"

/*
** A part. A message contains one for its root, so that all methods of parts are
** methods of messages too; the root as a part is another userdata, since text()
** of the message is its body, and text() of a part is the text of that part.
*/
typedef struct Part {
  struct Message *m;
  size_t n;               /* its index, depth first */
} Part;

enum {                    /* user values */
  UV_KEEPER = 1,          /* a message: the object that holds its octets */
  UV_MESSAGE = 1,         /* a part: its message */
  UV_CACHE,               /* a table of values already read, or nil */
  UV_OUTER,               /* a message: the path of the part around it */
  UV_PARTS,               /* a message: a list of its parts, or nil ... */
  UV_FIRST                /* ... without the first UV_FEW, which are here */
};

#define UV_FEW 4

/*
** A message: octets that another object holds (a string, a mapping, or the
** message around it), and the table of its parts, which are found when they
** are needed.
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
  size_t nhead;           /* octets of the header block; 0: not known yet */
  struct Message *owner;  /* the message that holds the octets, maybe itself */
  const pop3_charset *charset;    /* the option of that name, or NULL */
  const pop3_charset *raw;        /* of raw octets in the header, or NULL ... */
  unsigned char rawknown;         /* ... if it was looked for */
  unsigned char open, noted;
} Message;

/* The part at 'arg', whose message is open. */
Part *lmessage_check (lua_State *L, int arg);

/* The same for an upvalue, which is always a part. */
Part *lmessage_held (lua_State *L, int arg);

/* The same for a function that a method in Lua calls. */
Part *lmessage_ground (lua_State *L, int arg);

/* Raise if the message was closed, by a finalizer that a push has run. */
void lmessage_still (lua_State *L, const Message *m);

/* Push a message over 'in', which the object at 'keeper' holds. */
Message *lmessage_new (lua_State *L, pop3_span in, int keeper);

/* Push the message of the part at 'arg'. */
void lmessage_pushroot (lua_State *L, int arg);

/* Push part 'n' of the message of the part at 'arg'; 0: the root as a part. */
void lmessage_pushpart (lua_State *L, int arg, size_t n);

/* Push the cache of the part at 'arg'. */
void lmessage_cache (lua_State *L, int arg);

/*
** Find parts until number 'n' is there (NULL: no such part); until it is known
** whether it is a multipart with parts; until its end is known; until all are
** found.
*/
const pop3_part *lmessage_find (lua_State *L, Message *m, size_t n);
const pop3_part *lmessage_settled (lua_State *L, Message *m, size_t n);
const pop3_part *lmessage_whole (lua_State *L, Message *m, size_t n);
void             lmessage_all (lua_State *L, Message *m);

/* The header block of a part, up to the limit. */
pop3_span lmessage_block (lua_State *L, Message *m, size_t n);

/*
** Prepare the conversion of a header field with this raw value: find the
** charset of octets that are not UTF-8. To be called before the value is
** unfolded or parsed, which uses the same buffers.
*/
void lmessage_hint (lua_State *L, Message *m, pop3_span raw);

/* Add to the methods and the getters that both types have. */
void lmessage_add (lua_State *L, const luaL_Reg *methods,
                   const luaL_Reg *getters);

#endif
