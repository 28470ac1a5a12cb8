/*
** multibyte.h - the octets of charsets like Shift_JIS, for charset.c. 'kind' is
** an enum pop3_charset_kind.
*/
#ifndef POP3_MULTIBYTE_H
#define POP3_MULTIBYTE_H

#include <stddef.h>
#include <stdint.h>

/* Can 'b' be the first octet of a multibyte character? */
int pop3_multi_is_lead (int kind, unsigned char b);

/*
** How many octets at 's' iconv may see at once: up to the first character that
** it would read wrongly, and no more than some hundreds. 0: the first one is
** such a character. All of them, unless the iconv is that of musl.
*/
size_t pop3_multi_safe (int kind, const char *s, size_t n);

/* The code point above U+FFFF of four octets of GB18030, 0 if it is none. */
uint32_t pop3_multi_four (int kind, const char *s, size_t n);

#endif
