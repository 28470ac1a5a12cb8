/*
** tree.h - the parts of a message in memory, as a table, and its defects.
**
** Parts are found from the front to the back, only as far as the caller
** asks: call 'start', then 'more' until the wanted part is there, or is
** 'done'. When the last part is found, the builder is released ('b' NULL).
*/
#ifndef POP3_TREE_H
#define POP3_TREE_H

#include "mime.h"

/* A slice of a header block. */
typedef struct pop3_piece {
  uint32_t at, n;
} pop3_piece;

typedef struct pop3_part {
  size_t head, body, end;     /* offsets: header, body, one past the last */
  pop3_piece type, encoding, disposition, id;     /* Content-* fields */
  uint32_t parent;            /* index; the root is its own parent */
  uint32_t child, next;       /* index, 0: none */
  uint32_t number;            /* among its siblings, from 1 */
  uint16_t flags;             /* pop3_part_flags */
  uint8_t kind, code;         /* pop3_part_kind, pop3_encoding */
  uint8_t cut;                /* only header[0 .. limit) was read */
  uint8_t done;               /* its end is known */
} pop3_part;

enum pop3_defect_code {
  POP3_DEFECT_JUNK, POP3_DEFECT_MBOX, POP3_DEFECT_TYPE, POP3_DEFECT_BOUNDARY,
  POP3_DEFECT_UNCLOSED, POP3_DEFECT_ENCODING, POP3_DEFECT_LIMIT,
  POP3_DEFECT_CHARSET
};

typedef struct pop3_defect {
  size_t at;                  /* offset in the message */
  enum pop3_defect_code code;
  const char *text;
} pop3_defect;

#define POP3_MAXDEFECTS 1000   /* a list for people; more are not kept */

/* The state of parsing; may be used again for the next message. */
typedef struct pop3_builder {
  pop3_mime mime;
  pop3_buf levels;      /* the open parts */
  pop3_span left;       /* input not read yet */
} pop3_builder;

int  pop3_builder_init (pop3_builder *b, pop3_mem mem);
void pop3_builder_free (pop3_builder *b);

typedef struct pop3_tree {
  pop3_mem mem;
  pop3_buf parts;       /* pop3_part, depth first */
  pop3_buf defects;     /* pop3_defect, in the order found */
  pop3_builder *b;
  unsigned char built;  /* all parts are found */
} pop3_tree;

void pop3_tree_init (pop3_tree *t, pop3_mem mem);
void pop3_tree_free (pop3_tree *t);

int  pop3_tree_start (pop3_tree *t, pop3_builder *b, pop3_span in,
                      const pop3_limits *lim);

/* 1: one step done; 0: the message has ended. On failure the tree is empty. */
int  pop3_tree_more (pop3_tree *t);

/* Find all parts at once. On failure the tree is empty. */
int  pop3_tree_build (pop3_tree *t, pop3_span in, const pop3_limits *lim);

size_t           pop3_tree_count (const pop3_tree *t);
const pop3_part *pop3_tree_get (const pop3_tree *t, size_t i);

/* Add a defect, unless there are POP3_MAXDEFECTS of them. */
int  pop3_tree_note (pop3_tree *t, enum pop3_defect_code code, size_t at,
                     const char *text);

#endif
