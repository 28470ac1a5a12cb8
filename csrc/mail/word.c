/*
** word.c - text with encoded-words (RFC 2047; the language of RFC 2231 5 is
** ignored). Words are also decoded where the RFC does not allow them: glued to
** other text, with raw spaces in them, inside quotes.
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
** Is "=?charset?X?" at 'p'? Then set the charset (NULL: unknown), the encoding
** (-1: unknown) and the start of the text in '*w'.
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
** Read the word at 'p'. Its text ends at the first "?="; if another word
** begins before that, this one has no end. '*next' is set to the position
** from which to search for the next "=?", so that no octet is read twice.
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
      *next = e;                        /* there is no "?=" from here on */
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
  pop3_decoder_init(&d, POP3_ENC_BASE64);
  return pop3_decode(&d, w->text, 1, out);
}

/* Does a word of this charset begin with a byte order mark? */
static int has_mark (const pop3_charset *cs, const char *s, size_t n) {
  const unsigned char *p = (const unsigned char *)s;
  switch (cs->kind) {
    case POP3_CS_UTF16LE: case POP3_CS_UTF16BE:
      return n >= 2 && ((p[0] == 0xFE && p[1] == 0xFF) ||
                        (p[0] == 0xFF && p[1] == 0xFE));
    case POP3_CS_UTF8:
      return n >= 3 && p[0] == 0xEF && p[1] == 0xBB && p[2] == 0xBF;
    case POP3_CS_UTF32:
      return n >= 4 && ((p[0] == 0 && p[1] == 0 && p[2] == 0xFE) ||
                        (p[0] == 0xFF && p[1] == 0xFE && p[2] == 0));
    default: return 0;
  }
}

/* Convert the first 'n' octets of c->word and drop them. */
static int flush_word (pop3_conv *c, const pop3_charset *cs, size_t n,
                       pop3_buf *out) {
  int err = n > 0 ? pop3_conv_text(c, cs, pop3_span_of(c->word.p, n), out) : 0;
  pop3_buf_shift(&c->word, n);
  return err;
}

/*
** Decode the word 'w' and all that follow it with white space only between
** them. The octets of one charset are joined before they are converted,
** unless a byte order mark shows that a word begins a text. On return '*p' is
** one past the last word.
*/
static int run_of_words (pop3_conv *c, word w, const char **p, const char *e,
                         pop3_buf *out) {
  const pop3_charset *cs = w.cs;
  int err = 0;
  c->word.n = 0;
  for (;;) {
    word next;
    const char *q, *skip;
    size_t n;
    if (w.cs != cs) {
      err = flush_word(c, cs, c->word.n, out);
      cs = w.cs;
    }
    n = c->word.n;
    if (err == 0) err = add_octets(&c->word, &w);
    if (err == 0 && n > 0 && has_mark(cs, c->word.p + n, c->word.n - n))
      err = flush_word(c, cs, n, out);
    if (err != 0) return err;
    *p = q = w.end;
    while (q < e && pop3_isspace(*q)) q++;
    if (!read_word(q, e, &next, &skip) || !pop3_conv_knows(c, next.cs)) break;
    w = next;
  }
  return flush_word(c, cs, c->word.n, out);
}

/* The next "=?" in [p, e), or NULL. */
static const char *find_start (const char *p, const char *e) {
  while (p < e && (p = (const char *)memchr(p, '=', (size_t)(e - p))) != NULL) {
    if (e - p >= 2 && p[1] == '?') return p;
    p++;
  }
  return NULL;
}

int pop3_word_at (const char *p, const char *e, const char **end) {
  word w;
  const char *next;
  int found = read_word(p, e, &w, &next);
  *end = found ? w.end : next;
  return found;
}

/* ------------------------------------------------------------ raw octets */

/* How text outside of encoded-words is read. */
enum { VALID, NEARLY, OTHER, JAPANESE };

static int raw_kind (pop3_span s) {
  if (pop3_utf8_valid(s.p, s.n) == s.n)
    return pop3_conv_is_2022jp(s) ? JAPANESE : VALID;
  return pop3_conv_is_utf8(s) ? NEARLY : OTHER;
}

/* Does the UTF-8 at 'p' have as many U+FFFD as other characters above ASCII? */
static int is_rubbish (const char *p, size_t n) {
  size_t i, good = 0, bad = 0;
  for (i = 0; i < n; i++) {
    if ((unsigned char)p[i] < 0xC2) continue;
    if (n - i >= 3 && memcmp(p + i, "\xEF\xBF\xBD", 3) == 0) bad++;
    else good++;
  }
  return bad > 0 && bad >= good;
}

/* Raw octets of a charset that is only likely; if it is not, windows-1252. */
static int add_likely (pop3_conv *c, pop3_span s, pop3_buf *out) {
  static const pop3_charset windows = {"CP1252", POP3_CS_1252};
  size_t before = out->n;
  if (c->fallback != NULL) {
    int err = pop3_conv_text(c, c->fallback, s, out);
    if (err != 0 || !is_rubbish(out->p + before, out->n - before)) return err;
    out->n = before;
  }
  return pop3_conv_text(c, &windows, s, out);
}

static int add_raw (pop3_conv *c, int kind, const char *p, const char *e,
                    pop3_buf *out) {
  pop3_span s = pop3_span_of(p, (size_t)(e - p));
  if (s.n == 0) return 0;
  switch (kind) {
    case VALID: return pop3_buf_add(out, s.p, s.n);
    case NEARLY: return pop3_utf8_fix(out, s);
    case JAPANESE:
      return pop3_conv_text(c, pop3_charset_page(50220), s, out);
    default: return add_likely(c, s, out);
  }
}

/* Replace line ends and NULs, which no decoded text may hold, by blanks. */
static void make_safe (char *p, size_t n) {
  size_t i;
  unsigned char any = 0;
  for (i = 0; i < n; i++)
    any |= (unsigned char)((p[i] == '\r') | (p[i] == '\n') | (p[i] == '\0'));
  if (!any) return;
  for (i = 0; i < n; i++)
    if (p[i] == '\r' || p[i] == '\n' || p[i] == '\0') p[i] = ' ';
}

/* Is all of [p, e) printable ASCII, blanks included? */
static int is_printable (const char *p, const char *e) {
  uint64_t high = UINT64_C(0x8080808080808080), w;
  for (; e - p >= 8; p += 8) {
    memcpy(&w, p, 8);
    if ((w | (w - UINT64_C(0x2020202020202020))) & high) return 0;
  }
  for (; p < e; p++)
    if (*p < ' ' || (*p & 0x80)) return 0;
  return 1;
}

int pop3_words (pop3_conv *c, pop3_span text, pop3_buf *out) {
  const char *p = text.p, *e;
  const char *raw = p;               /* the start of raw text not yet added */
  size_t before = out->n;
  int kind, err = 0;
  if (text.n == 0) return 0;
  e = p + text.n;
  if (is_printable(p, e) && find_start(p, e) == NULL)
    return pop3_buf_add(out, p, text.n);
  kind = raw_kind(text);
  while (err == 0 && (p = find_start(p, e)) != NULL) {
    const char *next;
    word w;
    if (!read_word(p, e, &w, &next) || !pop3_conv_knows(c, w.cs)) {
      p = next;
      continue;
    }
    err = add_raw(c, kind, raw, p, out);
    if (err == 0) err = run_of_words(c, w, &p, e, out);
    raw = p;
  }
  if (err == 0) err = add_raw(c, kind, raw, e, out);
  if (err == 0 && out->n > before) make_safe(out->p + before, out->n - before);
  return err;
}
