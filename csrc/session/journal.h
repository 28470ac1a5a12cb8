/*
** journal.h - the lines of many sessions, in their order.
**
** The engines add commands and status lines when they read or write them, with
** secrets masked; they do not add bodies. The storage is bounded: above 'cap'
** octets the oldest entries are dropped and counted.
*/
#ifndef POP3_JOURNAL_H
#define POP3_JOURNAL_H

#include "../base/buf.h"
#include "session.h"

typedef struct pop3_journal {
  pop3_buf buf;      /* entries, oldest first, from 'head' on */
  size_t head;
  size_t cap;        /* octets kept at the most */
  uint64_t lost;     /* entries that made room for newer ones */
  uint64_t added;    /* all entries, with those that are lost */
  double now;        /* the time that entries get; the caller sets it */
  uint64_t count[POP3_V_OTHER + 1];  /* commands of each verb, ever */
} pop3_journal;

typedef struct pop3_entry {
  double time;
  uint32_t session;
  char from;         /* 'C' or 'S' */
  pop3_span line;
} pop3_entry;

void pop3_journal_init (pop3_journal *j, pop3_mem mem, size_t cap);
void pop3_journal_free (pop3_journal *j);

/*
** Add a line, and "***" after it if its end was secret and is not part of
** 'line'. A failure leaves the journal as it was.
*/
int pop3_journal_add (pop3_journal *j, uint32_t session, char from,
                      pop3_span line, int masked);

/*
** The entry at '*at' (0 is the oldest), '*at' moves on. Returns 0 at the
** end. The line is good until the next 'add'.
*/
int pop3_journal_get (const pop3_journal *j, size_t *at, pop3_entry *e);

/* Forget all entries. */
void pop3_journal_clear (pop3_journal *j);

#endif
