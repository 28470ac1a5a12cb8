/*
** form.h - the forms in which a message that came by RETR is written.
**
** A client gets messages with CRLF line ends. A file of a Maildir keeps these
** octets or has LF line ends; an mbox has LF line ends and quoted From lines;
** LMTP wants dot-stuffing. Octets are converted in pieces of any size: the
** result does not depend on where a piece ends. Deliveries use it; 'canon.h'
** is the way back.
*/
#ifndef POP3_FORM_H
#define POP3_FORM_H

#include "../base/buf.h"
#include "dot.h"

enum pop3_form_kind {
  POP3_FORM_OCTETS,  /* unchanged */
  POP3_FORM_LF,      /* CRLF becomes LF; a CR without a LF stays */
  POP3_FORM_MBOX,    /* the same, and mboxrd quoting: a line of any number of
                        '>' and "From " gets one more '>' */
  POP3_FORM_DOT      /* the body of RFC 5321 4.5.2: lines end in CRLF, a dot
                        at the start of a line is doubled */
};

typedef struct pop3_form {
  unsigned char kind;
  unsigned char cr;     /* a CR is held back: a LF may follow */
  unsigned char at;     /* mbox: octets of "From " held back; or one of the
                           two states below */
  pop3_endot dot;
} pop3_form;

/* Begin a message; the first octet is at the start of a line. */
void pop3_form_init (pop3_form *f, enum pop3_form_kind kind);

/* Append the form of a piece. Returns 0 or POP3_ENOMEM. */
int pop3_form_add (pop3_form *f, pop3_buf *out, const char *p, size_t n);

/*
** The end of the message: append what was held back and, for DOT, the
** terminator. Nothing else is added: a last line without a line end stays so
** in the other forms. Returns 0 or POP3_ENOMEM.
*/
int pop3_form_end (pop3_form *f, pop3_buf *out);

#endif
