/*
** wide.h - UTF-16 and UTF-32 to UTF-8. Invalid input becomes U+FFFD.
*/
#ifndef POP3_WIDE_H
#define POP3_WIDE_H

#include "../base/buf.h"

/* Append 'in' as UTF-8. 'big': the order of the octets. POP3_ENOMEM. */
int pop3_utf16 (pop3_buf *out, pop3_span in, int big);

/*
** The same for UTF-32. 'kind': POP3_CS_UTF32BE, POP3_CS_UTF32LE, or
** POP3_CS_UTF32: without a mark, in big-endian order unless the first character
** denies it. A mark is dropped.
*/
int pop3_utf32 (pop3_buf *out, pop3_span in, int kind);

#endif
