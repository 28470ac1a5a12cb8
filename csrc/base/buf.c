/*
** buf.c - growable bytes on a pop3_mem.
*/
#include <string.h>

#include "buf.h"

#define MINCAP 128

void *pop3_alloc (pop3_mem mem, size_t n) {
  return mem.f(mem.ud, NULL, 0, n);
}

void *pop3_realloc (pop3_mem mem, void *p, size_t osize, size_t nsize) {
  return mem.f(mem.ud, p, osize, nsize);
}

void pop3_free (pop3_mem mem, void *p, size_t n) {
  if (p != NULL) mem.f(mem.ud, p, n, 0);
}

void pop3_buf_init (pop3_buf *b, pop3_mem mem) {
  memset(b, 0, sizeof *b);
  b->mem = mem;
}

int pop3_buf_grow (pop3_buf *b, size_t n) {
  size_t cap;
  char *p;
  if (n > SIZE_MAX / 4 || b->n > SIZE_MAX / 4) return POP3_ENOMEM;
  cap = b->cap < MINCAP ? MINCAP : b->cap;
  while (cap - b->n < n) cap *= 2;
  p = (char *)pop3_realloc(b->mem, b->p, b->cap, cap);
  if (p == NULL) return POP3_ENOMEM;
  b->p = p;
  b->cap = cap;
  return 0;
}

int pop3_buf_add (pop3_buf *b, const char *p, size_t n) {
  if (n == 0) return 0;  /* 'p' may be NULL then */
  if (pop3_buf_room(b, n) != 0) return POP3_ENOMEM;
  memcpy(b->p + b->n, p, n);
  b->n += n;
  return 0;
}

int pop3_buf_addc (pop3_buf *b, char c) {
  return pop3_buf_add(b, &c, 1);
}

void pop3_buf_shift (pop3_buf *b, size_t n) {
  if (n == 0) return;
  if (n < b->n) memmove(b->p, b->p + n, b->n - n);
  b->n = n < b->n ? b->n - n : 0;
}

void pop3_buf_trim (pop3_buf *b, size_t keep) {
  if (b->n == 0 && b->cap > keep) pop3_buf_free(b);
}

void pop3_buf_free (pop3_buf *b) {
  pop3_free(b->mem, b->p, b->cap);
  pop3_buf_init(b, b->mem);
}

void pop3_buf_wipe (pop3_buf *b) {
  if (b->p != NULL) pop3_wipe(b->p, b->cap);
  pop3_buf_free(b);
}

/* The compiler cannot know the function, so it cannot remove the call. */
static void *(*const volatile set_octets) (void *, int, size_t) = memset;

void pop3_wipe (void *p, size_t n) {
  if (n > 0) set_octets(p, 0, n);
}
