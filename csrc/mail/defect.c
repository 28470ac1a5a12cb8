/*
** defect.c - defects of the header fields of a message.
*/
#include <string.h>

#include "../base/ascii.h"
#include "defect.h"

/* The buffers of one search. */
typedef struct search {
  pop3_tree *t;
  pop3_conv *conv;
  const pop3_limits *lim;
  pop3_value value;
  pop3_buf tmp;
} search;

/* Is it a text that declares a charset which cannot be converted? */
static int unknown_charset (search *s) {
  pop3_span type = pop3_value_main(&s->value);
  const pop3_charset *cs;
  pop3_param p;
  if (type.n < 5 || memcmp(type.p, "text/", 5) != 0 ||
      !pop3_value_find(&s->value, "charset", &p) || p.octets.n == 0)
    return 0;
  cs = pop3_charset_find(p.octets);
  return cs == NULL || !pop3_conv_knows(s->conv, cs);
}

/* Add the defects of a field with parameters. */
static int note_params (search *s, const pop3_field *f, size_t at) {
  int type = pop3_is(f->name, "content-type"), err;
  pop3_span v;
  if (!type && !pop3_is(f->name, "content-disposition")) return 0;
  err = pop3_unfold(f->value, &s->tmp, &v);
  if (err == 0) err = pop3_value_parse(&s->value, v, s->lim->params);
  if (err == 0 && s->value.limited)
    err = pop3_tree_note(s->t, POP3_DEFECT_LIMIT, at, "too many parameters");
  if (err == 0 && type && unknown_charset(s))
    err = pop3_tree_note(s->t, POP3_DEFECT_CHARSET, at, "unknown charset");
  return err;
}

static int note_block (search *s, pop3_span block, size_t at) {
  pop3_head h;
  pop3_field f;
  enum pop3_head_kind k;
  size_t n = 0;
  int err = 0;
  h.block = block;
  h.at = 0;
  while (err == 0 && (k = pop3_head_next(&h, &f)) != POP3_HEAD_END) {
    if (k == POP3_HEAD_JUNK)
      err = pop3_tree_note(s->t, POP3_DEFECT_JUNK, at + f.at,
                           "header line without a name");
    else if (k == POP3_HEAD_MBOX)
      err = pop3_tree_note(s->t, POP3_DEFECT_MBOX, at + f.at,
                           "mbox separator before the header");
    else if (n++ == s->lim->fields)
      return pop3_tree_note(s->t, POP3_DEFECT_LIMIT, at + f.at,
                            "too many header fields");
    else err = note_params(s, &f, at + f.at);
  }
  return err;
}

int pop3_tree_headers (pop3_tree *t, pop3_span in, const pop3_limits *lim,
                       pop3_conv *c) {
  size_t i, n = pop3_tree_count(t);
  search s;
  int err = 0;
  s.t = t;
  s.conv = c;
  s.lim = lim;
  pop3_value_init(&s.value, t->mem);
  pop3_buf_init(&s.tmp, t->mem);
  for (i = 0; i < n && err == 0; i++) {
    const pop3_part *p = pop3_tree_get(t, i);
    size_t len = p->body - p->head;
    if (len > lim->header) len = lim->header;
    err = note_block(&s, pop3_span_of(in.p + p->head, len), p->head);
  }
  pop3_value_free(&s.value);
  pop3_buf_free(&s.tmp);
  return err;
}
