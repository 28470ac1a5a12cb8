/*
** canon.h - mail in canonical form: every line ends in CRLF, the last too.
**
** Stores may keep mail in any form; sizes and octets on the wire are those of
** the canonical form (RFC 1939 section 11). Only a LF without a CR before it
** is changed; an empty message stays empty.
*/
#ifndef POP3_CANON_H
#define POP3_CANON_H

#include "../base/buf.h"
#include "session.h"

/*
** Counting in pieces: start with a zeroed struct, add all the octets, ask
** for the size.
*/
typedef struct pop3_canon {
  uint64_t size;
  char last;  /* the last octet seen */
} pop3_canon;

void     pop3_canon_count (pop3_canon *c, const char *p, size_t n);
uint64_t pop3_canon_size (const pop3_canon *c);

/*
** Append the canonical form of a piece; 'c' carries over from one piece to
** the next. 'pop3_canon_end' appends the final CRLF if it is lacking.
*/
int pop3_canon_add (pop3_canon *c, pop3_buf *out, const char *p, size_t n);
int pop3_canon_end (pop3_canon *c, pop3_buf *out);

/*
** How many octets of the canonical message p[0 .. n) TOP sends: the header,
** the empty line, and 'lines' lines of the body (RFC 1939 section 7). All of
** it when there is no empty line.
*/
size_t pop3_top_size (const char *p, size_t n, uint64_t lines);

#endif
