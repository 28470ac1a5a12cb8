/*
** mime.c - a message as a stream of part events (RFC 2046 5.1).
**
** One pass over the octets, whatever the nesting: a line that begins with
** "--" is looked up among the boundaries of all open multiparts at once, and
** the innermost match wins. The line break before a delimiter belongs to it,
** also the one that ends a header block or an inner delimiter; so the last
** line break is never returned before the next line is known.
*/
#include <string.h>

#include "../base/ascii.h"
#include "mime.h"

enum {
  HEAD,        /* in the header block of the part on top */
  BODY,        /* after it: the octets of a leaf, or text around parts */
  POP,         /* parts above 'popto' end */
  REST,        /* a limit was reached: the rest is not read */
  LAST         /* all is read: the open parts end */
};

typedef struct open_part {
  size_t head;                 /* where it begins */
  size_t name, nname;          /* boundary, in m->names */
  uint32_t hash;
  int chain;                   /* next open part outwards in its bucket */
  unsigned char kind, listed;  /* 'listed': its boundary counts */
  unsigned char closed, digest;
  unsigned char begun;         /* a part in it has begun */
} open_part;

#define NBUCKETS 16    /* at first; a power of 2 */

/* Empty 'n' buckets. */
static int set_buckets (pop3_mime *m, size_t n) {
  m->heads.n = 0;
  if (pop3_buf_room(&m->heads, n * sizeof(int)) != 0) return POP3_ENOMEM;
  m->heads.n = n * sizeof(int);
  memset(m->heads.p, -1, m->heads.n);
  return 0;
}

int pop3_mime_init (pop3_mime *m, pop3_mem mem, const pop3_limits *lim) {
  memset(m, 0, sizeof *m);
  m->mem = mem;
  pop3_buf_init(&m->stack, mem);
  pop3_buf_init(&m->names, mem);
  pop3_buf_init(&m->tmp, mem);
  pop3_buf_init(&m->block, mem);
  pop3_buf_init(&m->own, mem);
  pop3_value_init(&m->value, mem);
  pop3_buf_init(&m->heads, mem);
  return pop3_mime_reset(m, lim);
}

int pop3_mime_reset (pop3_mime *m, const pop3_limits *lim) {
  open_part root;
  memset(&m->lim, 0, sizeof m->lim);
  if (lim != NULL) m->lim = *lim;
  pop3_limits_default(&m->lim);
  if (m->lim.header > UINT32_MAX) m->lim.header = UINT32_MAX;
  m->stack.n = m->names.n = m->block.n = m->heads.n = 0;
  m->nopen = m->base = m->scan = m->brk = m->tail = 0;
  m->ownat = m->own.n = 0;
  m->owned = 0;
  m->state = m->midline = m->closing = m->cut = 0;
  m->valued.p = NULL;
  memset(&root, 0, sizeof root);
  m->parts = 1;
  return pop3_buf_add(&m->stack, (const char *)&root, sizeof root);
}

void pop3_mime_free (pop3_mime *m) {
  pop3_buf_free(&m->stack);
  pop3_buf_free(&m->names);
  pop3_buf_free(&m->heads);
  pop3_buf_free(&m->tmp);
  pop3_buf_free(&m->block);
  pop3_buf_free(&m->own);
  pop3_value_free(&m->value);
}

static size_t depth (const pop3_mime *m) {
  return m->stack.n / sizeof(open_part);
}

static open_part *part_at (const pop3_mime *m, size_t i) {
  return (open_part *)(void *)m->stack.p + i;
}

static open_part *top (const pop3_mime *m) {
  return part_at(m, depth(m) - 1);
}

/* ------------------------------------------------------------ boundaries */

static uint32_t hash_of (const char *p, size_t n) {
  uint32_t h = 2166136261u;            /* FNV-1a */
  while (n-- > 0) h = (h ^ (unsigned char)*p++) * 16777619u;
  return h ^ h >> 16;
}

