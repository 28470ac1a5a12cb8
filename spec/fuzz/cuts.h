/*
** cuts.h - code that the targets for the engines share. 'make fuzz' builds them and
** runs each with spec/fuzz/pop3.dict from its folder of spec/fuzz/corpus.
*/
#ifndef CUTS_H
#define CUTS_H

#include <string.h>

#include "buf.h"
#include "fuzz_mem.h"
#include "session.h"

#define NEED(x) ((x) ? (void)0 : abort())

/* How the octets come: in pieces that a seed decides on; 0 is all at once. */
typedef struct cuts {
  uint32_t seed;
} cuts;

static inline uint32_t cuts_random (cuts *c, uint32_t n) {
  c->seed = c->seed * 1664525u + 1013904223u;
  return (c->seed >> 16) % n;
}

/* Octets in the next piece, of n > 0; short ones are the likeliest. */
static inline size_t cuts_next (cuts *c, size_t n) {
  size_t k;
  if (c->seed == 0) return n;
  k = 1 + cuts_random(c, 1u << cuts_random(c, 9));
  return k < n ? k : n;
}

/* The events, as one buffer, so that two runs can be compared. */
static inline void note (pop3_buf *seen, const char *p, size_t n) {
  NEED(pop3_buf_add(seen, p, n) == 0);
}

static inline void note_number (pop3_buf *seen, uint64_t u) {
  note(seen, (const char *)&u, sizeof u);
}

static inline void note_span (pop3_buf *seen, pop3_span s) {
  note_number(seen, s.n);
  note(seen, s.p, s.n);
}

static inline int same (const pop3_buf *a, const pop3_buf *b) {
  return a->n == b->n && (a->n == 0 || memcmp(a->p, b->p, a->n) == 0);
}

#endif
