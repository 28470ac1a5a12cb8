/*
** html.h - readable text made of HTML mail.
*/
#ifndef POP3_HTML_H
#define POP3_HTML_H

#include "../base/buf.h"

/*
** Append the readable text of 'in', which is HTML in UTF-8: blocks become
** paragraphs, list items get a mark, links show their target, character
** references are decoded, scripts and styles are dropped. Lines end in CRLF.
** POP3_ECHARSET if 'in' is not valid UTF-8, POP3_ENOMEM.
*/
int pop3_html_text (pop3_buf *out, pop3_span in);

#endif
