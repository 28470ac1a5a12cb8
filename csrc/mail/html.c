/*
** html.c - the readable text of HTML mail: blocks, lists, links, entities; no
** scripts, no styles. Not a browser: one pass, no tree, no layout.
**
** Input and output are UTF-8. What is written is bounded by a small multiple
** of what is read, and time by its length: nothing is looked at twice, and
** indentation has a bound.
*/
#include <string.h>

#include "../base/ascii.h"
#include "../base/utf8.h"
#include "html.h"

#define DEEPEST 8     /* levels of quotes and lists that are shown */
#define NAME 16       /* octets of a name that may be known */
#define HREF 2048     /* octets of a link that are shown */

enum { INLINE, LINE, BLOCK, SKIP, OTHER };

/* What an element does to the text around it. */
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
  { "h4", BLOCK }, { "h5", BLOCK }, { "h6", BLOCK }, { "head", SKIP },
  { "header", BLOCK }, { "hr", OTHER }, { "html", LINE }, { "legend", LINE },
  { "li", OTHER }, { "main", BLOCK }, { "nav", BLOCK }, { "ol", OTHER },
  { "option", LINE }, { "p", BLOCK }, { "pre", OTHER }, { "script", SKIP },
  { "section", BLOCK }, { "select", LINE }, { "style", SKIP },
  { "summary", LINE }, { "table", BLOCK }, { "tbody", LINE },
  { "template", SKIP }, { "tfoot", LINE }, { "thead", LINE },
  { "title", SKIP }, { "tr", LINE }, { "ul", OTHER }
};

typedef struct html {
  const char *p, *e;      /* what is not read yet */
  pop3_buf *out;
  int err;
  int breaks;             /* line ends that are due before the next text */
  int space;              /* a blank is due */
  int any;                /* something was written at all */
  int pre;                /* inside so many <pre> */
  int quotes;             /* and <blockquote> */
  int lists;
  int count[DEEPEST];     /* items so far, of an <ol>; -1 of an <ul> */
  char href[HREF];        /* of the <a> that is open */
  size_t nhref;
  size_t link;            /* where its text begins in 'out' */
} html;

/* ------------------------------------------------------------------ output */

static void put (html *h, const char *p, size_t n) {
  if (h->err == 0) h->err = pop3_buf_add(h->out, p, n);
}

static void puts_ (html *h, const char *s) {
  put(h, s, strlen(s));
}

/* At least so many line ends before what comes: 2 leave a line between. */
static void want (html *h, int breaks) {
  if (h->breaks < breaks) h->breaks = breaks;
  h->space = 0;
}

/* The line ends that are due, and what each line of a quote begins with. */
static void begin_line (html *h) {
  int i, k, n = h->any ? h->breaks : 0;
  for (i = 0; i < n; i++) {
    puts_(h, "\r\n");
    for (k = 0; i < n - 1 && k < h->quotes && k < DEEPEST; k++) puts_(h, ">");
  }
  for (i = 0; i < h->quotes && i < DEEPEST; i++) puts_(h, "> ");
  for (i = 1; i < h->lists && i < DEEPEST; i++) puts_(h, "  ");
  h->breaks = h->space = 0;
  h->any = 1;
}

/* A character of text, white space being one blank. */
static void put_char (html *h, uint32_t c) {
  int blank = c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
  if (c == 0xAD || c == 0x200B || c == 0xFEFF) return;  /* seen by nobody */
  if (h->pre > 0 && c == '\n') {
    want(h, h->breaks + 1);
    return;
  }
  if (c == '\r' || c == 0) return;
  if (blank && h->pre == 0) {
    h->space = 1;
    return;
  }
  if (h->breaks > 0 || !h->any) begin_line(h);
  if (h->space) puts_(h, " ");
  h->space = 0;
  if (c == 0xA0) c = ' ';
  if (h->err == 0) h->err = pop3_utf8_add(h->out, c);
}

/* ---------------------------------------------------------------- entities */

typedef struct entity {
  const char *name;
  uint32_t c;
} entity;

