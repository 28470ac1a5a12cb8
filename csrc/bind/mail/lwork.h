/*
** lwork.h - what reading mail needs for the time of a call; see Work.
*/
#ifndef LWORK_H
#define LWORK_H

#include "../../mail/mail.h"
#include "../lpop3.h"

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

#endif
