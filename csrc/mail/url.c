/*
** url.c - the URLs that HTML loads: pictures in attributes and style sheets.
*/
#include <string.h>

#include "../base/ascii.h"
#include "html.h"

static int is_space (char c) {
  return pop3_isspace(c) || c == '\f';
}

static int starts (const char *p, const char *e, const char *word) {
  size_t n = strlen(word);
  return (size_t)(e - p) >= n && pop3_same(p, word, n);
}

/* One past the "=" after the attribute name that ends at 'p', or NULL. */
static const char *after_equals (const char *p, const char *e) {
  while (p < e && is_space(*p)) p++;
  return p < e && *p == '=' ? p + 1 : NULL;
}

/* The start of the URL that an attribute or a "url(" at 'p' holds, or NULL. */
static const char *url_start (const char *p, const char *e) {
  const char *q = NULL;
  switch (pop3_lower(*p)) {
    case 'c': return starts(p, e, "cid:") ? p : NULL;
    case 's': if (starts(p, e, "src")) q = after_equals(p + 3, e); break;
    case 'b':
      if (starts(p, e, "background")) q = after_equals(p + 10, e);
      break;
    case 'u': if (starts(p, e, "url(")) q = p + 4; break;
    default: break;
  }
  if (q == NULL) return NULL;
  while (q < e && (is_space(*q) || *q == '"' || *q == '\'')) q++;
  return q;
}

int pop3_html_url (pop3_span in, size_t *at, pop3_span *url) {
  const char *p = in.p + *at, *e = in.p + in.n;
  for (; p < e; p++) {
    const char *q = url_start(p, e);
    if (q == NULL) continue;
    for (p = q; p < e && !is_space(*p) && *p != '"' && *p != '\'' &&
                *p != '>' && *p != '<' && *p != ')';)
      p++;
    *at = (size_t)(p - in.p);
    if (p == q) {
      p--;
      continue;
    }
    *url = pop3_span_of(q, (size_t)(p - q));
    return 1;
  }
  *at = in.n;
  return 0;
}
