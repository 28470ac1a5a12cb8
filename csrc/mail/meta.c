/*
** meta.c - the charset that HTML declares in <meta> (HTML 13.2.3.2).
*/
#include <string.h>

#include "../base/ascii.h"
#include "html.h"

#define SEARCHED 1024

/* One past the text 's' (lower case) at or after 'p', or NULL. */
static const char *find (const char *p, const char *e, const char *s) {
  size_t n = strlen(s);
  for (; (size_t)(e - p) >= n; p++)
    if (pop3_lower(*p) == s[0] && pop3_same(p, s, n)) return p + n;
  return NULL;
}

static int is_space (char c) {
  return pop3_isspace(c) || c == '\f';
}

static const char *skip_space (const char *p, const char *e) {
  while (p < e && is_space(*p)) p++;
  return p;
}

/* The name after "charset=" in the attributes [p, e) of an element. */
static pop3_span name_in (const char *p, const char *e) {
  pop3_span name = {NULL, 0};
  while ((p = find(p, e, "charset")) != NULL) {
    const char *q = skip_space(p, e);
    if (q == e || *q != '=') continue;
    q = skip_space(q + 1, e);
    while (q < e && (*q == '"' || *q == '\'')) q++;
    name.p = q;
    while (q < e && !is_space(*q) && *q != '"' && *q != '\'' && *q != ';' &&
           *q != '>')
      q++;
    name.n = (size_t)(q - name.p);
    return name;
  }
  return name;
}

int pop3_html_meta (pop3_span in, pop3_span *name) {
  const char *p = in.p, *e = p + (in.n < SEARCHED ? in.n : SEARCHED);
  while (p < e && (p = (const char *)memchr(p, '<', (size_t)(e - p))) != NULL) {
    if (e - p >= 4 && memcmp(p, "<!--", 4) == 0) {
      p = find(p + 2, e, "-->");
      if (p == NULL) return 0;
    }
    else if (e - p > 5 && pop3_same(p, "<meta", 5) &&
             (is_space(p[5]) || p[5] == '/')) {
      const char *end = (const char *)memchr(p, '>', (size_t)(e - p));
      *name = name_in(p + 5, end != NULL ? end : e);
      if (name->n > 0 && pop3_charset_find(*name) != NULL) return 1;
      p += 5;
    }
    else p++;
  }
  return 0;
}

const pop3_charset *pop3_html_charset (pop3_span in) {
  pop3_span name;
  return pop3_html_meta(in, &name) ? pop3_charset_find(name) : NULL;
}
