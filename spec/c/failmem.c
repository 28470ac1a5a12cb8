/*
** failmem.c - an allocator that counts, checks and fails.
*/
#include <stdlib.h>
#include <string.h>

#include "failmem.h"

/* Precedes each block; its size keeps the block aligned for any type. */
typedef union header {
  size_t size;
  long double align;
} header;

static void drop (failmem *m, header *h) {
  m->bytes -= h->size;
  m->blocks--;
  memset(h + 1, 0xDD, h->size);
  free(h);
}

static void *take (failmem *m, header *old, size_t n) {
  header *h;
  size_t keep = old == NULL ? 0 : old->size < n ? old->size : n;
  if (++m->calls == m->fail_at) return NULL;
  h = (header *)malloc(sizeof *h + n);
  if (h == NULL) return NULL;
  h->size = n;
  m->bytes += n;
  m->blocks++;
  memset(h + 1, 0xAA, n);
  if (old != NULL) {
    memcpy(h + 1, old + 1, keep);
    drop(m, old);
  }
  if (m->bytes > m->peak) m->peak = m->bytes;
  return h + 1;
}

static void *alloc (void *ud, void *p, size_t osize, size_t nsize) {
  failmem *m = (failmem *)ud;
  header *h = p == NULL ? NULL : (header *)p - 1;
  if (h != NULL && h->size != osize) m->wrong++;
  if (nsize > 0) return take(m, h, nsize);
  if (h != NULL) drop(m, h);
  return NULL;
}

pop3_mem failmem_mem (failmem *m, long fail_at) {
  pop3_mem mem;
  memset(m, 0, sizeof *m);
  m->fail_at = fail_at;
  mem.f = alloc;
  mem.ud = m;
  return mem;
}
