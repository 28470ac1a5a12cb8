/*
** addr.h - lists of addresses (RFC 5322 3.4 and 4.4).
*/
#ifndef POP3_ADDR_H
#define POP3_ADDR_H

#include "charset.h"

typedef struct pop3_address {
  pop3_span name;      /* UTF-8, may be empty */
  pop3_span address;   /* UTF-8 */
  pop3_span group;     /* UTF-8; p is NULL outside a group */
} pop3_address;

typedef struct pop3_addrs {
  pop3_conv *conv;
  pop3_span in;           /* unfolded value */
  size_t at;              /* offset of the next item in it */
  pop3_buf toks;          /* tokens of the current item */
  size_t done;            /* number of tokens already used */
  pop3_buf plain;         /* a name before its encoded-words are decoded */
  pop3_buf name, address, group;
  size_t wordend;         /* one past the encoded-word found last */
  size_t nowords;         /* no encoded-word begins before this offset */
  unsigned char in_group, have, noquote, nocomment, sep;
  unsigned char controls; /* there are line ends or NULs in it */
} pop3_addrs;

void pop3_addrs_init (pop3_addrs *a, pop3_conv *c, pop3_mem mem);
void pop3_addrs_free (pop3_addrs *a);

/* Start reading 'value', which is unfolded and must stay valid. */
void pop3_addrs_start (pop3_addrs *a, pop3_span value);

/* 1: '*out' is the next address; 0: the list has ended; or POP3_ENOMEM. */
int  pop3_addrs_next (pop3_addrs *a, pop3_address *out);

#endif