/* Those of HTML 4 that are met, sorted. */
static const entity entities[] = {
  { "AElig", 0xC6 }, { "Aacute", 0xC1 }, { "Acirc", 0xC2 },
  { "Agrave", 0xC0 }, { "Alpha", 0x391 }, { "Aring", 0xC5 },
  { "Atilde", 0xC3 }, { "Auml", 0xC4 }, { "Beta", 0x392 }, { "Ccedil", 0xC7 },
  { "Chi", 0x3A7 }, { "Dagger", 0x2021 }, { "Delta", 0x394 }, { "ETH", 0xD0 },
  { "Eacute", 0xC9 }, { "Ecirc", 0xCA }, { "Egrave", 0xC8 },
  { "Epsilon", 0x395 }, { "Eta", 0x397 }, { "Euml", 0xCB }, { "Gamma", 0x393 },
  { "Iacute", 0xCD }, { "Icirc", 0xCE }, { "Igrave", 0xCC }, { "Iota", 0x399 },
  { "Iuml", 0xCF }, { "Kappa", 0x39A }, { "Lambda", 0x39B }, { "Mu", 0x39C },
  { "Ntilde", 0xD1 }, { "Nu", 0x39D }, { "OElig", 0x152 }, { "Oacute", 0xD3 },
  { "Ocirc", 0xD4 }, { "Ograve", 0xD2 }, { "Omega", 0x3A9 },
  { "Omicron", 0x39F }, { "Oslash", 0xD8 }, { "Otilde", 0xD5 },
  { "Ouml", 0xD6 }, { "Phi", 0x3A6 }, { "Pi", 0x3A0 }, { "Prime", 0x2033 },
  { "Psi", 0x3A8 }, { "Rho", 0x3A1 }, { "Scaron", 0x160 }, { "Sigma", 0x3A3 },
  { "THORN", 0xDE }, { "Tau", 0x3A4 }, { "Theta", 0x398 }, { "Uacute", 0xDA },
  { "Ucirc", 0xDB }, { "Ugrave", 0xD9 }, { "Upsilon", 0x3A5 },
  { "Uuml", 0xDC }, { "Xi", 0x39E }, { "Yacute", 0xDD }, { "Yuml", 0x178 },
  { "Zeta", 0x396 }, { "aacute", 0xE1 }, { "acirc", 0xE2 }, { "acute", 0xB4 },
  { "aelig", 0xE6 }, { "agrave", 0xE0 }, { "alpha", 0x3B1 }, { "amp", '&' },
  { "and", 0x2227 }, { "apos", '\'' }, { "aring", 0xE5 }, { "asymp", 0x2248 },
  { "atilde", 0xE3 }, { "auml", 0xE4 }, { "bdquo", 0x201E },
  { "beta", 0x3B2 }, { "brvbar", 0xA6 }, { "bull", 0x2022 }, { "cap", 0x2229 },
  { "ccedil", 0xE7 }, { "cedil", 0xB8 }, { "cent", 0xA2 }, { "chi", 0x3C7 },
  { "circ", 0x2C6 }, { "clubs", 0x2663 }, { "copy", 0xA9 }, { "cup", 0x222A },
  { "curren", 0xA4 }, { "dArr", 0x21D3 }, { "dagger", 0x2020 },
  { "darr", 0x2193 }, { "deg", 0xB0 }, { "delta", 0x3B4 },
  { "diams", 0x2666 }, { "divide", 0xF7 }, { "eacute", 0xE9 },
  { "ecirc", 0xEA }, { "egrave", 0xE8 }, { "emsp", ' ' }, { "ensp", ' ' },
  { "epsilon", 0x3B5 }, { "equiv", 0x2261 }, { "eta", 0x3B7 },
  { "eth", 0xF0 }, { "euml", 0xEB }, { "euro", 0x20AC }, { "frac12", 0xBD },
  { "frac14", 0xBC }, { "frac34", 0xBE }, { "frasl", 0x2044 },
  { "gamma", 0x3B3 }, { "ge", 0x2265 }, { "gt", '>' }, { "hArr", 0x21D4 },
  { "harr", 0x2194 }, { "hearts", 0x2665 }, { "hellip", 0x2026 },
  { "iacute", 0xED }, { "icirc", 0xEE }, { "iexcl", 0xA1 },
  { "igrave", 0xEC }, { "infin", 0x221E }, { "int", 0x222B },
  { "iota", 0x3B9 }, { "iquest", 0xBF }, { "iuml", 0xEF }, { "kappa", 0x3BA },
  { "lArr", 0x21D0 }, { "lambda", 0x3BB }, { "laquo", 0xAB },
  { "larr", 0x2190 }, { "ldquo", 0x201C }, { "le", 0x2264 },
  { "lrm", 0x200E }, { "lsaquo", 0x2039 }, { "lsquo", 0x2018 }, { "lt", '<' },
  { "macr", 0xAF }, { "mdash", 0x2014 }, { "micro", 0xB5 },
  { "middot", 0xB7 }, { "minus", 0x2212 }, { "mu", 0x3BC }, { "nbsp", 0xA0 },
  { "ndash", 0x2013 }, { "ne", 0x2260 }, { "not", 0xAC }, { "ntilde", 0xF1 },
  { "nu", 0x3BD }, { "oacute", 0xF3 }, { "ocirc", 0xF4 }, { "oelig", 0x153 },
  { "ograve", 0xF2 }, { "omega", 0x3C9 }, { "omicron", 0x3BF },
  { "ordf", 0xAA }, { "ordm", 0xBA }, { "oslash", 0xF8 }, { "otilde", 0xF5 },
  { "ouml", 0xF6 }, { "para", 0xB6 }, { "part", 0x2202 },
  { "permil", 0x2030 }, { "phi", 0x3C6 }, { "pi", 0x3C0 },
  { "plusmn", 0xB1 }, { "pound", 0xA3 }, { "prime", 0x2032 },
  { "prod", 0x220F }, { "psi", 0x3C8 }, { "quot", '"' }, { "rArr", 0x21D2 },
  { "radic", 0x221A }, { "raquo", 0xBB }, { "rarr", 0x2192 },
  { "rdquo", 0x201D }, { "reg", 0xAE }, { "rho", 0x3C1 }, { "rlm", 0x200F },
  { "rsaquo", 0x203A }, { "rsquo", 0x2019 }, { "sbquo", 0x201A },
  { "scaron", 0x161 }, { "sect", 0xA7 }, { "shy", 0xAD }, { "sigma", 0x3C3 },
  { "sigmaf", 0x3C2 }, { "spades", 0x2660 }, { "sum", 0x2211 },
  { "sup1", 0xB9 }, { "sup2", 0xB2 }, { "sup3", 0xB3 }, { "szlig", 0xDF },
  { "tau", 0x3C4 }, { "theta", 0x3B8 }, { "thinsp", 0x2009 },
  { "thorn", 0xFE }, { "tilde", 0x2DC }, { "times", 0xD7 },
  { "trade", 0x2122 }, { "uArr", 0x21D1 }, { "uacute", 0xFA },
  { "uarr", 0x2191 }, { "ucirc", 0xFB }, { "ugrave", 0xF9 }, { "uml", 0xA8 },
  { "upsilon", 0x3C5 }, { "uuml", 0xFC }, { "xi", 0x3BE }, { "yacute", 0xFD },
  { "yen", 0xA5 }, { "yuml", 0xFF }, { "zeta", 0x3B6 }, { "zwj", 0x200D },
  { "zwnj", 0x200C }
};

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

