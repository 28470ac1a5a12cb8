/*
** html.c - the readable text of HTML mail: blocks, lists, links, character
** references; no scripts, no styles. It is not a browser: one pass, no tree, no
** layout.
**
** The size of the output is bounded by a small multiple of the input, and the
** time by its length: no octet is read twice, and indentation has a bound.
*/
#include <string.h>

#include "../base/ascii.h"
#include "../base/utf8.h"
#include "entity.h"
#include "html.h"

#define DEEPEST 8     /* levels of quotes and lists that are shown */
#define NAME 16       /* octets of the longest element name, and a NUL */
#define HREF 2048     /* octets of a link that are shown */

enum { INLINE, LINE, BLOCK, SKIP, ROW, CELL, OTHER };

/* The effect of an element on the text around it. */
typedef struct element {
  const char *name;
  unsigned char kind;
} element;

static const element elements[] = {
  { "address", BLOCK }, { "article", BLOCK }, { "aside", BLOCK },
  { "blockquote", OTHER }, { "body", LINE }, { "br", OTHER },
  { "caption", LINE }, { "center", LINE }, { "dd", LINE }, { "details", BLOCK },
  { "div", LINE }, { "dl", BLOCK }, { "dt", LINE }, { "fieldset", BLOCK },
  { "figcaption", LINE }, { "figure", BLOCK }, { "footer", BLOCK },
  { "form", BLOCK }, { "h1", BLOCK }, { "h2", BLOCK }, { "h3", BLOCK },
  { "h4", BLOCK }, { "h5", BLOCK }, { "h6", BLOCK },
  { "header", BLOCK }, { "hr", OTHER }, { "html", LINE }, { "iframe", SKIP },
  { "legend", LINE },
  { "li", OTHER }, { "main", BLOCK }, { "nav", BLOCK }, { "ol", OTHER },
  { "option", LINE }, { "p", BLOCK }, { "pre", OTHER }, { "script", SKIP },
  { "section", BLOCK }, { "select", LINE }, { "style", SKIP },
  { "summary", LINE }, { "svg", SKIP }, { "table", ROW }, { "tbody", ROW },
  { "td", CELL }, { "template", SKIP }, { "tfoot", ROW }, { "th", CELL },
  { "thead", ROW }, { "title", SKIP }, { "tr", ROW }, { "ul", OTHER }
};

typedef struct html {
  const char *p, *e;      /* input not read yet */
  pop3_buf *out;
  int err;
  int breaks;             /* line ends to write before the next text */
  int space;              /* a blank to write before the next text */
  int any;                /* some text was written */
  int pre;                /* number of open <pre> */
  int quotes;             /* number of open <blockquote> */
  int quoted;             /* the least of it since the line before */
  int lists;
  int count[DEEPEST];     /* number of the next item of an <ol>; -1: <ul> */
  char href[HREF];        /* of the open <a> */
  size_t nhref;
  size_t link;            /* the offset of its text in 'out' */
  size_t tabs;            /* to write before the next text of a row */
  unsigned char row;      /* the row has text */
  unsigned char fresh;    /* a cell without text so far is open */
  unsigned char tall;     /* the cell has text in more than one line */
} html;

/* ------------------------------------------------------------------ output */

static void put (html *h, const char *p, size_t n) {
  if (h->err == 0) h->err = pop3_buf_add(h->out, p, n);
}

static void puts_ (html *h, const char *s) {
  put(h, s, strlen(s));
}

/*
** At least 'breaks' line ends before the next text; 2 make an empty line. At
** the start of a cell they are ignored: its text follows the cell before it.
*/
static void want (html *h, int breaks) {
  h->space = 0;
  if (h->fresh && h->tabs > 0) return;
  if (h->breaks < breaks) h->breaks = breaks;
  h->tabs = 0;
}

