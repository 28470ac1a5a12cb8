/*
** prep.c - SASLprep (RFC 4013), a profile of stringprep (RFC 3454): the steps
** that need no tables of Unicode are here, the others in libidn if the build
** has it (POP3_IDN). sasl.h says what each build does. The tables are those of
** RFC 3454.
*/
#include <string.h>

#if defined(POP3_IDN)
#include <stringprep.h>
#endif

#include "../base/utf8.h"
#include "sasl.h"

typedef unsigned char byte;

typedef struct range {
  uint32_t from, to;
} range;

/* Code points of a text, in memory for 'most' of them. */
typedef struct text {
  uint32_t *p;
  size_t n, most;
} text;

/* C.1.2: spaces, and U+200B with them. */
static const range spaces[] = {
  {0xA0, 0xA0}, {0x1680, 0x1680}, {0x2000, 0x200B}, {0x202F, 0x202F},
  {0x205F, 0x205F}, {0x3000, 0x3000}
};

/* B.1: commonly mapped to nothing. */
static const range nothing[] = {
  {0xAD, 0xAD}, {0x034F, 0x034F}, {0x1806, 0x1806}, {0x180B, 0x180D},
  {0x200C, 0x200D}, {0x2060, 0x2060}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}
};

static const char prohibited[] =
  "a character that SASLprep (RFC 4013) prohibits";

static int in (const range *r, size_t n, uint32_t c) {
  size_t i;
  for (i = 0; i < n && c >= r[i].from; i++)
    if (c <= r[i].to) return 1;
  return 0;
}

#define IN(table, c) in((table), sizeof (table) / sizeof (table)[0], (c))

/*
** 'settle' takes a text after the mapping: it normalises it and searches it for
** prohibited characters. 0; or POP3_EPREP and '*why'.
*/
#if defined(POP3_IDN)

#define GROWTH 18  /* the most code points that NFKC makes of one: U+FDFA */

const char *pop3_prep_by (void) {
  return "libidn";
}

static int settle (text *t, enum pop3_prep_as as, const char **why) {
  int flags = as == POP3_STORED ? STRINGPREP_NO_UNASSIGNED : 0;
  switch (stringprep_4i(t->p, &t->n, t->most, (Stringprep_profile_flags)flags,
                        stringprep_saslprep)) {
    case STRINGPREP_OK: return 0;
    case STRINGPREP_MALLOC_ERROR: return POP3_ENOMEM;
    case STRINGPREP_CONTAINS_UNASSIGNED:
      *why = "a code point that Unicode 3.2 does not assign";
      return POP3_EPREP;
    case STRINGPREP_BIDI_BOTH_L_AND_RAL: case STRINGPREP_BIDI_LEADTRAIL_NOT_RAL:
      *why = "right-to-left text mixed with other text";
      return POP3_EPREP;
    default: *why = prohibited; return POP3_EPREP;
  }
}

#else

#define GROWTH 1

const char *pop3_prep_by (void) {
  return "subset";
}

/* C.2.1, C.2.2, C.3 to C.9. The last two of each plane are tested in code. */
static const range refused[] = {
  {0x00, 0x1F}, {0x7F, 0x9F}, {0x0340, 0x0341}, {0x06DD, 0x06DD},
  {0x070F, 0x070F}, {0x180E, 0x180E}, {0x200E, 0x200F}, {0x2028, 0x202E},
  {0x2061, 0x2063}, {0x206A, 0x206F}, {0x2FF0, 0x2FFB}, {0xE000, 0xF8FF},
  {0xFDD0, 0xFDEF}, {0xFFF9, 0xFFFD}, {0x1D173, 0x1D17A},
  {0xE0001, 0xE0001}, {0xE0020, 0xE007F}, {0xF0000, 0x10FFFF}
};

static int settle (text *t, enum pop3_prep_as as, const char **why) {
  size_t i;
  (void)as;
  for (i = 0; i < t->n; i++)
    if (IN(refused, t->p[i]) || (t->p[i] & 0xFFFE) == 0xFFFE) {
      *why = prohibited;
      return POP3_EPREP;
    }
  return 0;
}

#endif

/* Read the character at '*p', which is well-formed, and move '*p' after it. */
static uint32_t take (const byte **p) {
  uint32_t c = *(*p)++;
  int more = c < 0x80 ? 0 : c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
  if (more > 0) c &= 0x3Fu >> more;
  while (more-- > 0) c = c << 6 | (*(*p)++ & 0x3F);
  return c;
}

/* The code points of 's', mapped (RFC 4013 section 2.1). */
static void map (text *t, pop3_span s) {
  const byte *p = (const byte *)s.p, *e = p + s.n;
  while (p < e) {
    uint32_t c = take(&p);
    if (IN(spaces, c)) t->p[t->n++] = ' ';
    else if (!IN(nothing, c)) t->p[t->n++] = c;
  }
}

/* Octets of ASCII that is not a control character. */
static size_t printable (pop3_span s) {
  size_t n = 0;
  while (n < s.n && (byte)s.p[n] >= ' ' && (byte)s.p[n] < 0x7f) n++;
  return n;
}

static int prepare (pop3_buf *out, pop3_span s, enum pop3_prep_as as,
                    const char **why) {
  size_t i, size;
  text t = { NULL, 0, 0 };
  int err;
  t.most = s.n * GROWTH + 1;
  size = t.most * sizeof *t.p;
  t.p = (uint32_t *)pop3_alloc(out->mem, size);
  if (t.p == NULL) return POP3_ENOMEM;
  map(&t, s);
  err = settle(&t, as, why);
  for (i = 0; i < t.n && err == 0; i++) err = pop3_utf8_add(out, t.p[i]);
  pop3_wipe(t.p, size);
  pop3_free(out->mem, t.p, size);
  return err;
}

int pop3_prep (pop3_buf *out, pop3_span s, enum pop3_prep_as as,
               const char **why) {
  size_t before = out->n;
  const char *none;
  int err;
  if (why == NULL) why = &none;
  *why = NULL;
  if (s.n == 0) return 0;
  if (printable(s) == s.n) return pop3_buf_add(out, s.p, s.n);
  if (pop3_utf8_valid(s.p, s.n) != s.n) *why = "octets that are not UTF-8";
  else if (s.n > POP3_PREP_MAX) *why = "too many octets";
  else if (memchr(s.p, '\0', s.n) != NULL)  /* it is an end to libidn */
    *why = prohibited;
  if (*why != NULL) return POP3_EPREP;
  err = prepare(out, s, as, why);
  if (err != 0) {
    pop3_wipe(out->p == NULL ? NULL : out->p + before, out->n - before);
    out->n = before;
  }
  return err;
}
