/*
** utf7.h - UTF-7 (RFC 2152) to UTF-8.
*/
#ifndef POP3_UTF7_H
#define POP3_UTF7_H

#include "../base/buf.h"

/* Append 'in' as UTF-8; invalid input becomes U+FFFD. POP3_ENOMEM. */
int pop3_utf7 (pop3_buf *out, pop3_span in);

#endif
