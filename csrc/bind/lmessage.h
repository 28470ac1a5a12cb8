/*
** lmessage.h - the userdata behind messages, for the files that read it.
*/
#ifndef LMESSAGE_H
#define LMESSAGE_H

#include "../core/mail.h"
#include "lpop3.h"

#define MESSAGE_T "pop3.core.message"

/*
** A message: octets that somebody else keeps (a string, a mapping, or the
** message it is embedded in; user value 1), and what was found out about
** them. Nothing is, before it is asked for. The buffers are for whatever is
** on its way to Lua, so that an error on that way leaks nothing.
*/
typedef struct Message {
  pop3_span in;
  pop3_limits lim;
  pop3_tree tree;
  pop3_conv conv;
  pop3_value value;
  pop3_addrs addrs;
  pop3_buf tmp, out;
  void *map;              /* from mmap, or NULL */
  size_t nmap;
  struct Message *owner;  /* whose octets these are: itself, or around it */
  unsigned turn;          /* counts the calls */
  unsigned char open, noted;
} Message;

/* The message at 'arg', which must be open. */
Message *lmessage_check (lua_State *L, int arg);

/*
** Pushing values may run finalizers, and one of them might use this very
** message. Between a push and the next look at what the message holds, make
** sure that none did: raises if there was a call since 'turn' was taken.
*/
void lmessage_still (lua_State *L, const Message *m, unsigned turn);

/* Push a message over 'in', whose keeper is at 'keeper'. */
Message *lmessage_new (lua_State *L, pop3_span in, int keeper);

/* The part at index 'arg'; finds the parts first, unless it is the root. */
const pop3_part *lmessage_part (lua_State *L, Message *m, int arg);

/* The header block of part 'arg', as far as it is read. */
pop3_span lmessage_block (lua_State *L, Message *m, int arg);

/* Unfold a field's value; it may lie in m->tmp. */
pop3_span lmessage_unfold (lua_State *L, Message *m, pop3_span value);

/* Push m->out and empty it; push the decoded text of 'unfolded'. */
void lmessage_push (lua_State *L, Message *m);
void lmessage_words (lua_State *L, Message *m, pop3_span unfolded);

/* Push the list of the addresses in 'value', which is unfolded. */
void lmessage_addresses (lua_State *L, Message *m, pop3_span value,
                         size_t at);

/* Push a date's table, or nil. */
void lmessage_date (lua_State *L, pop3_span value);

/* Raise if 'err' is one. */
void lmessage_try (lua_State *L, int err);

/* lpart.c: methods of parts, for the same userdata. */
extern const luaL_Reg lpart_methods[];

/* Add the functions of 'list' to field 'name' of the module on the top. */
void lmessage_table (lua_State *L, const char *name, const luaL_Reg *list);

/* The other files that message reading opens. */
void lpart_open (lua_State *L);
void lcodec_open (lua_State *L);
void lstream_open (lua_State *L);
void lsave_open (lua_State *L);

#endif
