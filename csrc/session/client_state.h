/*
** client_state.h - the state of a client session, for client.c and client_reply.c.
**
** One buffer holds the octets that came. It has three parts:
**
**      in.p ... front ... body ..... w ..... r ....... in.n
**      |  spare  |        |  plain   | gap  |   raw   |
**
** 'plain' is the part of a body that is un-stuffed: it is kept, or the last
** event showed it. 'raw' was not read yet. Bodies are un-stuffed in place;
** octets move down only after a dropped dot. New octets are read after 'raw',
** so that a message that is kept whole is never copied here.
*/
#ifndef POP3_CLIENT_STATE_H
#define POP3_CLIENT_STATE_H

#include "../base/buf.h"
#include "dot.h"
#include "journal.h"
#include "session.h"

/* A command whose reply has not ended. */
typedef struct ask {
  unsigned char verb;
  unsigned char shape;    /* of a +OK reply */
  unsigned char mode;
  unsigned char dropped;  /* the reply is not wanted */
  unsigned char body;     /* as the caller of 'ask' wants it */
} ask;

struct pop3_client {
  pop3_mem mem;
  pop3_client_limits lim;
  pop3_journal *j;
  int phase;
  int err;             /* sticks */
  int eof;
  pop3_buf in;
  size_t front;        /* octets to keep begin here */
  size_t body, w, r;
  size_t seen;         /* octets from r (or body) on without a line end */
  int inbody;
  int handed;          /* 'plain' was handed out: it goes at the next call */
  int challenged;      /* a challenge waits for its answer */
  int skipped;         /* an empty line came in place of a reply */
  int responded;       /* this AUTH has had a response of ours */
  int settled;         /* the end of a body was found by a pause */
  int bodyerr;         /* why the rest of this body is dropped */
  pop3_undot dot;
  uint64_t octets;     /* of this body, so far */
  uint64_t entries;    /* lines of this listing, so far */
  uint64_t bad;        /* of these, without a number or a value */
  uint64_t anonymous;  /* of these, without a message number */
  int junk;            /* one of them is not empty */
  uint64_t drained;    /* octets dropped since the last wanted reply */
  ask *q;              /* a ring */
  size_t qcap, qhead, qn;
  pop3_buf out;
  size_t sent;         /* octets of 'out' that are sent */
  pop3_buf secrets;
  pop3_buf text;       /* a status line with its secrets masked */
};

/* The octets from 'at' on; NULL at the start and after 'take': no storage. */
static inline char *pop3_client_at (const pop3_client *c, size_t at) {
  return c->in.p != NULL ? c->in.p + at : NULL;
}

/* The octets that the last event showed are not needed any more. */
static inline void pop3_client_drop (pop3_client *c) {
  if (!c->handed) return;
  c->handed = 0;
  c->body = c->w = c->r;
}

#endif