/* Write the pending line ends, and the marks of quotes and lists. */
static void begin_line (html *h) {
  int i, k, n = h->any ? h->breaks : 0;
  int within = h->quotes < h->quoted ? h->quotes : h->quoted;
  for (i = 0; i < n; i++) {
    puts_(h, "\r\n");
    for (k = 0; i < n - 1 && k < within && k < DEEPEST; k++)
      puts_(h, k == 0 ? ">" : " >");
  }
  h->quoted = h->quotes;
  for (i = 0; i < h->quotes && i < DEEPEST; i++) puts_(h, "> ");
  for (i = 1; i < h->lists && i < DEEPEST; i++) puts_(h, "  ");
  if (!h->fresh) h->tall = 1;
  h->breaks = h->space = 0;
  h->any = 1;
}

/* Write a character of text; white space becomes one blank. */
static void put_char (html *h, uint32_t c) {
  int blank = c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
  if (c == 0xAD || c == 0x200B || c == 0xFEFF) return;  /* invisible */
  if (h->pre > 0 && c == '\n') {
    want(h, h->breaks + 1);
    return;
  }
  if (c == '\r' || c == 0) return;
  if ((blank && h->pre == 0) || (c == 0xA0 && h->fresh)) {
    h->space = 1;
    return;
  }
  if (h->breaks > 0 || !h->any) begin_line(h);
  if (h->tabs == 0 && h->space) puts_(h, " ");
  for (; h->tabs > 0; h->tabs--) puts_(h, "\t");
  h->space = h->fresh = 0;
  h->row = 1;
  if (c == 0xA0) c = ' ';
  if (h->err == 0) h->err = pop3_utf8_add(h->out, c);
}

/* ----------------------------------------------------- character references */

