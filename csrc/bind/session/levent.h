/*
** levent.h - the events of the client engine as Lua values, and its userdata.
** lclient.c has the functions of the engine.
*/
#ifndef LEVENT_H
#define LEVENT_H

#include "../../session/journal.h"
#include "../lpop3.h"

typedef struct Client {
  lpop3_port port;
  pop3_client *c;    /* NULL when closed */
  pop3_journal log;
  int tracing;
  size_t front;      /* octets that Lua needs before a body; 0: it copies it */
} Client;

#define LEVENT_VALUES 3  /* user values, which levent.c uses */

/* nil, message, code; the message quotes the line that is not a reply. */
int levent_fail (lua_State *L, const pop3_client *c, int err);

/*
** 'client:next' of the engine at 1. 'into' is the type of what is at 2: nil, a
** writer, or a table.
*/
int levent_next (lua_State *L, Client *u, int into);

#endif
