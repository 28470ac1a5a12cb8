/*
** tree.c - the parts of a message in memory, as a table.
*/
#include <string.h>

#include "../base/ascii.h"
#include "tree.h"

typedef struct level {
  uint32_t part, last;     /* an open part, and its last child so far */
} level;

void pop3_tree_init (pop3_tree *t, pop3_mem mem) {
  t->mem = mem;
  t->b = NULL;
  t->built = 0;
  pop3_buf_init(&t->parts, mem);
  pop3_buf_init(&t->defects, mem);
}

void pop3_tree_free (pop3_tree *t) {
  pop3_buf_free(&t->parts);
  pop3_buf_free(&t->defects);
  t->b = NULL;
  t->built = 0;
}

size_t pop3_tree_count (const pop3_tree *t) {
  return t->parts.n / sizeof(pop3_part);
}

static pop3_part *part (const pop3_tree *t, size_t i) {
  return (pop3_part *)(void *)t->parts.p + i;
}

const pop3_part *pop3_tree_get (const pop3_tree *t, size_t i) {
  return part(t, i);
}

int pop3_tree_note (pop3_tree *t, enum pop3_defect_code code, size_t at,
                    const char *text) {
  pop3_defect d;
  if (t->defects.n >= POP3_MAXDEFECTS * sizeof d) return 0;
  memset(&d, 0, sizeof d);
  d.at = at;
  d.code = code;
  d.text = text;
  return pop3_buf_add(&t->defects, (const char *)&d, sizeof d);
}

/* Add the defects that the header of a part shows. */
static int note_head (pop3_tree *t, const pop3_mime_ev *ev) {
  static const struct {
    unsigned flag;
    enum pop3_defect_code code;
    const char *text;
  } notes[] = {
    {POP3_PART_BADTYPE, POP3_DEFECT_TYPE, "invalid Content-Type"},
    {POP3_PART_NOBOUNDARY, POP3_DEFECT_BOUNDARY,
     "multipart without a boundary"},
    {POP3_PART_UNKNOWN, POP3_DEFECT_ENCODING, "unknown transfer encoding"},
    {POP3_PART_OPAQUE, POP3_DEFECT_LIMIT, "parts are nested too deeply"}
  };
  size_t i;
  int err = 0;
  for (i = 0; i < sizeof notes / sizeof notes[0] && err == 0; i++)
    if (ev->flags & notes[i].flag)
      err = pop3_tree_note(t, notes[i].code, ev->at, notes[i].text);
  if (err == 0 && ev->cut)
    err = pop3_tree_note(t, POP3_DEFECT_LIMIT, ev->at,
                         "header block is too long");
  return err;
}

static pop3_piece piece (pop3_span s, pop3_span block) {
  pop3_piece p = {0, 0};
  if (s.p != NULL) {
    p.at = (uint32_t)(s.p - block.p);
    p.n = (uint32_t)s.n;
  }
  return p;
}

static int begin_part (pop3_tree *t, pop3_buf *levels,
                       const pop3_mime_ev *ev) {
  uint32_t self = (uint32_t)pop3_tree_count(t);
  pop3_part p;
  level l, *up;
  memset(&p, 0, sizeof p);
  p.head = ev->at;
  p.body = p.end = ev->body;
  p.kind = (uint8_t)ev->kind;
  p.flags = (uint16_t)ev->flags;
  p.code = (uint8_t)ev->code;
  p.cut = ev->cut;
  p.type = piece(ev->about.type, ev->data);
  p.encoding = piece(ev->about.code, ev->data);
  p.disposition = piece(ev->about.disposition, ev->data);
  p.id = piece(ev->about.id, ev->data);
  p.number = 1;
  levels->n = ev->level * sizeof l;
  if (ev->level > 0) {
    up = (level *)(void *)levels->p + ev->level - 1;
    p.parent = up->part;
    if (up->last != 0) {
      p.number = part(t, up->last)->number + 1;
      part(t, up->last)->next = self;
    }
    else part(t, up->part)->child = self;
    up->last = self;
  }
  l.part = self;
  l.last = 0;
  if ((self == 0 && pop3_buf_room(&t->parts, 4 * sizeof p) != 0) ||
      pop3_buf_add(levels, (const char *)&l, sizeof l) != 0 ||
      pop3_buf_add(&t->parts, (const char *)&p, sizeof p) != 0)
    return POP3_ENOMEM;
  return note_head(t, ev);
}

static int end_part (pop3_tree *t, const pop3_buf *levels,
                     const pop3_mime_ev *ev) {
  const level *l = (const level *)(const void *)levels->p + ev->level;
  pop3_part *p = part(t, l->part);
  p->end = ev->at;
  p->done = 1;
  if (p->body > p->end) p->body = p->end;
  if (p->head > p->end) p->head = p->end;
  if (p->kind != POP3_PART_MULTI) return 0;
  if (ev->empty) {
    p->kind = POP3_PART_LEAF;
    p->flags |= POP3_PART_NODELIM;
    return pop3_tree_note(t, POP3_DEFECT_BOUNDARY, p->head,
                          "the delimiter of a multipart does not occur");
  }
  if (ev->closed) return 0;
  return pop3_tree_note(t, POP3_DEFECT_UNCLOSED, p->head,
                        "multipart without its closing delimiter");
}

int pop3_builder_init (pop3_builder *b, pop3_mem mem) {
  pop3_buf_init(&b->levels, mem);
  b->left = pop3_span_of("", 0);
  return pop3_mime_init(&b->mime, mem, NULL);
}

void pop3_builder_free (pop3_builder *b) {
  pop3_mime_free(&b->mime);
  pop3_buf_free(&b->levels);
}

int pop3_tree_start (pop3_tree *t, pop3_builder *b, pop3_span in,
                     const pop3_limits *lim) {
  int err = pop3_mime_reset(&b->mime, lim);
  if (err != 0) return err;
  b->levels.n = 0;
  b->left = in;
  t->b = b;
  return 0;
}

int pop3_tree_more (pop3_tree *t) {
  pop3_mime_ev ev;
  int r;
  int err = 0;
  if (t->b == NULL) return 0;
  r = pop3_mime_next(&t->b->mime, &t->b->left, 1, &ev);
  if (r == 0) {
    t->b = NULL;
    t->built = 1;
    return 0;
  }
  if (r < 0) err = r;
  else if (ev.type == POP3_MIME_HEAD)
    err = begin_part(t, &t->b->levels, &ev);
  else if (ev.type == POP3_MIME_END) err = end_part(t, &t->b->levels, &ev);
  else if (ev.type == POP3_MIME_LIMIT)
    err = pop3_tree_note(t, POP3_DEFECT_LIMIT, ev.at, "too many parts");
  if (err != 0) pop3_tree_free(t);      /* an event is lost: start again */
  return err != 0 ? err : 1;
}

int pop3_tree_build (pop3_tree *t, pop3_span in, const pop3_limits *lim) {
  pop3_builder b;
  int r = pop3_builder_init(&b, t->mem);
  if (r == 0) r = pop3_tree_start(t, &b, in, lim);
  while (r == 0 && (r = pop3_tree_more(t)) > 0) r = 0;
  pop3_builder_free(&b);
  return r;
}