static int *bucket (const pop3_mime *m, uint32_t hash) {
  size_t n = m->heads.n / sizeof(int);
  return (int *)(void *)m->heads.p + (hash & (n - 1));
}

/* Put the open part at 'i' first in its bucket. */
static void link_part (pop3_mime *m, size_t i) {
  open_part *o = part_at(m, i);
  int *b = bucket(m, o->hash);
  o->chain = *b;
  *b = (int)i;
}

/* The boundary of the part on top counts from now on. */
static int list (pop3_mime *m) {
  size_t i, n = m->heads.n / sizeof(int);
  top(m)->listed = 1;
  if (++m->nopen <= n) {
    link_part(m, depth(m) - 1);
    return 0;
  }
  if (set_buckets(m, n > 0 ? n * 4 : NBUCKETS) != 0) return POP3_ENOMEM;
  for (i = 0; i < depth(m); i++)
    if (part_at(m, i)->listed) link_part(m, i);
  return 0;
}

/* The boundary of the part 'o' at 'i' counts no longer. */
static void unlist (pop3_mime *m, open_part *o, size_t i) {
  int *link;
  if (!o->listed) return;
  link = bucket(m, o->hash);
  while (*link != (int)i) link = &part_at(m, (size_t)*link)->chain;
  *link = o->chain;
  o->listed = 0;
  m->nopen--;
}

/* The innermost open part with that boundary, or -1. */
static int lookup (const pop3_mime *m, const char *p, size_t n) {
  uint32_t h = hash_of(p, n);
  int i = *bucket(m, h);
  while (i >= 0) {
    const open_part *o = part_at(m, (size_t)i);
    if (o->hash == h && o->nname == n &&
        memcmp(m->names.p + o->name, p, n) == 0)
      return i;
    i = o->chain;
  }
  return -1;
}

/*
** The part on top or the one around it, if the delimiter [p, e) belongs to its
** boundary, which counts; else -1. As no open part is further in, the others
** need not be looked up.
*/
static int innermost (const pop3_mime *m, const char *p, const char *e,
                      unsigned char *closing) {
  size_t i = depth(m) - 1, n = (size_t)(e - p);
  const open_part *o = part_at(m, i);
  if (!o->listed && i > 0) o = part_at(m, --i);
  if (!o->listed || n < o->nname ||
      memcmp(m->names.p + o->name, p, o->nname) != 0)
    return -1;
  *closing = n == o->nname + 2 && e[-1] == '-' && e[-2] == '-';
  return *closing || n == o->nname ? (int)i : -1;
}

/*
** The open part whose delimiter the line [p, e) is, without its line break;
** or -1. '*closing' is set for a closing delimiter.
*/
static int delimiter (const pop3_mime *m, const char *p, const char *e,
                      unsigned char *closing) {
  int open, close = -1;
  while (e > p && (pop3_isblank(e[-1]) || e[-1] == '\r')) e--;
  if (e - p < 3 || p[0] != '-' || p[1] != '-') return -1;
  p += 2;
  open = innermost(m, p, e, closing);
  if (open >= 0) return open;
  open = lookup(m, p, (size_t)(e - p));
  if (e - p > 2 && e[-1] == '-' && e[-2] == '-')
    close = lookup(m, p, (size_t)(e - p) - 2);
  *closing = close > open;
  return *closing ? close : open;
}

/* --------------------------------------------------------------- headers */

/* 1: an octet of a token (RFC 2045 5.1); those above 127 are none. */
static const unsigned char token[256] = {
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 0,
  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0,
  0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1,
  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0
};

static int is_token (const char *p, const char *e) {
  const char *q = p;
  while (q < e && token[(unsigned char)*q]) q++;
  return q > p && q == e;
}

int pop3_istype (pop3_span s) {
  const char *slash = s.n > 0 ? (const char *)memchr(s.p, '/', s.n) : NULL;
  return slash != NULL && is_token(s.p, slash) &&
         is_token(slash + 1, s.p + s.n);
}

