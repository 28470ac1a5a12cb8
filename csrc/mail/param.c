/*
** param.c - fields of the form "value; name=value; ..." (RFC 2045 5.1), with
** the sections and charsets of RFC 2231.
**
** The field is divided into segments. Only if a name has a "*" are they sorted,
** and the sections of one parameter joined.
*/
#include <string.h>

#include "../base/ascii.h"
#include "param.h"
#include "word.h"

typedef struct seg {
  uint32_t name, nname;    /* in 'text' */
  uint32_t value, nvalue;
  uint32_t order, section;
  unsigned char rank;      /* of the forms of one name the lowest wins */
  unsigned char percent;   /* the value is percent-encoded */
} seg;

enum { EXT, SECTIONS, PLAIN };

/* A parameter; it is stored over its first segment. */
typedef struct param {
  uint32_t name, nname, value, nvalue, charset, ncharset;
  enum pop3_param_form form;
} param;

typedef char param_fits[sizeof(param) <= sizeof(seg) ? 1 : -1];

void pop3_value_init (pop3_value *v, pop3_mem mem) {
  memset(v, 0, sizeof *v);
  pop3_buf_init(&v->text, mem);
  pop3_buf_init(&v->segs, mem);
}

void pop3_value_free (pop3_value *v) {
  pop3_buf_free(&v->text);
  pop3_buf_free(&v->segs);
}

/* ---------------------------------------------------------- segments */

enum { END = 1, JUNK = 2, BLANK = 4, STOP = 8 };

/*
** Octets at which a main value ends (END), and those that are not part of one
** (RFC 2045 5.1), though they may be glued to it (JUNK); white space; octets at
** which the name of a parameter ends (STOP).
*/
static const unsigned char special[256] = {
  [';'] = END | STOP, ['='] = END | STOP, ['('] = END | STOP, [','] = END,
  [' '] = END | STOP | BLANK, ['\t'] = END | STOP | BLANK,
  ['\r'] = END | STOP | BLANK, ['\n'] = END | STOP | BLANK,
  ['"'] = END | JUNK, ['<'] = JUNK, ['>'] = JUNK, ['@'] = JUNK,
  ['\''] = JUNK, ['['] = JUNK, [']'] = JUNK, ['?'] = JUNK, [':'] = JUNK,
  ['\\'] = JUNK
};

static int is (char c, int what) {
  return special[(unsigned char)c] & what;
}

/* A comment without an end extends to 'e'. */
static const char *skip_comment (const char *p, const char *e) {
  p = pop3_skip_comment(p, e);
  return p != NULL ? p : e;
}

static const char *skip_blanks (const char *p, const char *e) {
  while (p < e && is(*p, BLANK)) p++;
  return p;
}

static const char *skip_cfws (const char *p, const char *e) {
  for (;;) {
    p = skip_blanks(p, e);
    if (p == e || *p != '(') return p;
    p = skip_comment(p, e);
  }
}

static int add_lower (pop3_buf *b, const char *p, const char *e) {
  if (pop3_buf_room(b, (size_t)(e - p) + 1) != 0) return POP3_ENOMEM;
  for (; p < e; p++) b->p[b->n++] = (char)pop3_lower(*p);
  return 0;
}

/* Is "token=" at 'p', the beginning of the next parameter? */
static int is_param (const char *p, const char *e) {
  const char *q = p;
  while (q < e && *q != '=' && *q != ';' && *q != '"' && *q != '(' &&
         !pop3_isspace(*q))
    q++;
  return q > p && q < e && *q == '=';
}

/* Is it "name" or "filename", or a section of one? */
static int is_name (pop3_span name) {
  const char *star = (const char *)memchr(name.p, '*', name.n);
  if (star != NULL) name.n = (size_t)(star - name.p);
  return pop3_is(name, "name") || pop3_is(name, "filename");
}

/*
** The end of a value without quotes at 'p': a blank, or for the name of a file
** the blank before the next parameter, since senders forget the quotes. 'e' is
** the next ";".
*/
static const char *end_of_value (const char *p, const char *e,
                                 pop3_span name) {
  while (p < e) {
    const char *q = p;
    while (q < e && !is(*q, BLANK)) q++;
    p = skip_blanks(q, e);
    if (p == e || is_param(p, e)) return q;
    if (*p != '(' && !is_name(name)) return q;
  }
  return e;
}

