/*
** fuzz_mem.h - what all targets share: the entry point, and an allocator for
** the core.
*/
#ifndef FUZZ_MEM_H
#define FUZZ_MEM_H

#include <stdint.h>
#include <stdlib.h>

#include "base.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t n);

static void *fuzz_alloc (void *ud, void *p, size_t osize, size_t nsize) {
  (void)ud;
  (void)osize;
  if (nsize > 0) return realloc(p, nsize);
  free(p);
  return NULL;
}

static inline pop3_mem fuzz_mem (void) {
  pop3_mem mem = { fuzz_alloc, NULL };
  return mem;
}

#endif
