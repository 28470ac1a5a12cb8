/*
** lmessage.h - the userdata behind messages, for the files that read it.
*/
#ifndef LMESSAGE_H
#define LMESSAGE_H

#include "../mail/mail.h"
#include "lpop3.h"

/*
** What reading needs for the time of a call, and keeps for the next: one for
** a state, in lwork.c. Nothing in it outlives a push: Lua may then run
** finalizers, and they may read mail. So what is pushed in several steps is
** packed first.
*/
typedef struct Work {
  pop3_conv conv;
  pop3_value value;       /* the field taken apart last ... */
  pop3_span valued;       /* ... which lies here */
  size_t maxparams;
  pop3_addrs addrs;
  pop3_buf tmp, out;
  pop3_buf parts;         /* of a tree that is no more, for the next one */
  pop3_builder *spare;    /* NULL: in use, or never made */
  pop3_builder *last;     /* the one that was taken last, while it lives */
  pop3_iconvs iconvs;
  pop3_mem mem;
} Work;

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

/* ------------------------------------------------------------- lwork.c */

Work *lwork_get (lua_State *L);

/* A builder for a tree, and back. */
pop3_builder *lwork_take (lua_State *L, Work *w);
void          lwork_give (Work *w, pop3_builder *b);

/* Raise if 'err' is one. */
void lwork_try (lua_State *L, int err);

/* Take the value of a field, which is folded, apart: in w->value. */
void lwork_value (lua_State *L, Work *w, pop3_span raw, size_t max);

/* Unfold a field's value; it may lie in w->tmp. */
pop3_span lwork_unfold (lua_State *L, Work *w, pop3_span value);

/* Empty the buffers, and let go of large ones: at the end of what uses them. */
void lwork_trim (Work *w);

/* Push w->out and empty it; push a span; push the decoded text of one. */
void lwork_push (lua_State *L, Work *w);
void lwork_span (lua_State *L, pop3_span s);
void lwork_words (lua_State *L, Work *w, pop3_span unfolded);

/*
** Strings packed in w->out, each behind its length. 'packed' makes a copy that
** stays where it is: in 'small', or else in a userdata; that, or nil, is pushed.
** 'unpack' pushes the next string of it, or nil.
*/
#define LWORK_NIL SIZE_MAX
#define LWORK_SMALL 256

void        lwork_pack (lua_State *L, Work *w, pop3_span s);
const char *lwork_packed (lua_State *L, Work *w, char *small);
const char *lwork_unpack (lua_State *L, const char *p);

/* ---------------------------------------------------------- lmessage.c */

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

/* Add the functions of 'list' to table 'name' of the module on the top. */
void lmessage_table (lua_State *L, const char *name, const luaL_Reg *list);

/* ------------------------------------------------- the files beside it */

/* Push the list of the addresses in 'value', at most 'max'; 1: there are more. */
int lfield_addresses (lua_State *L, Work *w, pop3_span value, size_t max);

/* Push a date's table, or nil. */
void lfield_date (lua_State *L, pop3_span value);

/* The octets of a part as they are, and what code they are in. */
pop3_span lpart_octets (lua_State *L, const Part *p, enum pop3_code *code);

extern const luaL_Reg lfield_methods[], lfield_getters[];
extern const luaL_Reg lpart_methods[], lpart_getters[];
extern const luaL_Reg lwalk_methods[], lwalk_getters[];

void lwork_open (lua_State *L);
void lpart_open (lua_State *L);
void lcodec_open (lua_State *L);
void lstream_open (lua_State *L);
void lsave_open (lua_State *L);

#endif