/*
** Append the value at 'p' of the parameter 'name' and return one past it, NULL
** if there is no memory. A comment ends the value if nothing follows it.
*/
static const char *add_value (pop3_buf *b, const char *p, const char *e,
                              pop3_span name, unsigned char *noquote) {
  const char *end, *q, *c;
  int open = 0;
  if (p < e && *p == '"' && !*noquote) {
    end = pop3_skip_quoted(p, e);
    if (end != NULL) {
      if (pop3_buf_room(b, (size_t)(end - p)) != 0) return NULL;
      if (memchr(p, '\\', (size_t)(end - p)) == NULL)
        return pop3_buf_add(b, p + 1, (size_t)(end - p) - 2) == 0 ? end : NULL;
      for (p++; p < end - 1; p++) {
        if (*p == '\\' && p + 1 < end - 1) p++;
        b->p[b->n++] = *p;
      }
      return end;
    }
    *noquote = 1;            /* no quoted-string ends from here on */
  }
  if (p < e && *p == '"') p++, open = 1;
  end = p < e ? (const char *)memchr(p, ';', (size_t)(e - p)) : NULL;
  if (end == NULL) end = e;
  end = end_of_value(p, end, name);
  for (q = end; (c = (const char *)memchr(p, '(', (size_t)(q - p))) != NULL;) {
    const char *after = skip_comment(c, end);
    if (skip_cfws(after, end) != end) break;
    q = c;
  }
  while (q > p && pop3_isspace(q[-1])) q--;
  if (!open && q > p && q[-1] == '"') q--;    /* all of the field is quoted */
  return pop3_buf_add(b, p, (size_t)(q - p)) == 0 ? end : NULL;
}

/*
** Remove the star from a name: "n*" is extended, "n*3" a section, "n*3*" both.
** Any other name does not change.
*/
static void read_star (pop3_value *v, seg *s) {
  const char *b = v->text.p + s->name, *e = b + s->nname;
  const char *star = (const char *)memchr(b, '*', s->nname), *p;
  uint32_t n = 0;
  s->rank = PLAIN;
  s->section = 0;
  s->percent = 0;
  if (star == NULL || star == b) return;
  if (star + 1 == e) s->rank = EXT, s->percent = 1;
  else {
    for (p = star + 1; p < e && pop3_isdigit(*p) && p - star < 10; p++)
      n = n * 10 + (uint32_t)(*p - '0');
    if (p == star + 1 || (p < e && (*p != '*' || p + 1 != e))) return;
    s->rank = SECTIONS;
    s->section = n;
    s->percent = p < e;
  }
  v->stars = 1;
  s->nname = (uint32_t)(star - b);
}

/*
** Read the segments from 'p' on, which is one past the main value. A piece
** without "=" or without a name is skipped.
*/
static int read_segs (pop3_value *v, const char *p, const char *e,
                      size_t max) {
  unsigned char noquote = 0;
  uint32_t order = 0;
  for (;;) {
    const char *name, *end;
    seg s;
    while (p < e && (*p == ';' || *p == ',' || *p == '"' || pop3_isspace(*p)))
      p++;
    p = skip_cfws(p, e);
    if (p == e) return 0;
    name = p;
    while (p < e && !is(*p, STOP)) p++;
    end = p;
    p = skip_cfws(p, e);
    if (p < e && *p == '=' && end > name) {
      if (order == max) {
        v->limited = 1;
        return 0;
      }
      memset(&s, 0, sizeof s);
      s.name = (uint32_t)v->text.n;
      if (add_lower(&v->text, name, end) != 0) return POP3_ENOMEM;
      s.nname = (uint32_t)v->text.n - s.name;
      s.value = (uint32_t)v->text.n;
      p = add_value(&v->text, skip_cfws(p + 1, e), e,
                    pop3_span_of(name, (size_t)(end - name)), &noquote);
      if (p == NULL) return POP3_ENOMEM;
      s.nvalue = (uint32_t)v->text.n - s.value;
      s.order = order++;
      read_star(v, &s);
      if (pop3_buf_add(&v->segs, (const char *)&s, sizeof s) != 0)
        return POP3_ENOMEM;
    }
    else if (p < e && *p == '=') {
      p = (const char *)memchr(p, ';', (size_t)(e - p));
      if (p == NULL) return 0;
    }
  }
}

/* ------------------------------------------------------------- sorting */