static int has_prefix (pop3_span s, const char *prefix) {
  size_t n = strlen(prefix);
  return s.n > n && memcmp(s.p, prefix, n) == 0;
}

pop3_span pop3_boundary (const pop3_value *v) {
  pop3_param p;
  if (!pop3_value_find(v, "boundary", &p)) return pop3_span_of("", 0);
  while (p.octets.n > 0 && pop3_isblank(p.octets.p[p.octets.n - 1]))
    p.octets.n--;
  if (p.octets.n > POP3_MIME_LINE / 2) p.octets.n = 0;
  return p.octets;
}

static int set_boundary (pop3_mime *m, open_part *o, pop3_span b) {
  o->name = m->names.n;
  o->nname = b.n;
  o->hash = hash_of(b.p, b.n);
  return pop3_buf_add(&m->names, b.p, b.n);
}

/* Parse the value of a field. */
static int read_value (pop3_mime *m, pop3_span raw, size_t max) {
  pop3_span v;
  int err = pop3_unfold(raw, &m->tmp, &v);
  return err != 0 ? err : pop3_value_parse(&m->value, v, max);
}

/*
** Classify the part on top by its header. Containers that would be too deep,
** or could have no part, stay closed.
*/
static int classify (pop3_mime *m, pop3_span block, pop3_mime_ev *ev) {
  open_part *o = top(m);
  size_t level = depth(m) - 1;
  int inside = level > 0 && part_at(m, level - 1)->digest, err;
  int message = inside, multi = 0, digest = 0;
  pop3_span type, b = {NULL, 0};
  if (inside) ev->flags |= POP3_PART_DIGEST;
  m->valued.p = NULL;
  pop3_about_find(block, m->lim.fields, &ev->about);
  if (ev->about.type.p != NULL) {
    err = read_value(m, ev->about.type, m->lim.params);
    if (err != 0) return err;
    m->valued = ev->about.type;
    type = pop3_value_main(&m->value);
    if (pop3_istype(type)) {
      message = pop3_is(type, "message/rfc822") ||
                pop3_is(type, "message/global");
      multi = has_prefix(type, "multipart/");
      digest = multi && pop3_is(type, "multipart/digest");
    }
    else ev->flags |= POP3_PART_BADTYPE;
  }
  if (multi) {
    b = pop3_boundary(&m->value);
    if (b.n == 0) ev->flags |= POP3_PART_NOBOUNDARY;
    else if (level >= m->lim.depth) ev->flags |= POP3_PART_OPAQUE;
    else {
      err = set_boundary(m, o, b);
      if (err != 0) return err;
      ev->kind = POP3_PART_MULTI;
    }
  }
  if (ev->about.code.p != NULL) ev->code = pop3_encoding_find(ev->about.code);
  if (ev->code == POP3_ENC_UNKNOWN && ev->kind != POP3_PART_MULTI)
    ev->flags |= POP3_PART_UNKNOWN;
  else if (message && ev->code != POP3_ENC_NONE) ev->flags |= POP3_PART_ENCODED;
  else if (message && (level >= m->lim.depth || m->parts >= m->lim.parts))
    ev->flags |= POP3_PART_OPAQUE;
  else if (message) ev->kind = POP3_PART_MESSAGE;
  o->kind = (unsigned char)ev->kind;
  o->digest = digest && ev->kind == POP3_PART_MULTI;
  return ev->kind == POP3_PART_MULTI ? list(m) : 0;
}

/* A new part begins at m->base. */
static int push (pop3_mime *m) {
  open_part o;
  memset(&o, 0, sizeof o);
  o.head = m->base;
  m->parts++;
  m->state = HEAD;
  m->cut = m->owned = 0;
  m->ownat = m->own.n = 0;
  return pop3_buf_add(&m->stack, (const char *)&o, sizeof o);
}

