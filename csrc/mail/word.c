/*
** word.c - encoded-words (RFC 2047, with the language of RFC 2231 5), as
** they are met: glued to other text, with raw spaces, inside quotes.
*/
#include <string.h>

#include "../base/ascii.h"
#include "../base/utf8.h"
#include "word.h"
#include "decode.h"

#define MAXLABEL 64    /* the longest label known has 19 */

typedef struct word {
  const pop3_charset *cs;
  int b;                 /* encoding: B, or else Q */
  pop3_span text;
  const char *end;       /* one past its "?=" */
} word;

/*
** Does "=?charset?X?" stand at 'p', with an X that is a letter? If so '*w'
** gets charset (NULL: unknown), encoding (-1: unknown) and the text's start.
*/
static int word_head (const char *p, const char *e, word *w) {
  const char *q = p + 2, *label = q, *star = NULL;
  if (e - p < 6 || p[0] != '=' || p[1] != '?') return 0;
  for (; q < e && *q != '?'; q++) {
    if (q - label > MAXLABEL || *q == '=' || pop3_isspace(*q)) return 0;
    if (*q == '*' && star == NULL) star = q;
  }
  if (q == label || e - q < 3 || q[2] != '?') return 0;
  w->cs = pop3_charset_find(pop3_span_of(label,
                            (size_t)((star != NULL ? star : q) - label)));
  w->b = pop3_lower(q[1]) == 'b' ? 1 : pop3_lower(q[1]) == 'q' ? 0 : -1;
  w->text.p = q + 3;
  return 1;
}

/*
** The word at 'p'. Its text ends at the first "?="; where another word
** begins before that, this one is not terminated. '*next' is set to where
** the next "=?" can be looked for, so that no octet is looked at twice.
*/
static int read_word (const char *p, const char *e, word *w,
                      const char **next) {
  const char *q;
  *next = p + 2;
  if (!word_head(p, e, w)) return 0;
  for (q = w->text.p; ; q++) {
    word inner;
    q = (const char *)memchr(q, '?', (size_t)(e - q));
    if (q == NULL || q + 1 == e) {
      *next = e;                        /* no "?=" behind this point */
      return 0;
    }
    if (q[1] == '=') break;
    if (q > w->text.p && q[-1] == '=' && word_head(q - 1, e, &inner)) {
      *next = q - 1;
      return 0;
    }
  }
  if (w->cs == NULL || w->b < 0) return 0;
  w->text.n = (size_t)(q - w->text.p);
  w->end = q + 2;
  return 1;
}

/* Append the octets of Q text: "_" is a space, broken escapes stay. */
static int add_q (pop3_buf *out, pop3_span in) {
  const char *p = in.p, *e = p + in.n;
  char *q;
  if (pop3_buf_room(out, in.n) != 0) return POP3_ENOMEM;
  q = out->p + out->n;
  while (p < e) {
    int hi, lo;
    if (*p == '=' && e - p >= 3 && (hi = pop3_hexdigit(p[1])) >= 0 &&
        (lo = pop3_hexdigit(p[2])) >= 0) {
      *q++ = (char)(hi << 4 | lo);
      p += 3;
    }
    else {
      *q++ = *p == '_' ? ' ' : *p;
      p++;
    }
  }
  out->n = (size_t)(q - out->p);
  return 0;
}

static int add_octets (pop3_buf *out, const word *w) {
  pop3_decoder d;
  if (!w->b) return w->text.n > 0 ? add_q(out, w->text) : 0;
  pop3_decoder_init(&d, POP3_CODE_BASE64);
  return pop3_decode(&d, w->text, 1, out);
}

/*
** From the word 'w' on, read all that follow with nothing but white space
** between; octets of one charset are joined before they are decoded. On
** return '*p' is behind the last one, '*next' and '*found' tell of what was
** read ahead: the next word, if any.
*/
static int run_of_words (pop3_conv *c, word w, const char **p, const char *e,
                         pop3_buf *out) {
  const pop3_charset *cs = w.cs;
  int err = 0;
  c->word.n = 0;
  for (;;) {
    word next;
    const char *q, *skip;
    if (w.cs != cs) {
      err = pop3_conv_text(c, cs, pop3_span_of(c->word.p, c->word.n), out);
      cs = w.cs;
      c->word.n = 0;
    }
    if (err == 0) err = add_octets(&c->word, &w);
    if (err != 0) return err;
    *p = q = w.end;
    while (q < e && pop3_isspace(*q)) q++;
    if (!read_word(q, e, &next, &skip)) break;
    w = next;
  }
  return pop3_conv_text(c, cs, pop3_span_of(c->word.p, c->word.n), out);
}

/* The next "=?" in [p, e), or NULL. */
static const char *find_start (const char *p, const char *e) {
  while (p < e && (p = (const char *)memchr(p, '=', (size_t)(e - p))) != NULL) {
    if (e - p >= 2 && p[1] == '?') return p;
    p++;
  }
  return NULL;
}

int pop3_words (pop3_conv *c, pop3_span text, pop3_buf *out) {
  const char *p = text.p, *e;
  const char *raw = p;               /* start of what is not yet written */
  int valid, err = 0;
  if (text.n == 0) return 0;
  e = p + text.n;
  valid = pop3_utf8_valid(p, text.n) == text.n;
  while (err == 0 && (p = find_start(p, e)) != NULL) {
    const char *next;
    word w;
    if (!read_word(p, e, &w, &next)) {
      p = next;
      continue;
    }
    err = pop3_utf8_raw(out, pop3_span_of(raw, (size_t)(p - raw)), valid);
    if (err == 0) err = run_of_words(c, w, &p, e, out);
    raw = p;
  }
  if (err != 0) return err;
  return pop3_utf8_raw(out, pop3_span_of(raw, (size_t)(e - raw)), valid);
}