static int is_letter (char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int is_digit (char c) {
  return c >= '0' && c <= '9';
}

static int hex (char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The code point of a number; C1 controls are windows-1252 (HTML 13.2.5.80). */
static uint32_t fit (uint32_t c) {
  static const unsigned short c1[] = {
    0x20AC, 0x81, 0x201A, 0x192, 0x201E, 0x2026, 0x2020, 0x2021, 0x2C6, 0x2030,
    0x160, 0x2039, 0x152, 0x8D, 0x17D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C,
    0x201D, 0x2022, 0x2013, 0x2014, 0x2DC, 0x2122, 0x161, 0x203A, 0x153, 0x9D,
    0x17E, 0x178
  };
  if (c >= 0x80 && c < 0xA0) return c1[c - 0x80];
  if (c == 0 || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) return 0xFFFD;
  return c;
}

/* "#65" or "#x41" at '*p', after the "&"; 0 if it is not a number. */
static uint32_t take_number (const char **p, const char *e) {
  const char *q = *p + 1, *start;
  uint32_t c = 0;
  int isx = q < e && (*q == 'x' || *q == 'X');
  q += isx;
  start = q;
  for (; q < e && (isx ? hex(*q) >= 0 : is_digit(*q)); q++)
    if (c <= 0x10FFFF) c = c * (isx ? 16 : 10) + (uint32_t)hex(*q);
  if (q == start) return 0;
  *p = q < e && *q == ';' ? q + 1 : q;
  return fit(c);
}

/*
** The text of the name at '*p', after the "&". Some names may lack their ";"
** (HTML 13.2.5.73), but in attributes not before "=", letters and digits.
*/
static int take_name (const char **p, const char *e, int attribute,
                      pop3_span *text) {
  const char *start = *p, *q = start;
  size_t n;
  while (q < e && q - start < POP3_ENTITY_NAME &&
         (is_letter(*q) || is_digit(*q)))
    q++;
  n = (size_t)(q - start);
  if (q < e && *q == ';' && pop3_entity_find(start, n, text)) {
    *p = q + 1;
    return 1;
  }
  if (n > POP3_ENTITY_LEGACY) n = POP3_ENTITY_LEGACY;
  for (; n >= 2; n--) {
    if (pop3_entity_find(start, n, text) != 2) continue;
    q = start + n;
    if (attribute && q < e && (*q == '=' || is_letter(*q) || is_digit(*q)))
      return 0;
    *p = q;
    return 1;
  }
  return 0;
}

/* One character of valid UTF-8. */
static uint32_t take_utf8 (const char **p) {
  const unsigned char *q = (const unsigned char *)*p;
  uint32_t c = *q++;
  int more = c < 0x80 ? 0 : c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
  if (more > 0) c &= 0x3Fu >> more;
  while (more-- > 0) c = c << 6 | (*q++ & 0x3Fu);
  *p = (const char *)q;
  return c;
}

/* Write the text [p, e); 'attribute' tells whether it is a value of one. */
static void put_text (html *h, const char *p, const char *e, int attribute) {
  while (p < e) {
    const char *q = p + 1;
    pop3_span text;
    uint32_t c = 0;
    if (*p == '&' && q < e) {
      if (*q == '#') c = take_number(&q, e);
      else if (take_name(&q, e, attribute, &text)) {
        const char *t = text.p;
        while (t < text.p + text.n) put_char(h, take_utf8(&t));
        p = q;
        continue;
      }
    }
    if (c == 0) c = take_utf8(&p);
    else p = q;
    put_char(h, c);
  }
}

/* -------------------------------------------------------------------- tags */

typedef struct tag {
  char name[NAME];    /* lower case; "" if it is longer than all known */
  int end;            /* </name> */
  pop3_span href, alt, start;
} tag;

static int is_space (char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* An attribute at h->p; 0 when the tag ends, or the input does. */
static int take_attribute (html *h, tag *t) {
  pop3_span name, value;
  while (h->p < h->e && (is_space(*h->p) || *h->p == '/')) h->p++;
  if (h->p == h->e) return 0;
  if (*h->p == '>') {
    h->p++;
    return 0;
  }
  name.p = h->p;
  while (h->p < h->e && !is_space(*h->p) && *h->p != '=' && *h->p != '>' &&
         *h->p != '/') h->p++;
  name.n = (size_t)(h->p - name.p);
  if (name.n == 0) h->p++;  /* a "=" out of place */
  while (h->p < h->e && is_space(*h->p)) h->p++;
  if (h->p == h->e || *h->p != '=') return 1;
  h->p++;
  while (h->p < h->e && is_space(*h->p)) h->p++;
  if (h->p == h->e) return 0;
  if (*h->p == '"' || *h->p == '\'') {
    const char *q = (const char *)memchr(h->p + 1, *h->p,
                                         (size_t)(h->e - h->p) - 1);
    value.p = h->p + 1;
    value.n = (size_t)((q != NULL ? q : h->e) - value.p);
    h->p = q != NULL ? q + 1 : h->e;
  }
  else {
    value.p = h->p;
    while (h->p < h->e && !is_space(*h->p) && *h->p != '>') h->p++;
    value.n = (size_t)(h->p - value.p);
  }
  if (pop3_is(name, "href")) t->href = value;
  else if (pop3_is(name, "alt")) t->alt = value;
  else if (pop3_is(name, "start")) t->start = value;
  return 1;
}

/* A tag whose name begins at h->p. */
static void take_tag (html *h, tag *t) {
  size_t n = 0;
  while (h->p < h->e && !is_space(*h->p) && *h->p != '>' && *h->p != '/') {
    if (n < NAME - 1)
      t->name[n] = (char)(*h->p >= 'A' && *h->p <= 'Z' ? *h->p + 32 : *h->p);
    n++;
    h->p++;
  }
  t->name[n < NAME ? n : 0] = '\0';
  while (take_attribute(h, t)) continue;
}

static int kind_of (const char *name) {
  size_t low = 0, high = sizeof elements / sizeof elements[0];
  while (low < high) {
    size_t mid = (low + high) / 2;
    int d = strcmp(elements[mid].name, name);
    if (d == 0) return elements[mid].kind;
    if (d < 0) low = mid + 1;
    else high = mid;
  }
  return INLINE;
}

/* Skip the content of an element, and its end tag. */
static void skip_content (html *h, const char *name) {
  size_t n = strlen(name);
  while (h->p < h->e) {
    const char *q = (const char *)memchr(h->p, '<', (size_t)(h->e - h->p));
    if (q == NULL) break;
    h->p = q + 1;
    if ((size_t)(h->e - h->p) > n + 1 && *h->p == '/' &&
        pop3_same(h->p + 1, name, n) &&
        (is_space(h->p[n + 1]) || h->p[n + 1] == '>' || h->p[n + 1] == '/')) {
      tag t;
      memset(&t, 0, sizeof t);
      h->p++;
      take_tag(h, &t);
      return;
    }
  }
  h->p = h->e;
}

static void put_value (html *h, pop3_span s) {
  put_text(h, s.p, s.p + s.n, 1);
}

/* -------------------------------------------------------------------- links */

/* Is it a URL to show? */
static int leads (pop3_span s) {
  static const char *const schemes[] = { "http:", "https:", "mailto:", "ftp:" };
  size_t i;
  for (i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
    if (s.n > strlen(schemes[i]) &&
        pop3_same(s.p, schemes[i], strlen(schemes[i]))) return 1;
  return 0;
}

static void open_link (html *h, const tag *t) {
  h->nhref = 0;
  if (t->href.p == NULL || !leads(t->href) || t->href.n > HREF) return;
  memcpy(h->href, t->href.p, t->href.n);
  h->nhref = t->href.n;
  h->link = h->out->n;
}

/* Is the text of the link its URL? */
static int says_itself (const html *h) {
  const char *p = h->href;
  size_t n = h->nhref, have = h->out->n - h->link;
  const char *text = have > 0 ? h->out->p + h->link : "";
  while (have > 0 && (*text == ' ' || *text == '\r' || *text == '\n' ||
                      *text == '>')) text++, have--;
  if (n > 7 && pop3_same(p, "mailto:", 7)) p += 7, n -= 7;
  if (n > 0 && p[n - 1] == '/') n--;
  return have >= n && memcmp(text, p, n) == 0;
}

static void close_link (html *h) {
  pop3_span s;
  if (h->nhref == 0) return;
  if (!says_itself(h) && h->out->n > h->link) {
    h->space = 1;
    put_char(h, '<');
    s.p = h->href;
    s.n = h->nhref;
    put_value(h, s);
    put_char(h, '>');
  }
  h->nhref = 0;
}

/* ---------------------------------------------------------------- elements */

static void open_list (html *h, const tag *t) {
  uint64_t from = 1;
  want(h, h->lists == 0 ? 2 : 1);
  if (h->lists < DEEPEST) {
    pop3_number(t->start.p, t->start.n, 1000000, &from);
    h->count[h->lists] = t->name[0] == 'o' ? (int)from : -1;
  }
  h->lists++;
}

static void open_item (html *h) {
  char text[16];
  size_t n = sizeof text;
  int level = h->lists < DEEPEST ? h->lists : DEEPEST, count = -1;
  want(h, 1);
  begin_line(h);
  if (level > 0) count = h->count[level - 1];
  if (count < 0) puts_(h, "- ");
  else {
    h->count[level - 1] = count + 1;
    text[--n] = ' ';
    text[--n] = '.';
    do text[--n] = (char)('0' + count % 10); while ((count /= 10) > 0);
    put(h, text + n, sizeof text - n);
  }
}

/*
** Cells of a row are separated by tabs, as innerText does it (HTML 3.2.7), also
** empty ones in the middle. A cell after one of several lines begins a line.
*/
static void cell (html *h, const tag *t) {
  if (!t->end && h->row && h->tall) {
    h->fresh = 0;
    want(h, 1);
  }
  else if (!t->end && h->row) {
    h->breaks = h->space = 0;
    h->tabs++;
  }
  if (!t->end) h->tall = 0;
  h->fresh = !t->end;
}

/* A row or a table begins or ends. A cell that holds a table is a tall one. */
static void row (html *h, int breaks) {
  h->fresh = 0;
  want(h, breaks);
  h->row = h->tall = breaks > 1;
}

/* Elements of kind OTHER. */
static void other (html *h, const tag *t) {
  int *depth = t->name[0] == 'p' ? &h->pre : &h->quotes;
  if (strcmp(t->name, "br") == 0) {
    want(h, h->breaks < 3 ? h->breaks + 1 : 3);
    return;
  }
  h->fresh = 0;
  if (strcmp(t->name, "hr") == 0) {
    want(h, 2);
    begin_line(h);
    puts_(h, "----");
    want(h, 2);
  }
  else if (strcmp(t->name, "li") == 0) {
    if (!t->end) open_item(h);
  }
  else if (strcmp(t->name, "ul") == 0 || strcmp(t->name, "ol") == 0) {
    if (!t->end) open_list(h, t);
    else if (h->lists > 0) want(h, --h->lists == 0 ? 2 : 1);
  }
  else {
    want(h, 2);
    if (!t->end) (*depth)++;
    else if (*depth > 0) (*depth)--;
    if (h->quoted > h->quotes) h->quoted = h->quotes;
  }
}

static void element_tag (html *h, const tag *t) {
  switch (kind_of(t->name)) {
    case LINE: want(h, 1); break;
    case BLOCK: want(h, 2); break;
    case SKIP:
      if (!t->end) skip_content(h, t->name);
      break;
    case ROW: row(h, strcmp(t->name, "table") == 0 ? 2 : 1); break;
    case CELL: cell(h, t); break;
    case OTHER: other(h, t); break;
    default:
      if (strcmp(t->name, "a") == 0) {
        close_link(h);
        if (!t->end) open_link(h, t);
      }
      else if (strcmp(t->name, "img") == 0 && t->alt.n > 0) {
        put_char(h, '[');
        put_value(h, t->alt);
        put_char(h, ']');
      }
      else if (strcmp(t->name, "q") == 0) put_char(h, '"');
  }
}

/*
** Skip a comment; h->p is after its "<!--". It ends with "-->" or "--!>", or at
** once with ">" or "->" (HTML 13.2.5.43 to 13.2.5.52).
*/
static void skip_comment (html *h) {
  const char *q = h->p;
  if (h->e - q >= 1 && q[0] == '>') {
    h->p = q + 1;
    return;
  }
  if (h->e - q >= 2 && q[0] == '-' && q[1] == '>') {
    h->p = q + 2;
    return;
  }
  while ((q = h->p < h->e ? (const char *)memchr(h->p, '-',
            (size_t)(h->e - h->p)) : NULL) != NULL) {
    h->p = q + 1;
    if (h->e - q < 3 || q[1] != '-') continue;
    if (q[2] == '>') {
      h->p = q + 3;
      return;
    }
    if (h->e - q >= 4 && q[2] == '!' && q[3] == '>') {
      h->p = q + 4;
      return;
    }
  }
  h->p = h->e;
}

/* Skip "<!--...-->", "<!doctype ...>", "<?xml ...>". */
static void skip_markup (html *h) {
  const char *q;
  if (h->e - h->p >= 3 && memcmp(h->p, "!--", 3) == 0) {
    h->p += 3;
    skip_comment(h);
    return;
  }
  q = (const char *)memchr(h->p, '>', (size_t)(h->e - h->p));
  h->p = q != NULL ? q + 1 : h->e;
}

/* Read the markup at h->p, which is "<". */
static void markup (html *h) {
  const char *q = h->p + 1;
  tag t;
  int end = q < h->e && *q == '/';
  if (end) q++;
  if (q < h->e && is_letter(*q)) {
    memset(&t, 0, sizeof t);
    t.end = end;
    h->p = q;
    take_tag(h, &t);
    element_tag(h, &t);
  }
  else if (q < h->e && (end || *q == '!' || *q == '?')) {
    h->p++;
    skip_markup(h);
  }
  else {
    h->p++;
    put_char(h, '<');
  }
}

int pop3_html_text (pop3_buf *out, pop3_span in) {
  html h;
  if (in.n == 0) return 0;
  if (pop3_utf8_valid(in.p, in.n) != in.n) return POP3_ECHARSET;
  memset(&h, 0, sizeof h);
  h.p = in.p;
  h.e = in.p + in.n;
  h.out = out;
  while (h.p < h.e && h.err == 0) {
    const char *p = h.p;
    if (*p == '<') {
      markup(&h);
      continue;
    }
    h.p = (const char *)memchr(p, '<', (size_t)(h.e - p));
    if (h.p == NULL) h.p = h.e;
    put_text(&h, p, h.p, 0);
  }
  close_link(&h);
  if (h.any) puts_(&h, "\r\n");
  return h.err;
}
