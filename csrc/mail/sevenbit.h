/*
** sevenbit.h - charsets of seven bits, rewritten as charsets of eight bits that
** have the same characters, for charset.c: iconv then reads one form of each.
** The octet 0xFF stands for what is invalid.
*/
#ifndef POP3_SEVENBIT_H
#define POP3_SEVENBIT_H

#include "../base/buf.h"

#define POP3_SEVEN_ASCII 'A'  /* the character set at the beginning */

/*
** ISO-2022-JP (RFC 1468, with half-width katakana and JIS X 0212) as EUC-JP.
** Appends up to a character that EUC-JP has not: '*u' becomes that character, 0
** at the end, and '*in' what follows. '*set' is the character set that is
** selected. POP3_ENOMEM.
*/
int pop3_seven_jp (pop3_buf *out, pop3_span *in, char *set, uint32_t *u);

/* HZ (RFC 1843) as GB18030. POP3_ENOMEM. */
int pop3_seven_hz (pop3_buf *out, pop3_span in);

#endif
