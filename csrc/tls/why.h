/*
** why.h - explanations of failures: one line of text, which may quote what the
** peer sent.
*/
#ifndef POP3_TLS_WHY_H
#define POP3_TLS_WHY_H

#define POP3_WHY_MAX 512   /* octets of an explanation, its NUL included */

/* Write an explanation. Octets that are not printable ASCII become "?". */
void pop3_tls_say (char why[POP3_WHY_MAX], const char *fmt, ...)
#if defined(__GNUC__)
  __attribute__ ((format (printf, 2, 3)))
#endif
;

/* The last error of OpenSSL in words. The queue of errors is empty then. */
const char *pop3_tls_reason (void);

#endif
