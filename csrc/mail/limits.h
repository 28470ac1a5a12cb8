/*
** limits.h - upper bounds for the parts of one message that are read.
**
** 0 stands for the default. The input beyond a limit is not read; a defect
** of the message (tree.h) says which limit was reached.
*/
#ifndef POP3_LIMITS_H
#define POP3_LIMITS_H

#include <stddef.h>

typedef struct pop3_limits {
  size_t depth;      /* 100: containers around a part; real mail has < 10 */
  size_t parts;      /* 10000: parts of a message */
  size_t header;     /* 1 MiB: octets read of one header block */
  size_t fields;     /* 10000: fields of one header block */
  size_t params;     /* 1000: parameters of one field, sections included */
  size_t addresses;  /* 100000: addresses of one field */
} pop3_limits;

/* Replace each 0 by the default. */
void pop3_limits_default (pop3_limits *l);

#endif
