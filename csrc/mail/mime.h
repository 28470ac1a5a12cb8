/*
** mime.h - a message as a stream of part events (RFC 2046 5.1).
**
** A header block ends at an empty line, at a delimiter of a multipart around
** it, or at the first delimiter of its own multipart. An END event of a
** multipart says whether a part began in it: one without parts is text/plain,
** but only a caller that has kept the octets can read it so (tree.h).
**
** The parser takes octets as they arrive and returns events. Between two
** calls it keeps the open containers only, so that its memory does not grow
** with the message.
*/
#ifndef POP3_MIME_H
#define POP3_MIME_H

#include "decode.h"
#include "head.h"
#include "limits.h"
#include "param.h"

/*
** 1 if 's' is "type/subtype", both of them tokens (RFC 2045 5.1); "text",
** "text/", "/plain", "a/b/c" are not.
*/
int pop3_istype (pop3_span s);

/* The boundary of a Content-Type, without trailing blanks; empty if none. */
pop3_span pop3_boundary (const pop3_value *v);

enum pop3_part_kind {
  POP3_PART_LEAF,
  POP3_PART_MULTI,     /* a multipart: its parts follow */
  POP3_PART_MESSAGE    /* an embedded message: its root part follows */
};

enum pop3_part_flags {
  POP3_PART_DIGEST = 1,      /* the default type is message/rfc822 */
  POP3_PART_OPAQUE = 2,      /* a container that a limit keeps closed */
  POP3_PART_ENCODED = 4,     /* an embedded message in base64 or similar */
  POP3_PART_NOBOUNDARY = 8,  /* a multipart without boundary: text/plain */
  POP3_PART_BADTYPE = 16,    /* Content-Type is invalid */
  POP3_PART_UNKNOWN = 32,    /* unknown transfer encoding */
  POP3_PART_NODELIM = 64     /* a multipart whose delimiter never occurs */
};

enum pop3_mime_event {
  POP3_MIME_NONE,
  POP3_MIME_HEAD,      /* a part begins: its header block is complete */
  POP3_MIME_DATA,      /* octets of the body of a leaf, still encoded */
  POP3_MIME_END,       /* a part ends */
  POP3_MIME_LIMIT      /* too many parts: the rest is not read */
};

typedef struct pop3_mime_ev {
  enum pop3_mime_event type;
  size_t level;        /* containers around the part */
  pop3_span data;      /* HEAD: header block, maybe cut; DATA: octets */
  size_t at;           /* HEAD, DATA: offset of 'data'; END, LIMIT: position */
  size_t body;         /* HEAD: offset of the body */
  enum pop3_part_kind kind;  /* HEAD */
  enum pop3_encoding code;       /* HEAD: the transfer encoding */
  unsigned flags;            /* HEAD: pop3_part_flags */
  pop3_about about;          /* HEAD: spans of 'data' */
  unsigned char closed;      /* END of a multipart: closing delimiter seen */
  unsigned char empty;       /* END of a multipart: no part began in it */
  unsigned char cut;         /* HEAD: the block is longer than the limit */
} pop3_mime_ev;

typedef struct pop3_mime {
  pop3_mem mem;
  pop3_limits lim;
  pop3_buf stack;          /* open parts, outermost first */
  pop3_buf names;          /* their boundaries */
  pop3_value value;        /* the parsed Content-Type of the last header */
  pop3_span valued;        /* the field it was parsed from; p NULL: none */
  pop3_buf tmp;
  pop3_buf block;          /* the start of a header block over the limit */
  pop3_buf heads;          /* boundary hash -> innermost open part, or -1 */
  size_t nopen;            /* multiparts whose delimiters count */
  size_t parts;            /* parts seen */
  size_t base;             /* offset of the input given next */
  size_t scan;             /* octets of that input already searched */
  size_t brk;              /* octets of the line break before 'scan' */
  size_t headat;           /* 'cut': offset of that header block */
  size_t tail;             /* octets of a line break just before 'base' */
  pop3_buf own;            /* the boundary of the header being read, ... */
  size_t ownat;            /* ... which was searched up to here */
  size_t popto, popend;    /* state POP: the level to keep, and the offset */
  unsigned char state, midline, closing, cut;
  unsigned char owned;     /* the search for 'own' is over */
} pop3_mime;

int  pop3_mime_init (pop3_mime *m, pop3_mem mem, const pop3_limits *lim);
void pop3_mime_free (pop3_mime *m);

/* Back to the state after 'init' for the next message; keeps the memory. */
int  pop3_mime_reset (pop3_mime *m, const pop3_limits *lim);

/*
** Take from '*in' until there is an event. 1: '*ev' is set. 0: more input is
** needed; give the rest of '*in' again with more octets after it; or, if
** 'last', the message has ended. The rest is never longer than a header block
** at its limit plus a line of POP3_MIME_LINE octets; a longer line is never a
** delimiter. 'in->p' is not NULL.
*/
#define POP3_MIME_LINE 8192
int  pop3_mime_next (pop3_mime *m, pop3_span *in, int last, pop3_mime_ev *ev);

#endif
