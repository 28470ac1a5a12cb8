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
** Is it a response code that has a meaning (RFC 2449, 3206, 6856)? It is no
** secret then, whatever the password is.
*/
int pop3_code_known (const char *p, size_t n);

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

/*
** Is it a SASL response that is none: nothing, "=" (an empty initial one) or
** "*" (giving up)?
*/
int pop3_no_secret (const char *p, size_t n);

/* Does one of them, of at least 'min' octets, stand in the line? */
int pop3_secret_in (const pop3_buf *secrets, pop3_span line, size_t min);

/*
** Append a line with every occurrence of those secrets as "***".
**
** 'mask_text' is for what a peer says: of shorter secrets than MIN, it looks
** for none in general, since later replies say nothing about them; but in the
** reply to a login, where what is left around one would tell it, all of the
** text becomes "***".
*/
#define POP3_SECRET_MIN 4
int pop3_masked (pop3_buf *out, const pop3_buf *secrets, pop3_span line,
                 size_t min);
int pop3_mask_text (pop3_buf *out, const pop3_buf *secrets, pop3_span text,
                    int login);

#endif
