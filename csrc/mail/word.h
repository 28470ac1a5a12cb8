/*
** word.h - text with encoded-words (RFC 2047).
*/
#ifndef POP3_WORD_H
#define POP3_WORD_H

#include "charset.h"

/*
** Append unfolded 'text' as UTF-8, its encoded-words decoded. Raw octets above
** 127 are UTF-8 if they are that or nearly so, else in c->fallback, else
** windows-1252; raw ISO-2022-JP is recognised by its escape sequences. CR, LF
** and NUL become blanks. POP3_ENOMEM.
*/
int pop3_words (pop3_conv *c, pop3_span text, pop3_buf *out);

/*
** 1 if an encoded-word that can be decoded begins at 'p'; '*end' is one past
** it, else the position from which to search for the next one.
*/
int pop3_word_at (const char *p, const char *e, const char **end);

#endif
