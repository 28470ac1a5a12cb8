/*
** param.h - fields of the form "value; name=value; ..." (RFC 2045 5.1):
** Content-Type and Content-Disposition.
*/
#ifndef POP3_PARAM_H
#define POP3_PARAM_H

#include "charset.h"

/* How the value of a parameter was written. */
enum pop3_param_form { POP3_PARAM_PLAIN, POP3_PARAM_SECTIONS, POP3_PARAM_EXT };

typedef struct pop3_param {
  pop3_span name;            /* lower case, without "*" */
  pop3_span octets;          /* unquoted, percent-decoded, sections joined */
  pop3_span charset;         /* named by RFC 2231; empty if none */
  enum pop3_param_form form;
} pop3_param;

/* A parsed field. */
typedef struct pop3_value {
  pop3_buf text;       /* names and octets */
  pop3_buf segs;       /* while parsing: sections; then the parameters */
  size_t nparams;
  size_t nmain;        /* text[0 .. nmain): the value before the parameters */
  unsigned char limited;     /* there were more than 'max' parameters */
  unsigned char stars;       /* a name has a "*" (RFC 2231) */
} pop3_value;

void      pop3_value_init (pop3_value *v, pop3_mem mem);
void      pop3_value_free (pop3_value *v);
int       pop3_value_parse (pop3_value *v, pop3_span unfolded, size_t max);
pop3_span pop3_value_main (const pop3_value *v);       /* lower case */
size_t    pop3_value_count (const pop3_value *v);
void      pop3_value_get (const pop3_value *v, size_t i, pop3_param *p);

/* Find the parameter with this (lower case) name; 0 if no parameter has it. */
int       pop3_value_find (const pop3_value *v, const char *name,
                           pop3_param *p);

/* Append the value as UTF-8: charset and encoded-words are decoded. */
int       pop3_param_text (pop3_conv *c, const pop3_param *p, pop3_buf *out);

#endif
