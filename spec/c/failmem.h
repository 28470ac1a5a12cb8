/*
** failmem.h - an allocator that counts, checks and fails.
**
** It keeps the contract of pop3_mem: 'osize' must be the size that the block
** has, and nothing that shrinks may fail. Blocks move whenever they change
** their size, and what was left behind is overwritten.
*/
#ifndef FAILMEM_H
#define FAILMEM_H

#include "session.h"

typedef struct failmem {
  size_t bytes;     /* alive */
  size_t blocks;
  size_t peak;      /* the most bytes ever alive */
  long calls;       /* that asked for memory */
  long fail_at;     /* the one of them that fails, from 1; 0 for none */
  long wrong;       /* calls that broke the contract */
} failmem;

/* 'm' becomes a fresh one. */
pop3_mem failmem_mem (failmem *m, long fail_at);

#endif
