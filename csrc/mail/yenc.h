/*
** yenc.h - the x-yenc transfer encoding; used by decode.c only.
*/
#ifndef POP3_YENC_H
#define POP3_YENC_H

#include "../base/base.h"

/* The state between two pieces of input. */
typedef struct pop3_yenc {
  unsigned char state;     /* before, within or after the data */
  unsigned char line;      /* the place in a line */
  unsigned char escaped;   /* the last octet was "=" */
  unsigned char matched;   /* octets of a keyword that were seen */
} pop3_yenc;

void pop3_yenc_init (pop3_yenc *y);

/* Decode to 'out', which has room for in.n octets; returns their end. */
char *pop3_yenc_decode (pop3_yenc *y, pop3_span in, char *out);

#endif
