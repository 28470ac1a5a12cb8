/*
** label.h - names of charsets.
*/
#ifndef POP3_LABEL_H
#define POP3_LABEL_H

#include "../base/base.h"

/* How charset.c converts a charset. */
enum pop3_charset_kind {
  POP3_CS_UTF8, POP3_CS_1252, POP3_CS_UTF16LE, POP3_CS_UTF16BE, POP3_CS_UTF7,
  POP3_CS_UTF32, POP3_CS_UTF32BE, POP3_CS_UTF32LE,
  POP3_CS_ASCII,
  POP3_CS_GUESS,      /* unknown-8bit: read like octets without a charset */
  POP3_CS_USER,       /* x-user-defined */
  POP3_CS_SINGLE,     /* ASCII and 128 more; their table comes from iconv */
  POP3_CS_EBCDIC,     /* one octet per character, by iconv */
  POP3_CS_SJIS, POP3_CS_EUCJP, POP3_CS_EUCKR,        /* multibyte, by iconv */
  POP3_CS_DOUBLE,
  POP3_CS_GB18030, POP3_CS_2022JP, POP3_CS_HZ, POP3_CS_2022
};

typedef struct pop3_charset {
  const char *name;   /* names for iconv, separated by "|" */
  unsigned char kind;
} pop3_charset;

/*
** The charset that a label names (WHATWG Encoding 4.2), also if the label is
** misspelt; NULL if it is unknown.
*/
const pop3_charset *pop3_charset_find (pop3_span label);

/* The charset of a code page number of Windows; NULL if it is unknown. */
const pop3_charset *pop3_charset_page (uint32_t number);

/* 1 if characters above ASCII take several octets, all but UTF-8. */
int pop3_charset_is_multi (const pop3_charset *cs);

#endif
