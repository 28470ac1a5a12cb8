/*
** utf8.h - validation of UTF-8, and replacement of what is invalid.
*/
#ifndef POP3_UTF8_H
#define POP3_UTF8_H

#include "buf.h"

/* How many octets from the start on are ASCII; are well-formed UTF-8. */
size_t pop3_utf8_ascii (const char *p, size_t n);
size_t pop3_utf8_valid (const char *p, size_t n);

/* Length of the maximal subpart at 'p', which is not well-formed; n > 0. */
size_t pop3_utf8_bad (const char *p, size_t n);

/* Write 'c' (a scalar value) at 'p', which has room for 4; the length. */
size_t pop3_utf8_put (char *p, uint32_t c);
int    pop3_utf8_add (pop3_buf *out, uint32_t c);

/* Append 'in' as UTF-8: U+FFFD replaces each invalid maximal subpart. */
int    pop3_utf8_fix (pop3_buf *out, pop3_span in);

/* Append raw octets: unchanged if well-formed UTF-8, else as windows-1252. */
int    pop3_utf8_guess (pop3_buf *out, pop3_span in);

/* The same, where it is known which of both they are. */
int    pop3_utf8_raw (pop3_buf *out, pop3_span in, int valid);

#endif