static int compare (const char *text, const seg *a, const seg *b) {
  size_t n = a->nname < b->nname ? a->nname : b->nname;
  int c = memcmp(text + a->name, text + b->name, n);
  if (c != 0) return c;
  if (a->nname != b->nname) return a->nname < b->nname ? -1 : 1;
  if (a->rank != b->rank) return a->rank < b->rank ? -1 : 1;
  if (a->section != b->section) return a->section < b->section ? -1 : 1;
  return a->order < b->order ? -1 : 1;
}

/* Move the segment at 'i' down in the heap s[0 .. n). */
static void sink (const char *text, seg *s, size_t i, size_t n) {
  for (;;) {
    size_t k = 2 * i + 1;
    seg t;
    if (k >= n) return;
    if (k + 1 < n && compare(text, &s[k], &s[k + 1]) < 0) k++;
    if (compare(text, &s[i], &s[k]) > 0) return;
    t = s[i];
    s[i] = s[k];
    s[k] = t;
    i = k;
  }
}

/* Heapsort: n log n for any input, and no memory (qsort may allocate). */
static void sort (const char *text, seg *s, size_t n) {
  size_t i;
  for (i = n / 2; i-- > 0;) sink(text, s, i, n);
  while (n > 1) {
    seg t = s[0];
    s[0] = s[n - 1];
    s[--n] = t;
    sink(text, s, 0, n);
  }
}

/* ------------------------------------------------------------- joining */

/* Append a segment's octets to 'text', from 'skip' on. */
static int add_octets (pop3_buf *text, const seg *s, size_t skip) {
  const char *p, *e;
  if (pop3_buf_room(text, s->nvalue + 1) != 0) return POP3_ENOMEM;
  p = text->p + s->value + skip;
  e = text->p + s->value + s->nvalue;
  while (p < e) {
    int hi, lo;
    if (s->percent && *p == '%' && e - p >= 3 &&
        (hi = pop3_hexdigit(p[1])) >= 0 && (lo = pop3_hexdigit(p[2])) >= 0) {
      text->p[text->n++] = (char)(hi << 4 | lo);
      p += 3;
    }
    else text->p[text->n++] = *p++;
  }
  return 0;
}

/*
** The length of "charset'language'" at the start of an extended value, 0 if it
** is not there.
*/
static size_t charset_prefix (const char *p, size_t n, uint32_t *ncharset) {
  const char *a = n > 0 ? (const char *)memchr(p, '\'', n) : NULL, *b;
  *ncharset = 0;
  if (a == NULL) return 0;
  b = (const char *)memchr(a + 1, '\'', n - (size_t)(a + 1 - p));
  if (b == NULL) return 0;
  *ncharset = (uint32_t)(a - p);
  return (size_t)(b + 1 - p);
}

/*
** Make one parameter of the sorted segments s[0 .. n) of one name: the best
** form wins, and the first segment of that. Sections are joined up to a gap.
** They count from 0, but some senders count from 1.
*/
static int make_param (pop3_value *v, const seg *s, size_t n) {
  param p;
  size_t i, skip = 0, want = 0;
  memset(&p, 0, sizeof p);
  while (n > 0 && s->rank == SECTIONS &&
         (s->section > 1 || (s->section == 1 && s[n - 1].rank == PLAIN)))
    s++, n--;
  if (n == 0) return 0;                   /* no first section */
  want = s->section;
  p.name = s->name;
  p.nname = s->nname;
  p.form = s->rank == EXT ? POP3_PARAM_EXT : POP3_PARAM_PLAIN;
  if (s->percent) {
    skip = charset_prefix(v->text.p + s->value, s->nvalue, &p.ncharset);
    p.charset = s->value;
    p.form = POP3_PARAM_EXT;
  }
  else if (s->rank == SECTIONS) p.form = POP3_PARAM_SECTIONS;
  p.value = s->value;
  p.nvalue = s->nvalue;
  if (s->rank != PLAIN) {
    p.value = (uint32_t)v->text.n;
    for (i = 0; i < n && s[i].rank == s->rank; i++) {
      if (s[i].section < want) continue;    /* a second one of that number */
      if (s[i].section > want) break;
      if (s[i].percent) p.form = POP3_PARAM_EXT;
      if (add_octets(&v->text, &s[i], skip) != 0) return POP3_ENOMEM;
      skip = 0;
      want++;
    }
    p.nvalue = (uint32_t)v->text.n - p.value;
  }
  memcpy(v->segs.p + v->nparams++ * sizeof p, &p, sizeof p);
  return 0;
}