/* Drop the first n octets of '*in'. */
static void drop (pop3_mime *m, pop3_span *in, size_t n) {
  in->p += n;
  in->n -= n;
  m->base += n;
  m->scan = m->scan > n ? m->scan - n : 0;
}

/*
** The header of the part on top ends with in->p[0 .. n), and its body begins
** 'gap' octets later. Sets '*ev' and continues with the body.
*/
static int end_head (pop3_mime *m, pop3_span *in, size_t n, size_t gap,
                     pop3_mime_ev *ev) {
  int err;
  memset(ev, 0, sizeof *ev);
  ev->type = POP3_MIME_HEAD;
  ev->level = depth(m) - 1;
  ev->at = m->cut ? m->headat : m->base;
  ev->body = m->base + n + gap;
  if (n + gap == 0 && !m->cut && m->scan == 0) {    /* there is no header */
    ev->at = ev->body = m->base - m->tail;
    top(m)->head = ev->at;
  }
  ev->cut = m->base + n - ev->at > m->lim.header;
  ev->data = m->cut ? pop3_span_of(m->block.p, m->block.n)
                    : pop3_span_of(in->p, ev->cut ? m->lim.header : n);
  m->state = BODY;
  m->cut = 0;
  err = classify(m, ev->data, ev);
  if (err != 0) return err;
  drop(m, in, n + gap);
  if (n + gap > 0) m->tail = gap > 0 ? m->brk : 0;
  if (ev->kind == POP3_PART_MESSAGE) {
    err = push(m);
    if (err != 0) return err;
  }
  return 1;
}

/*
** More of a header block is needed. Once it is longer than the limit, the part
** that counts is copied, so that the caller need not keep it all.
*/
static int keep_head (pop3_mime *m, pop3_span *in) {
  size_t n;
  if (in->n <= m->lim.header + POP3_MIME_LINE) return 0;
  if (!m->cut) {
    m->block.n = 0;
    if (pop3_buf_add(&m->block, in->p, m->lim.header) != 0)
      return POP3_ENOMEM;
    m->headat = m->base;
    m->cut = 1;
  }
  n = m->scan > m->brk ? m->scan - m->brk : 0;
  if (in->n - m->scan > POP3_MIME_LINE) {     /* too long to be a delimiter */
    n = in->n - (in->p[in->n - 1] == '\r');
    m->midline = 1;
    m->scan = n;
    m->brk = 0;
  }
  drop(m, in, n);
  return 0;
}

/*
** Is the line [p, e) the delimiter of the multipart whose header is being
** read? Some senders forget the empty line before the first one. The header
** is searched for its boundary from where the last search ended.
*/
static int own_delimiter (pop3_mime *m, pop3_span in, const char *p,
                          const char *e, int *own) {
  pop3_span b;
  *own = 0;
  if (m->cut) return 0;
  if (!m->owned) {
    pop3_about about;
    pop3_about_find(pop3_span_of(in.p + m->ownat, m->scan - m->ownat),
                    m->lim.fields, &about);
    m->ownat = m->scan;
    if (about.type.p == NULL) return 0;
    m->owned = 1;
    m->valued.p = NULL;
    if (read_value(m, about.type, m->lim.params) != 0) return POP3_ENOMEM;
    b = pop3_boundary(&m->value);
    if (has_prefix(pop3_value_main(&m->value), "multipart/") &&
        pop3_buf_add(&m->own, b.p, b.n) != 0)
      return POP3_ENOMEM;
  }
  while (e > p && (pop3_isblank(e[-1]) || e[-1] == '\r')) e--;
  *own = m->own.n > 0 && (size_t)(e - p) == m->own.n + 2 &&
         memcmp(p + 2, m->own.p, m->own.n) == 0;
  return 0;
}

/* Are there only CRs in [p, e)? */
static int only_cr (const char *p, const char *e) {
  while (p < e && *p == '\r') p++;
  return p == e;
}

