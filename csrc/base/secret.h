/*
** secret.h - secrets that were sent or received, and text with them masked.
*/
#ifndef POP3_SECRET_H
#define POP3_SECRET_H

#include "buf.h"

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