static int make_params (pop3_value *v) {
  seg *s = (seg *)(void *)v->segs.p;
  size_t n = v->segs.n / sizeof(seg), i, j;
  int err = 0;
  if (v->stars) sort(v->text.p, s, n);
  for (i = 0; i < n && err == 0; i = j) {
    const char *t = v->text.p;
    j = i + 1;
    while (v->stars && j < n && s[j].nname == s[i].nname &&
           memcmp(t + s[j].name, t + s[i].name, s[i].nname) == 0)
      j++;
    err = make_param(v, s + i, j - i);
  }
  return err;
}

/* ------------------------------------------------------------- interface */

/*
** Append the main value in lower case, without white space, comments, quotes
** and junk around it; returns one past it. In "name=value" without a main
** value all pieces are parameters.
*/
static const char *read_main (pop3_value *v, const char *p, const char *e) {
  for (;;) {
    const char *q, *after;
    p = skip_cfws(p, e);
    while (p < e && is(*p, JUNK)) p = skip_cfws(p + 1, e);
    for (q = p; q < e && !is(*q, END); q++) continue;
    if (q == p) break;
    if (v->text.n > 0 && p[0] != '/' && v->text.p[v->text.n - 1] != '/')
      break;                               /* the ";" is missing */
    after = skip_cfws(q, e);
    if (after < e && *after == '=') break;
    if (add_lower(&v->text, p, q) != 0) return NULL;
    p = after;
    if (p == e || *p == ';') break;        /* nearly always */
  }
  while (v->text.n > 0 && is(v->text.p[v->text.n - 1], JUNK)) v->text.n--;
  v->nmain = v->text.n;
  return p;
}

int pop3_value_parse (pop3_value *v, pop3_span in, size_t max) {
  const char *e, *p;
  int err;
  if (in.n > UINT32_MAX / 4) in.n = UINT32_MAX / 4;
  e = in.p + in.n;
  v->text.n = v->segs.n = v->nparams = v->nmain = 0;
  v->limited = v->stars = 0;
  if (in.n == 0) return 0;
  p = read_main(v, in.p, e);
  if (p == NULL) return POP3_ENOMEM;
  err = read_segs(v, p, e, max);
  return err != 0 ? err : make_params(v);
}

pop3_span pop3_value_main (const pop3_value *v) {
  return pop3_span_of(v->text.p, v->nmain);
}

size_t pop3_value_count (const pop3_value *v) {
  return v->nparams;
}

void pop3_value_get (const pop3_value *v, size_t i, pop3_param *out) {
  param p;
  memcpy(&p, v->segs.p + i * sizeof p, sizeof p);
  out->name = pop3_span_of(v->text.p + p.name, p.nname);
  out->octets = pop3_span_of(v->text.p + p.value, p.nvalue);
  out->charset = pop3_span_of(v->text.p + p.charset, p.ncharset);
  out->form = p.form;
}

int pop3_value_find (const pop3_value *v, const char *name, pop3_param *p) {
  size_t i, n = pop3_value_count(v), len = strlen(name);
  for (i = 0; i < n; i++) {
    pop3_value_get(v, i, p);
    if (p->name.n == len && memcmp(p->name.p, name, len) == 0) return 1;
  }
  return 0;
}

/* Can there be encoded-words in it? */
static int has_words (pop3_span s) {
  const char *p = s.p, *e = p + s.n;
  while (p < e && (p = (const char *)memchr(p, '=', (size_t)(e - p))) != NULL) {
    if (e - p >= 2 && p[1] == '?') return 1;
    p++;
  }
  return 0;
}

int pop3_param_text (pop3_conv *c, const pop3_param *p, pop3_buf *out) {
  pop3_span s = p->octets;
  pop3_buf text;
  int err;
  if (p->form != POP3_PARAM_EXT) return pop3_words(c, s, out);
  if (!has_words(s))
    return pop3_conv_text(c, pop3_charset_find(p->charset), s, out);
  pop3_buf_init(&text, out->mem);          /* encoded-words within */
  err = pop3_conv_text(c, pop3_charset_find(p->charset), s, &text);
  if (err == 0) err = pop3_words(c, pop3_span_of(text.p, text.n), out);
  pop3_buf_free(&text);
  return err;
}
