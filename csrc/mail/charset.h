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
  pop3_buf tmp;             /* octets between two conversions */
  pop3_buf word;            /* octets of encoded-words (word.c) */
} pop3_conv;

void pop3_conv_init (pop3_conv *c, pop3_mem mem);
void pop3_conv_share (pop3_conv *c, pop3_iconvs *shared);
void pop3_conv_free (pop3_conv *c);      /* may be called twice */

/*
** Append 'in' as UTF-8. 'cs' NULL: UTF-8 if 'in' is valid UTF-8, else
** windows-1252. A byte order mark is dropped; each invalid sequence becomes
** U+FFFD. POP3_ENOMEM.
*/
int pop3_conv_text (pop3_conv *c, const pop3_charset *cs, pop3_span in,
                    pop3_buf *out);

/*
** The same without a copy where none is needed: '*text' is 'in' if that is
** UTF-8 already, else it is in 'out', whose content is replaced.
*/
int pop3_conv_view (pop3_conv *c, const pop3_charset *cs, pop3_span in,
                    pop3_buf *out, pop3_span *text);

#endif