/*
** Find the end of the header block: an empty line, a delimiter, the end of
** the message.
*/
static int read_head (pop3_mime *m, pop3_span *in, int last,
                      pop3_mime_ev *ev) {
  for (;;) {
    const char *p = in->p + m->scan, *e = in->p + in->n, *nl, *end;
    nl = p < e ? (const char *)memchr(p, '\n', (size_t)(e - p)) : NULL;
    if (nl == NULL && !last) return keep_head(m, in);
    end = nl != NULL ? nl : e;
    if (!m->midline && end - p >= 2 && p[0] == '-' && p[1] == '-' &&
        end - p < POP3_MIME_LINE) {
      int own, err;
      if (m->nopen > 0 && delimiter(m, p, end, &m->closing) >= 0) {
        size_t brk = m->brk < m->scan ? m->brk : m->scan;
        return end_head(m, in, m->scan - brk, 0, ev);
      }
      err = own_delimiter(m, *in, p, end, &own);
      if (err != 0) return err;
      if (own) {
        m->brk = 0;
        return end_head(m, in, m->scan, 0, ev);
      }
    }
    if (nl == NULL) {
      m->scan = in->n;
      m->brk = m->tail = 0;
      m->midline = 0;
      return end_head(m, in, in->n, 0, ev);
    }
    m->scan = (size_t)(nl + 1 - in->p);
    m->brk = nl > in->p && nl[-1] == '\r' ? 2 : 1;
    if (!m->midline && (nl == p || (*p == '\r' && only_cr(p, nl))))
      return end_head(m, in, (size_t)(p - in->p), (size_t)(nl + 1 - p), ev);
    m->midline = 0;
  }
}

/* ----------------------------------------------------------------- bodies */

/* Return in->p[0 .. n) as data, or drop it. */
static int take (pop3_mime *m, pop3_span *in, size_t n, pop3_mime_ev *ev) {
  int leaf = top(m)->kind == POP3_PART_LEAF;
  memset(ev, 0, sizeof *ev);
  ev->type = POP3_MIME_DATA;
  ev->level = depth(m) - 1;
  ev->data = pop3_span_of(in->p, n);
  ev->at = m->base;
  drop(m, in, n);
  if (n > 0) m->tail = 0;
  return leaf && n > 0;
}

/* The first "-" at the start of a line in [p, e), or NULL. */
static const char *find_dash (const char *p, const char *e) {
  const char *q = p;
  while (q < e && (q = (const char *)memchr(q, '-', (size_t)(e - q))) != NULL) {
    if (q > p && q[-1] == '\n') return q;
    do q++; while (q < e && *q == '-');
  }
  return NULL;
}

/* No delimiter begins in the rest of 'in': keep its last line break. */
static int scan_rest (pop3_mime *m, pop3_span in, int last) {
  const char *p = in.p + m->scan, *e = in.p + in.n;
  if (e > p && e[-1] == '\n') {
    m->scan = in.n;
    m->brk = e - p > 1 && e[-2] == '\r' ? 2 : 1;
    m->midline = 0;
  }
  else if (e > p) {                         /* a CR may begin a line break */
    m->scan = in.n - (e[-1] == '\r' && !last);
    m->brk = 0;
    m->midline = 1;
  }
  return -1;
}

