/*
** lwork.h - buffers and converters that one call needs to read mail; see Work.
*/
#ifndef LWORK_H
#define LWORK_H

#include "../../mail/mail.h"
#include "../lpop3.h"

/*
** Buffers and converters for the time of a call, kept for the next one; each
** Lua state has one Work. Their content is lost at every push: Lua may then run
** finalizers, and these may read mail. So a result that is pushed in several
** steps is packed first.
*/
typedef struct Work {
  pop3_conv conv;
  pop3_value value;       /* the field parsed last ... */
  pop3_span valued;       /* ... and where it is */
  size_t maxparams;
  pop3_addrs addrs;
  pop3_buf tmp, out;
  pop3_buf parts;         /* of a closed message, for the next one */
  pop3_builder *spare;    /* NULL: in use, or never made */
  pop3_builder *last;     /* the one that was taken last, or NULL */
  pop3_iconvs iconvs;
  pop3_mem mem;
} Work;

Work *lwork_get (lua_State *L);

/* Take a builder for a tree; give it back. */
pop3_builder *lwork_take (lua_State *L, Work *w);
void          lwork_give (Work *w, pop3_builder *b);

/* Raise an error if 'err' is negative. */
void lwork_try (lua_State *L, int err);

/* Parse the (folded) value of a field to w->value. */
void lwork_value (lua_State *L, Work *w, pop3_span raw, size_t max);

/* Unfold the value of a field; the result may be in w->tmp. */
pop3_span lwork_unfold (lua_State *L, Work *w, pop3_span value);

/* The same for a field with ids; the result may be in w->addrs.plain. */
pop3_span lwork_ids (lua_State *L, Work *w, pop3_span value);

/* Empty the buffers and free large ones: after the last use in a call. */
void lwork_trim (Work *w);

/* Push w->out and empty it; push a span; push the decoded text of one. */
void lwork_push (lua_State *L, Work *w);
void lwork_span (lua_State *L, pop3_span s);
void lwork_words (lua_State *L, Work *w, pop3_span unfolded);

/*
** Strings packed in w->out, each after its length. 'packed' makes a copy that
** later pushes do not change: in 'small', or in a userdata; pushes that, or
** nil. 'unpack' pushes the next string, or nil.
*/
#define LWORK_NIL SIZE_MAX
#define LWORK_SMALL 256

void        lwork_pack (lua_State *L, Work *w, pop3_span s);
const char *lwork_packed (lua_State *L, Work *w, char *small);
const char *lwork_unpack (lua_State *L, const char *p);

#endif
