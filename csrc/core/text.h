/*
** text.h - small readers of ASCII text that both sessions share.
*/
#ifndef POP3_TEXT_H
#define POP3_TEXT_H

#include "buf.h"
#include "pop3.h"

/* Are n octets the same, ASCII letters of either case being equal? */
int pop3_same (const char *a, const char *b, size_t n);

/* An ASCII letter in upper case, anything else as it is. */
char pop3_upper (char c);

/*
** A number is digits and nothing else, no sign, no base, at most 'max'.
** Returns 1 with '*u' set if all of p[0 .. n) is one.
*/
int pop3_number (const char *p, size_t n, uint64_t max, uint64_t *u);

/* The word that s begins with, up to a space; 's' is left behind it. */
pop3_span pop3_word (pop3_span *s);

/*
** Secrets that were sent or received, so that a peer's echo can be masked:
** one after another, each behind its length as a size_t.
*/
int pop3_secret_add (pop3_buf *secrets, const char *p, size_t n);

/* Does one of them, of at least 'min' octets, stand in the line? */
int pop3_secret_in (const pop3_buf *secrets, pop3_span line, size_t min);

/*
** Append a line with every occurrence of those secrets as "***". Outside of
** a login 'min' is POP3_SECRET_MIN: a password of one letter would make
** later replies unreadable, and they say nothing about it.
*/
#define POP3_SECRET_MIN 4
int pop3_masked (pop3_buf *out, const pop3_buf *secrets, pop3_span line,
                 size_t min);

#endif
