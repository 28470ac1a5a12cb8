/*
** tree.c - the parts of a message that is in memory, as a table.
*/
#include <string.h>

#include "mail.h"

typedef struct level {
  uint32_t part, last;     /* the open part, and its last child so far */
} level;

void pop3_tree_init (pop3_tree *t, pop3_mem mem) {
  t->mem = mem;
  t->built = 0;
  pop3_buf_init(&t->parts, mem);
  pop3_buf_init(&t->defects, mem);
}

void pop3_tree_free (pop3_tree *t) {
  pop3_buf_free(&t->parts);
  pop3_buf_free(&t->defects);
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

/* What the header says about its part may be worth a note. */
static int note_head (pop3_tree *t, const pop3_mime_ev *ev) {
  static const struct {
    unsigned flag;
    enum pop3_defect_code code;
    const char *text;
  } notes[] = {
    {POP3_PART_BADTYPE, POP3_DEFECT_TYPE, "broken Content-Type"},
    {POP3_PART_NOBOUNDARY, POP3_DEFECT_BOUNDARY,
     "multipart without a boundary"},
    {POP3_PART_UNKNOWN, POP3_DEFECT_ENCODING, "unknown transfer encoding"},
    {POP3_PART_OPAQUE, POP3_DEFECT_LIMIT, "parts nested too deep"}
  };
  size_t i;
  int err = 0;
  for (i = 0; i < sizeof notes / sizeof notes[0] && err == 0; i++)
    if (ev->flags & notes[i].flag)
      err = pop3_tree_note(t, notes[i].code, ev->at, notes[i].text);
  if (err == 0 && ev->cut)
    err = pop3_tree_note(t, POP3_DEFECT_LIMIT, ev->at, "header too long");
  return err;
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
  p.cut = ev->cut;
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
  if (pop3_buf_add(levels, (const char *)&l, sizeof l) != 0 ||
      pop3_buf_add(&t->parts, (const char *)&p, sizeof p) != 0)
    return POP3_ENOMEM;
  return note_head(t, ev);
}

static int end_part (pop3_tree *t, const pop3_buf *levels,
                     const pop3_mime_ev *ev) {
  const level *l = (const level *)(const void *)levels->p + ev->level;
  pop3_part *p = part(t, l->part);
  p->end = ev->at;
  if (p->body > p->end) p->body = p->end;
  if (p->head > p->end) p->head = p->end;
  if (p->kind != POP3_PART_MULTI || ev->closed) return 0;
  return pop3_tree_note(t, POP3_DEFECT_UNCLOSED, p->head,
                        "multipart without its last delimiter");
}

static int build (pop3_tree *t, pop3_mime *m, pop3_buf *levels,
                  pop3_span in) {
  pop3_mime_ev ev;
  int r;
  while ((r = pop3_mime_next(m, &in, 1, &ev)) > 0) {
    int err = 0;
    switch (ev.type) {
      case POP3_MIME_HEAD: err = begin_part(t, levels, &ev); break;
      case POP3_MIME_END: err = end_part(t, levels, &ev); break;
      case POP3_MIME_LIMIT:
        err = pop3_tree_note(t, POP3_DEFECT_LIMIT, ev.at, "too many parts");
        break;
      default: break;
    }
    if (err != 0) return err;
  }
  return r;
}

int pop3_tree_build (pop3_tree *t, pop3_span in, const pop3_limits *lim) {
  pop3_mime m;
  pop3_buf levels;
  int err;
  pop3_buf_init(&levels, t->mem);
  err = pop3_mime_init(&m, t->mem, lim);
  if (err == 0) err = build(t, &m, &levels, in);
  pop3_mime_free(&m);
  pop3_buf_free(&levels);
  if (err == 0) t->built = 1;
  else pop3_tree_free(t);
  return err;
}
