/*
** buf.h - growable bytes on a pop3_mem.
**
** A buffer is a plain struct that may be embedded; all zero but for 'mem' is
** an empty one. Bytes are in p[0 .. n). Growth doubles, so that appending is
** linear; a failed growth returns POP3_ENOMEM and changes nothing.
*/
#ifndef POP3_BUF_H
#define POP3_BUF_H

#include "base.h"

typedef struct pop3_buf {
  pop3_mem mem;
  char *p;      /* the bytes, NULL while there is no storage */
  size_t n;     /* how many are in use */
  size_t cap;   /* how many there is room for */
} pop3_buf;

/* Raw storage through 'mem'. */
void *pop3_alloc (pop3_mem mem, size_t n);
void *pop3_realloc (pop3_mem mem, void *p, size_t osize, size_t nsize);
void  pop3_free (pop3_mem mem, void *p, size_t n);

void  pop3_buf_init (pop3_buf *b, pop3_mem mem);

/* Make room for 'n' more bytes after the last; 'grow': there is none yet. */
int   pop3_buf_grow (pop3_buf *b, size_t n);

static inline int pop3_buf_room (pop3_buf *b, size_t n) {
  return n <= b->cap - b->n ? 0 : pop3_buf_grow(b, n);
}

/* Append. */
int   pop3_buf_add (pop3_buf *b, const char *p, size_t n);
int   pop3_buf_addc (pop3_buf *b, char c);

/* Drop the first 'n' bytes. */
void  pop3_buf_shift (pop3_buf *b, size_t n);

/* Free the storage if it is empty and larger than 'keep' bytes. */
void  pop3_buf_trim (pop3_buf *b, size_t keep);

/* Free the storage; the buffer is empty and usable again. */
void  pop3_buf_free (pop3_buf *b);

/* The same for secrets: every byte of the storage is overwritten first. */
void  pop3_buf_wipe (pop3_buf *b);

/* Overwrite memory; the compiler cannot optimise it away. */
void  pop3_wipe (void *p, size_t n);

#endif
