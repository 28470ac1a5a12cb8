/*
** url.c - the URLs that HTML loads: pictures in attributes and style sheets.
** Tags in comments are read too: Outlook's pictures are in conditional comments.
*/
#include <string.h>

#include "../base/ascii.h"
#include "html.h"

enum { IN_TEXT, IN_TAG, IN_STYLE_TAG, IN_SCRIPT_TAG };

enum { NO_LIST, CSS, SRCSET };

static int is_space (char c) {
  return pop3_isspace(c) || c == '\f';
}

static int starts (const char *p, const char *e, const char *word) {
  size_t n = strlen(word);
  return (size_t)(e - p) >= n && pop3_same(p, word, n);
}

static pop3_span trim (pop3_span s) {
  while (s.n > 0 && is_space(*s.p)) s.p++, s.n--;
  while (s.n > 0 && is_space(s.p[s.n - 1])) s.n--;
  return s;
}

/* Where the end tag 'tag' is, or 'e'. */
static const char *end_tag (const char *p, const char *e, const char *tag) {
  while (p < e && (p = memchr(p, '<', (size_t)(e - p))) != NULL) {
    if (starts(p, e, tag)) return p;
    p++;
  }
  return e;
}

/* ------------------------------------------------------- lists of URLs */

/* The length of the quote at 'p', which may be a reference in an attribute. */
static size_t quote_length (const char *p, const char *e) {
  static const char *const quotes[] = {
    "\"", "'", "&quot;", "&apos;", "&#34;", "&#39;"
  };
  size_t i;
  for (i = 0; i < sizeof quotes / sizeof quotes[0]; i++)
    if (starts(p, e, quotes[i])) return strlen(quotes[i]);
  return 0;
}

/* The next "url(...)" of a style sheet, which is removed from 's'. */
static int css_url (pop3_span *s, pop3_span *url) {
  const char *p = s->p, *e = p + s->n, *q;
  size_t quote;
  while (p < e && (q = memchr(p, '(', (size_t)(e - p))) != NULL) {
    p = q + 1;
    if (q - s->p < 3 || !pop3_same(q - 3, "url", 3)) continue;
    while (p < e && is_space(*p)) p++;
    quote = quote_length(p, e);
    q = p += quote;
    if (quote > 0)
      while (p < e && ((size_t)(e - p) < quote ||
                       memcmp(p, q - quote, quote) != 0))
        p++;
    else
      while (p < e && !is_space(*p) && *p != ')' && *p != '"' && *p != '\'')
        p++;
    *url = trim(pop3_span_of(q, (size_t)(p - q)));
    *s = pop3_span_of(p, (size_t)(e - p));
    return 1;
  }
  s->n = 0;
  return 0;
}

/* The next one of "URL 1x, URL 2x", which is removed from 's'. */
static int srcset_url (pop3_span *s, pop3_span *url) {
  const char *p = s->p, *e = p + s->n, *q;
  while (p < e && (is_space(*p) || *p == ',')) p++;
  for (q = p; p < e && !is_space(*p);) p++;
  *url = pop3_span_of(q, (size_t)(p - q));
  while (p < e && *p != ',') p++;
  *s = pop3_span_of(p, (size_t)(e - p));
  return 1;
}

/* ---------------------------------------------------------------- tags */

/* The next attribute of a tag (HTML 13.2.5.32 to 39); 0: the tag ends. */
static int attribute (pop3_html_urls *u, pop3_span *name, pop3_span *value) {
  const char *p = u->p, *e = u->e, *from;
  while (p < e && (is_space(*p) || *p == '/')) p++;
  if (p == e || *p == '>') {
    u->p = p < e ? p + 1 : e;
    return 0;
  }
  from = p++;
  while (p < e && !is_space(*p) && *p != '/' && *p != '>' && *p != '=') p++;
  *name = pop3_span_of(from, (size_t)(p - from));
  *value = pop3_span_of(p, 0);
  u->p = p;
  while (p < e && is_space(*p)) p++;
  if (p == e || *p != '=') return 1;
  p++;
  while (p < e && is_space(*p)) p++;
  if (p < e && (*p == '"' || *p == '\'')) {
    from = p + 1;
    p = memchr(from, *p, (size_t)(e - from));
    if (p == NULL) p = e;
    u->p = p < e ? p + 1 : e;
  }
  else {
    for (from = p; p < e && !is_space(*p) && *p != '>';) p++;
    u->p = p;
  }
  *value = pop3_span_of(from, (size_t)(p - from));
  return 1;
}

/* Go to the next tag; 0: there are no more. */
static int open_tag (pop3_html_urls *u) {
  const char *p = u->p, *e = u->e;
  pop3_span name;
  while (p < e && (p = memchr(p, '<', (size_t)(e - p))) != NULL) {
    const char *from = ++p;
    if (p == e || pop3_lower(*p) < 'a' || pop3_lower(*p) > 'z') continue;
    while (p < e && !is_space(*p) && *p != '/' && *p != '>') p++;
    name = pop3_span_of(from, (size_t)(p - from));
    u->p = p;
    u->where = pop3_is(name, "style") ? IN_STYLE_TAG
             : pop3_is(name, "script") ? IN_SCRIPT_TAG : IN_TAG;
    return 1;
  }
  u->p = e;
  return 0;
}

/* After a tag: the content of <style> is a list, that of <script> is skipped. */
static void leave_tag (pop3_html_urls *u) {
  const char *from = u->p;
  if (u->where == IN_STYLE_TAG) {
    u->p = end_tag(from, u->e, "</style");
    u->list = pop3_span_of(from, (size_t)(u->p - from));
    u->kind = CSS;
  }
  else if (u->where == IN_SCRIPT_TAG) u->p = end_tag(from, u->e, "</script");
  u->where = IN_TEXT;
}

/* 1: the value is a URL. A list of them is kept. */
static int is_url (pop3_html_urls *u, pop3_span name, pop3_span *value) {
  *value = trim(*value);
  if (pop3_is(name, "style") || pop3_is(name, "srcset")) {
    u->list = *value;
    u->kind = pop3_lower(name.p[1]) == 't' ? CSS : SRCSET;
    return 0;
  }
  return starts(value->p, value->p + value->n, "cid:") ||
         pop3_is(name, "src") || pop3_is(name, "background");
}

void pop3_html_urls_init (pop3_html_urls *u, pop3_span in) {
  memset(u, 0, sizeof *u);
  u->p = in.p;
  u->e = in.p + in.n;
}

int pop3_html_urls_next (pop3_html_urls *u, pop3_span *url) {
  pop3_span name;
  for (;;) {
    if (u->list.n > 0) {
      if ((u->kind == CSS ? css_url : srcset_url)(&u->list, url) && url->n > 0)
        return 1;
    }
    else if (u->where == IN_TEXT) {
      if (!open_tag(u)) return 0;
    }
    else if (!attribute(u, &name, url)) leave_tag(u);
    else if (is_url(u, name, url) && url->n > 0) return 1;
  }
}
