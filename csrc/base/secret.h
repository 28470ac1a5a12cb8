/*
** secret.h - secrets that were sent or received, and text with them masked.
*/
#ifndef POP3_SECRET_H
#define POP3_SECRET_H

#include "buf.h"

/*
** Append a secret to 'secrets'. Each is stored as its length (a size_t) and its
** octets. They are kept so that a peer's echo can be masked.
*/
int pop3_secret_add (pop3_buf *secrets, const char *p, size_t n);

/*
** Is it a SASL response without content: empty, "=" (an empty initial response)
** or "*" (cancel, RFC 5034 section 4)?
*/
int pop3_no_secret (const char *p, size_t n);

/* Does the line hold one of the secrets that have at least 'min' octets? */
int pop3_secret_in (const pop3_buf *secrets, pop3_span line, size_t min);

/*
** Append a line in which each of those secrets is replaced by "***".
**
** 'pop3_mask_text' is for text of a peer. It does not search for secrets
** shorter than MIN, which would mask common words. In the reply to a login
** ('login') it does, and replaces the whole text if it finds one: the rest
** would reveal the secret.
*/
#define POP3_SECRET_MIN 4
int pop3_masked (pop3_buf *out, const pop3_buf *secrets, pop3_span line,
                 size_t min);
int pop3_mask_text (pop3_buf *out, const pop3_buf *secrets, pop3_span text,
                    int login);

#endif
