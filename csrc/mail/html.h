/*
** html.h - HTML mail: its readable text (html.c), the charset that it declares
** (meta.c), and the URLs that it loads (url.c).
*/
#ifndef POP3_HTML_H
#define POP3_HTML_H

#include "../base/buf.h"
#include "label.h"

/*
** Append the readable text of 'in', which is HTML in UTF-8: blocks become
** paragraphs, list items get a mark, cells are separated by tabs, links show
** their target, character references are decoded, scripts and styles are
** dropped. Lines end in CRLF. POP3_ECHARSET if 'in' is not valid UTF-8,
** POP3_ENOMEM.
**
** Gumbo 0.10.1 (Debian 12) is no replacement for the tokenizer: it gives a tree
** and no text, and its time grows with the square of the nesting: it took 6.9 s
** for 100 kB of "<div>" (0.5 ms here), and 54 ms for 908 kB of a table (6 ms
** here). Lexbor is not in Debian 12.
*/
int pop3_html_text (pop3_buf *out, pop3_span in);

/*
** The charset that HTML names in a <meta> element of its first 1,024 octets
** (HTML 13.2.3.2); NULL if it names no charset, or an unknown one.
*/
const pop3_charset *pop3_html_charset (pop3_span in);

/* 1: '*name' is the place of that name; 0: no charset is named. */
int pop3_html_meta (pop3_span in, pop3_span *name);

/* The URLs that HTML loads; see pop3_html_urls_next. */
typedef struct pop3_html_urls {
  const char *p, *e;    /* input not read yet */
  pop3_span list;       /* a list of URLs in an attribute or a style sheet */
  int kind;             /* of the list */
  int where;            /* in which sort of tag */
} pop3_html_urls;

void pop3_html_urls_init (pop3_html_urls *u, pop3_span in);

/*
** 1: '*url' is the next URL that an attribute src, srcset or background, or a
** style sheet loads, or any of an attribute with the scheme cid (RFC 2392); it
** is as written. 0: there are no more.
*/
int pop3_html_urls_next (pop3_html_urls *u, pop3_span *url);

#endif
