/*
** journal.c - the lines of many sessions, in their order.
*/
#include <string.h>

#include "journal.h"

typedef struct header {
  double time;
  uint32_t session;
  uint32_t n;  /* octets of the line that follows; the sender is before it */
} header;

void pop3_journal_init (pop3_journal *j, pop3_mem mem, size_t cap) {
  memset(j, 0, sizeof *j);
  pop3_buf_init(&j->buf, mem);
  j->cap = cap;
}

void pop3_journal_free (pop3_journal *j) {
  pop3_buf_free(&j->buf);
  j->head = 0;
}

void pop3_journal_clear (pop3_journal *j) {
  pop3_journal_free(j);
  j->lost = j->added = 0;
  memset(j->count, 0, sizeof j->count);
}

int pop3_journal_get (const pop3_journal *j, size_t *at, pop3_entry *e) {
  size_t i = j->head + *at;
  header h;
  if (j->buf.n - j->head < *at + sizeof h + 1) return 0;
  memcpy(&h, j->buf.p + i, sizeof h);
  if (j->buf.n - i - sizeof h - 1 < h.n) return 0;
  e->time = h.time;
  e->session = h.session;
  e->from = j->buf.p[i + sizeof h];
  e->line.p = j->buf.p + i + sizeof h + 1;
  e->line.n = h.n;
  *at += sizeof h + 1 + h.n;
  return 1;
}

/* Drop the oldest entries above the cap; sometimes move the rest down. */
static void make_room (pop3_journal *j) {
  while (j->buf.n - j->head > j->cap) {
    pop3_entry e;
    size_t at = 0;
    pop3_journal_get(j, &at, &e);
    j->head += at;
    j->lost++;
  }
  if (j->head > j->cap) {
    pop3_buf_shift(&j->buf, j->head);
    j->head = 0;
  }
}

int pop3_journal_add (pop3_journal *j, uint32_t session, char from,
                      pop3_span line, int masked) {
  pop3_buf *b = &j->buf;
  size_t start = b->n;
  header h;
  int err;
  if (line.n > j->cap) line.n = j->cap;
  h.time = j->now;
  h.session = session;
  h.n = 0;
  err = pop3_buf_add(b, (const char *)&h, sizeof h);
  if (err == 0) err = pop3_buf_addc(b, from);
  if (err == 0) err = pop3_buf_add(b, line.p, line.n);
  if (err == 0 && masked) err = pop3_buf_add(b, "***", 3);
  if (err != 0) {
    b->n = start;
    return err;
  }
  h.n = (uint32_t)(b->n - start - sizeof h - 1);
  memcpy(b->p + start, &h, sizeof h);
  j->added++;
  make_room(j);
  return 0;
}
