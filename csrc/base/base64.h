/*
** base64.h - base64 in one line (RFC 4648 section 4), for SASL, pins and the
** like. The lenient decoder of mail is in csrc/mail/decode.h.
*/
#ifndef POP3_BASE64_H
#define POP3_BASE64_H

#include "base.h"

/* Octets that 'n' octets take when they are encoded. */
#define POP3_BASE64_SIZE(n) (((n) + 2) / 3 * 4)

/* Encode to 'out', which has room for POP3_BASE64_SIZE; returns the octets. */
size_t pop3_base64_encode (char *out, pop3_span in);

/*
** Decode to 'out', which has room for in.n / 4 * 3 octets; '*n' is set to
** their number. The decoder is strict: no other character, full padding, and
** no bits left over, so that octets have one form only. Returns 0 or
** POP3_EBASE64.
*/
int pop3_base64_decode (char *out, size_t *n, pop3_span in);

#endif