/* What a number stands for; those of C1 are windows-1252, as everywhere. */
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

static uint32_t find_entity (const char *p, size_t n) {
  size_t low = 0, high = sizeof entities / sizeof entities[0];
  while (low < high) {
    size_t mid = (low + high) / 2;
    int d = strncmp(entities[mid].name, p, n);
    if (d == 0 && entities[mid].name[n] != '\0') d = 1;
    if (d == 0) return entities[mid].c;
    if (d < 0) low = mid + 1;
    else high = mid;
  }
  return 0;
}

/*
** What stands at '*p', which is "&": a character, '*p' being left behind it;
** 0 when it is just that.
*/
static uint32_t take_entity (const char **p, const char *e) {
  const char *q = *p + 1, *start;
  uint32_t c = 0;
  if (q < e && *q == '#') {
    int isx = q + 1 < e && (q[1] == 'x' || q[1] == 'X');
    q += isx ? 2 : 1;
    start = q;
    for (; q < e && (isx ? hex(*q) >= 0 : is_digit(*q)); q++)
      if (c <= 0x10FFFF) c = c * (isx ? 16 : 10) + (uint32_t)hex(*q);
    if (q == start) return 0;
    c = fit(c);
  }
  else {
    start = q;
    while (q < e && q - start < NAME && (is_letter(*q) || is_digit(*q))) q++;
    c = find_entity(start, (size_t)(q - start));
    if (c == 0) return 0;
  }
  *p = q < e && *q == ';' ? q + 1 : q;
  return c;
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

/* -------------------------------------------------------------------- tags */

typedef struct tag {
  char name[NAME];    /* lower case, "" if it is too long to be known */
  int end;            /* </name> */
  pop3_span href, alt, start;
} tag;

static int same (pop3_span s, const char *name) {
  return s.n == strlen(name) && pop3_same(s.p, name, s.n);
}

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
  if (same(name, "href")) t->href = value;
  else if (same(name, "alt")) t->alt = value;
  else if (same(name, "start")) t->start = value;
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

/* Behind the end tag of an element whose content is not text, or the end. */
static void skip_content (html *h, const char *name) {
  size_t n = strlen(name);
  while (h->p < h->e) {
    const char *q = (const char *)memchr(h->p, '<', (size_t)(h->e - h->p));
    if (q == NULL) break;
    h->p = q + 1;
    if ((size_t)(h->e - h->p) > n + 1 && *h->p == '/' &&
        pop3_same(h->p + 1, name, n) && !is_letter(h->p[n + 1])) {
      tag t;
      memset(&t, 0, sizeof t);
      h->p++;
      take_tag(h, &t);
      return;
    }
  }
  h->p = h->e;
}

/* The value of an attribute as text, entities undone. */
static void put_value (html *h, pop3_span s) {
  const char *p = s.p, *e = s.p + s.n;
  while (p < e) {
    uint32_t c = *p == '&' ? take_entity(&p, e) : 0;
    put_char(h, c != 0 ? c : take_utf8(&p));
  }
}

/* -------------------------------------------------------------------- links */

/* Only what leads somewhere is worth showing. */
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

/* Is the text of the link its address already? */
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

/* Those that are more than a line or a block. */
static void other (html *h, const tag *t) {
  int *depth = t->name[0] == 'p' ? &h->pre : &h->quotes;
  if (strcmp(t->name, "br") == 0)
    want(h, h->breaks < 3 ? h->breaks + 1 : 3);
  else if (strcmp(t->name, "hr") == 0) {
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
  }
}

static void element_tag (html *h, const tag *t) {
  switch (kind_of(t->name)) {
    case LINE: want(h, 1); break;
    case BLOCK: want(h, 2); break;
    case SKIP:
      if (!t->end) skip_content(h, t->name);
      break;
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
      else if (strcmp(t->name, "td") == 0 || strcmp(t->name, "th") == 0)
        h->space = 1;
  }
}

/* "<!--", "<!doctype", "<?xml": behind it. */
static void skip_markup (html *h) {
  const char *q;
  if (h->e - h->p >= 3 && memcmp(h->p, "!--", 3) == 0) {
    h->p += 3;
    while ((q = h->p < h->e ? (const char *)memchr(h->p, '-',
              (size_t)(h->e - h->p)) : NULL) != NULL) {
      h->p = q + 1;
      if (h->e - q >= 3 && q[1] == '-' && q[2] == '>') {
        h->p = q + 3;
        return;
      }
    }
    h->p = h->e;
    return;
  }
  q = (const char *)memchr(h->p, '>', (size_t)(h->e - h->p));
  h->p = q != NULL ? q + 1 : h->e;
}

/* What stands at h->p, which is "<". */
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
  else if (end || (q < h->e && (*q == '!' || *q == '?'))) {
    h->p++;
    if (h->p < h->e) skip_markup(h);
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
    uint32_t c = 0;
    if (*h.p == '<') {
      markup(&h);
      continue;
    }
    if (*h.p == '&') c = take_entity(&h.p, h.e);
    put_char(&h, c != 0 ? c : take_utf8(&h.p));
  }
  close_link(&h);
  if (h.any) puts_(&h, "\r\n");
  return h.err;
}