/*
** Move m->scan to the next delimiter. Returns the part that it belongs to,
** with the length of its line in '*n' and of the line break in '*brk'; -1 if
** more input is needed.
*/
static int scan_lines (pop3_mime *m, pop3_span in, int last, size_t *n,
                       size_t *brk) {
  const char *e = in.p + in.n;
  for (;;) {
    const char *p = in.p + m->scan, *nl;
    size_t left = (size_t)(e - p);
    if (left == 0) return -1;
    if (!m->midline && p[0] == '-') {
      size_t max = left < POP3_MIME_LINE ? left : POP3_MIME_LINE;
      if (left == 1 && !last) return -1;
      if (left > 1 && p[1] == '-') {
        int i;
        nl = (const char *)memchr(p, '\n', max);
        if (nl == NULL && max < POP3_MIME_LINE && !last) return -1;
        i = nl == NULL && max == POP3_MIME_LINE ? -1
          : delimiter(m, p, nl != NULL ? nl : e, &m->closing);
        *n = nl != NULL ? (size_t)(nl + 1 - p) : left;
        *brk = nl == NULL ? 0 : nl[-1] == '\r' ? 2 : 1;
        if (i >= 0) return i;
      }
    }
    p = find_dash(p, e);
    if (p == NULL) return scan_rest(m, in, last);
    m->scan = (size_t)(p - in.p);
    m->brk = m->scan > 1 && p[-2] == '\r' ? 2 : 1;
    m->midline = 0;
  }
}

static int read_body (pop3_mime *m, pop3_span *in, int last,
                      pop3_mime_ev *ev) {
  size_t n = 0, brk = 0, ready;
  int i;
  if (m->nopen == 0) {                     /* no delimiter can end it */
    m->scan = m->brk = 0;
    return take(m, in, in->n, ev);
  }
  i = scan_lines(m, *in, last, &n, &brk);
  ready = m->scan > m->brk ? m->scan - m->brk : 0;
  if (i < 0) {
    if (last) ready = in->n;
    return ready > 0 ? take(m, in, ready, ev) : 0;
  }
  if (ready > 0 && take(m, in, ready, ev)) return 1;
  m->popto = (size_t)i;                    /* 'in': line break, delimiter */
  m->popend = m->base + m->scan - m->brk;  /* may be before m->base */
  if (m->scan == 0 && m->brk == 0) m->popend -= m->tail;
  drop(m, in, m->scan + n);
  m->tail = brk;
  m->brk = 0;
  m->state = POP;
  return 0;
}

/* The part on top ends at 'end'. */
static int end_part (pop3_mime *m, size_t end, pop3_mime_ev *ev) {
  size_t level = depth(m) - 1;
  open_part *o = top(m);
  memset(ev, 0, sizeof *ev);
  ev->type = POP3_MIME_END;
  ev->level = level;
  ev->at = end < o->head ? o->head : end;
  ev->closed = o->closed;
  ev->empty = o->kind == POP3_PART_MULTI && !o->begun;
  unlist(m, o, level);
  if (o->kind == POP3_PART_MULTI) m->names.n = o->name;
  m->stack.n -= sizeof(open_part);
  return 1;
}

/* All parts above 'popto' have ended; continue after its delimiter. */
static int after_pop (pop3_mime *m, pop3_mime_ev *ev) {
  open_part *o = top(m);
  m->state = BODY;
  if (m->closing) {
    o->closed = 1;
    unlist(m, o, depth(m) - 1);
    return 0;
  }
  o->begun = 1;
  if (m->parts < m->lim.parts) return push(m);
  memset(ev, 0, sizeof *ev);
  ev->type = POP3_MIME_LIMIT;
  ev->level = depth(m) - 1;
  ev->at = m->base;
  m->state = REST;
  return 1;
}

int pop3_mime_next (pop3_mime *m, pop3_span *in, int last,
                    pop3_mime_ev *ev) {
  for (;;) {
    int r = 0;
    unsigned char was = m->state;
    switch (was) {
      case HEAD: r = read_head(m, in, last, ev); break;
      case BODY: r = read_body(m, in, last, ev); break;
      case POP:
        r = depth(m) - 1 > m->popto ? end_part(m, m->popend, ev)
                                    : after_pop(m, ev);
        break;
      case REST: drop(m, in, in->n); break;
      default: return depth(m) > 0 ? end_part(m, m->base, ev) : 0;
    }
    if (r != 0) return r;
    if (m->state != was) continue;
    if (!last) return 0;
    if (in->n == 0) m->state = LAST;       /* else only text was dropped */
  }
}
