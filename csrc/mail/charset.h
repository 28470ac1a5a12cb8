/*
** charset.h - octets of a charset to UTF-8.
**
** A converter (pop3_conv) keeps the iconv descriptor of the last charset and
** two buffers. Several converters can share a set of descriptors, since
** opening one costs as much as reading a small message.
*/
#ifndef POP3_CHARSET_H
#define POP3_CHARSET_H

#include "../base/buf.h"
#include "label.h"

/* The conversion of one charset. */
typedef struct pop3_iconv {
  const pop3_charset *cs;   /* NULL: the slot is free */
  void *cd;                 /* an iconv_t */
  uint16_t high[128];       /* POP3_CS_SINGLE: code points of 0x80 to 0xFF */
} pop3_iconv;

#define POP3_ICONVS 16

/* Conversions shared by converters. All zero is an empty set. */
typedef struct pop3_iconvs {
  pop3_iconv slot[POP3_ICONVS];
  unsigned next;            /* the slot that is replaced next */
} pop3_iconvs;

void pop3_iconvs_free (pop3_iconvs *s);

typedef struct pop3_conv {
  pop3_iconvs *shared;      /* NULL: only 'own' is used */
  pop3_iconv own;
  pop3_iconv *at;           /* the one used last, or NULL */
  const pop3_charset *fallback;     /* see pop3_conv_text; NULL: none */
  pop3_buf tmp;             /* octets between two conversions */
  pop3_buf word;            /* octets of encoded-words (word.c) */
} pop3_conv;

void pop3_conv_init (pop3_conv *c, pop3_mem mem);
void pop3_conv_share (pop3_conv *c, pop3_iconvs *shared);
void pop3_conv_free (pop3_conv *c);      /* may be called twice */

/*
** Append 'in' as UTF-8. A byte order mark is dropped; each invalid sequence
** becomes U+FFFD. POP3_ENOMEM.
**
** The octets are read without regard to 'cs' if it is NULL, unknown to iconv,
** or cannot be true (a charset of seven bits, octets above 127): as UTF-8 if
** they are that or nearly so, else in the charset c->fallback, else as
** windows-1252. Escape sequences of ISO-2022-JP are recognised.
*/
int pop3_conv_text (pop3_conv *c, const pop3_charset *cs, pop3_span in,
                    pop3_buf *out);

/* 1 if 'pop3_conv_text' would append 'in' unchanged. */
int pop3_conv_same (const pop3_charset *cs, pop3_span in);

/*
** 1 if 'in' is UTF-8, or nearly so: it has more valid sequences of several
** octets than invalid ones.
*/
int pop3_conv_is_utf8 (pop3_span in);

/* 1 if 'in' is ASCII with escape sequences of ISO-2022-JP. */
int pop3_conv_is_2022jp (pop3_span in);

/* 1 if the charset can be converted here: iconv knows it, or is not needed. */
int pop3_conv_knows (pop3_conv *c, const pop3_charset *cs);

#endif
