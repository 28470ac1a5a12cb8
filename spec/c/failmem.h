/*
** failmem.h - an allocator that counts, checks and fails.
**
** It checks the contract of pop3_mem ('osize' must be the size of the block).
** Every reallocation moves the block, and freed memory is overwritten.
*/
#ifndef FAILMEM_H
#define FAILMEM_H

#include "session.h"

typedef struct failmem {
  size_t bytes;     /* allocated now */
  size_t blocks;
  size_t peak;      /* the maximum of 'bytes' */
  long calls;       /* requests for memory */
  long fail_at;     /* the number of the request that fails; 0: none fails */
  long wrong;       /* calls that broke the contract */
} failmem;

/* Initialise 'm' and return its allocator. */
pop3_mem failmem_mem (failmem *m, long fail_at);

#endif
