/*
** head.h - a header block as a list of fields (RFC 5322 2.2).
*/
#ifndef POP3_HEAD_H
#define POP3_HEAD_H

#include "../base/buf.h"

typedef struct pop3_field {
  pop3_span name;    /* as written, without blanks before the colon */
  pop3_span value;   /* from the colon to the last line break, still folded */
  size_t at;         /* offset in the block */
} pop3_field;

/* A position in a header block. */
typedef struct pop3_head {
  pop3_span block;
  size_t at;
} pop3_head;

enum pop3_head_kind {
  POP3_HEAD_END,
  POP3_HEAD_FIELD,
  POP3_HEAD_JUNK,    /* a line without a colon, continuation lines included */
  POP3_HEAD_MBOX     /* a "From " line at the start of the block */
};

/*
** The length of the header block at the start of 'in', empty line included;
** 'in.n' if there is no empty line. '*dashes' is set if a line begins with
** "--": it may be a delimiter, which also ends the block (mime.h).
*/
size_t pop3_head_size (pop3_span in, int *dashes);

/* Read the next item of h->block from h->at; the empty line ends the block. */
enum pop3_head_kind pop3_head_next (pop3_head *h, pop3_field *f);

/*
** Find the first field with this (lower case) name among the first 'max'
** fields. 0 if no field has it. '*dashes' is set if a line before it begins
** with "-".
*/
int pop3_head_find (pop3_span block, const char *name, size_t max,
                    pop3_field *f, int *dashes);

/*
** The values of the fields that describe a part; p is NULL without one. Of
** repeated fields the first counts, of Content-Transfer-Encoding the first
** with a known value.
*/
typedef struct pop3_about {
  pop3_span type, code, disposition, id;      /* Content-Type, and so on */
} pop3_about;

void pop3_about_find (pop3_span block, size_t max, pop3_about *a);

/*
** Set '*out' to the value unfolded (RFC 5322 2.2.3) and trimmed: a part of
** 'value' if it is not folded, else the content of 'tmp', which is replaced.
*/
int pop3_unfold (pop3_span value, pop3_buf *tmp, pop3_span *out);

#endif
