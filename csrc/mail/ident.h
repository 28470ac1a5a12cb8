/*
** ident.h - message-ids and content-ids (RFC 5322 3.6.4, RFC 2045 7).
*/
#ifndef POP3_IDENT_H
#define POP3_IDENT_H

#include "charset.h"

/*
** Set '*text' to the value with its encoded-words decoded, which some senders
** put into ids: 'value' itself if there are none, else in 'out' (replaced).
** The functions below expect such a text.
*/
int pop3_ident_text (pop3_conv *c, pop3_span value, pop3_buf *out,
                     pop3_span *text);

/*
** 1: 'out' holds the next <id> from '*at' on, without white space and
** comments. Ids in quoted strings and comments are skipped. 0: there are no
** more.
*/
int pop3_ident_next (pop3_span value, size_t *at, pop3_buf *out);

/*
** The first <id> of 'value', or the whole value if it has no angle brackets.
** 0: 'value' holds no id.
*/
int pop3_ident (pop3_span value, pop3_buf *out);

#endif
