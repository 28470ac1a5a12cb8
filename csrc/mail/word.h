/*
** word.h - text with encoded-words (RFC 2047).
*/
#ifndef POP3_WORD_H
#define POP3_WORD_H

#include "charset.h"

/* Append unfolded 'text' as UTF-8, its encoded-words decoded. POP3_ENOMEM. */
int pop3_words (pop3_conv *c, pop3_span text, pop3_buf *out);

#endif
