/*
** defect.c - what is wrong with the headers of a message. Reading it never
** depends on this; it is looked for when somebody asks.
*/
#include <string.h>

#include "../base/ascii.h"
#include "defect.h"

/* Has the field, if it is one with parameters, too many of them? */
static int note_params (pop3_tree *t, pop3_value *v, pop3_buf *tmp,
                        const pop3_field *f, size_t at, size_t max) {
  pop3_span s;
  int err;
  if (!pop3_is(f->name, "content-type") &&
      !pop3_is(f->name, "content-disposition"))
    return 0;
  err = pop3_unfold(f->value, tmp, &s);
  if (err == 0) err = pop3_value_parse(v, s, max);
  if (err != 0 || !v->limited) return err;
  return pop3_tree_note(t, POP3_DEFECT_LIMIT, at, "too many parameters");
}

static int note_block (pop3_tree *t, pop3_value *v, pop3_buf *tmp,
                       pop3_span block, size_t at, const pop3_limits *lim) {
  pop3_head h;
  pop3_field f;
  enum pop3_head_kind k;
  size_t n = 0;
  int err = 0;
  h.block = block;
  h.at = 0;
  while (err == 0 && (k = pop3_head_next(&h, &f)) != POP3_HEAD_END) {
    if (k == POP3_HEAD_JUNK)
      err = pop3_tree_note(t, POP3_DEFECT_JUNK, at + f.at,
                           "header line without a name");
    else if (k == POP3_HEAD_MBOX)
      err = pop3_tree_note(t, POP3_DEFECT_MBOX, at + f.at,
                           "mbox separator before the header");
    else if (n++ == lim->fields)
      return pop3_tree_note(t, POP3_DEFECT_LIMIT, at + f.at,
                            "too many header fields");
    else err = note_params(t, v, tmp, &f, at + f.at, lim->params);
  }
  return err;
}

int pop3_tree_headers (pop3_tree *t, pop3_span in, const pop3_limits *lim) {
  size_t i, n = pop3_tree_count(t);
  pop3_value v;
  pop3_buf tmp;
  int err = 0;
  pop3_value_init(&v, t->mem);
  pop3_buf_init(&tmp, t->mem);
  for (i = 0; i < n && err == 0; i++) {
    const pop3_part *p = pop3_tree_get(t, i);
    size_t len = p->body - p->head;
    if (len > lim->header) len = lim->header;
    err = note_block(t, &v, &tmp, pop3_span_of(in.p + p->head, len), p->head,
                     lim);
  }
  pop3_value_free(&v);
  pop3_buf_free(&tmp);
  return err;
}
