/*
** fingerprint.h - the part of a header that identifies a message.
**
** A server sends one message by RETR and by TOP, in many sessions. Its header is
** the same each time except for line ends, blanks at the ends of lines, and a few
** fields that servers change (Status, X-UIDL and the like). The rest goes into a
** digest: pop3.sync compares it when a unique-id and a size do not decide whether
** a message is known.
*/
#ifndef POP3_FINGERPRINT_H
#define POP3_FINGERPRINT_H

#include "../base/buf.h"

#define POP3_FINGERPRINT_NAME 20  /* octets of the longest name left out */

typedef struct pop3_fingerprint {
  unsigned char state;            /* all zero: at the start of a message */
  unsigned char skip;             /* the field is left out */
  unsigned char n;                /* octets in 'name' */
  char name[POP3_FINGERPRINT_NAME];
  unsigned char blank;            /* held back: it may end the line */
} pop3_fingerprint;

/*
** Take a piece of a message, of any size; append its octets of the fingerprint to
** 'out'. Returns 1 when the header has ended, 0 when more is to come, POP3_ENOMEM.
*/
int pop3_fingerprint_add (pop3_fingerprint *f, pop3_buf *out, const char *p,
                          size_t n);

#endif
