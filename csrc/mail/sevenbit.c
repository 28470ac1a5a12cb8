/*
** sevenbit.c - ISO-2022-JP as EUC-JP, HZ as GB18030.
*/
#include <string.h>

#include "sevenbit.h"

typedef unsigned char byte;

/* The character set that an escape sequence at 'p' selects; its length. */
static size_t escape (const char *p, const char *e, char *set) {
  static const struct {
    const char *seq;
    char set;
  } sets[] = {
    {"(B", 'A'}, {"(J", 'R'}, {"(I", 'K'}, {"$@", '2'}, {"$B", '2'},
    {"$(D", '3'}
  };
  size_t i;
  for (i = 0; i < sizeof sets / sizeof sets[0]; i++) {
    size_t n = strlen(sets[i].seq);
    if ((size_t)(e - p) > n && memcmp(p + 1, sets[i].seq, n) == 0) {
      *set = sets[i].set;
      return n + 1;
    }
  }
  return 0;
}

/*
** Add the character that begins with 'b', and may continue at 'p', as EUC-JP.
** Returns the number of octets used at 'p'.
*/
static size_t euc_char (pop3_buf *t, char set, byte b, const char *p,
                        const char *e) {
  char *q = t->p + t->n;
  size_t used = 0;
  if (set == 'K' && b <= 0x5F) {
    *q++ = (char)0x8E;
    *q++ = (char)(b | 0x80);
  }
  else if (set != 'K' && p < e && *p > 0x20 && *p < 0x7F) {
    if (set == '3') *q++ = (char)0x8F;
    *q++ = (char)(b | 0x80);
    *q++ = (char)(*p | 0x80);
    used = 1;
  }
  else *q++ = (char)0xFF;
  t->n = (size_t)(q - t->p);
  return used;
}

int pop3_seven_jp (pop3_buf *out, pop3_span *in, char *set, uint32_t *u) {
  const char *p = in->p, *e = p + in->n;
  *u = 0;
  if (in->n > SIZE_MAX / 4 || pop3_buf_room(out, in->n * 2 + 4) != 0)
    return POP3_ENOMEM;
  while (p < e && *u == 0) {
    byte b = (byte)*p;
    size_t n;
    if (b == 0x1B && (n = escape(p, e, set)) > 0) {
      p += n;
      continue;
    }
    p++;
    if (b == 0x1B || b >= 0x80) out->p[out->n++] = (char)0xFF;
    else if (*set == 'R' && b == '\\') *u = 0xA5;
    else if (*set == 'R' && b == '~') *u = 0x203E;
    else if (b <= 0x20 || *set == POP3_SEVEN_ASCII || *set == 'R')
      out->p[out->n++] = (char)b;
    else p += euc_char(out, *set, b, p, e);
  }
  in->n = (size_t)(e - p);
  in->p = p;
  return 0;
}

int pop3_seven_hz (pop3_buf *out, pop3_span in) {
  const char *p = in.p, *e = p + in.n;
  int gb = 0;
  if (pop3_buf_room(out, in.n + 4) != 0) return POP3_ENOMEM;
  while (p < e) {
    char next = p + 1 < e ? p[1] : '\0';
    if (*p == '~' && (next == '{' || next == '}')) {
      gb = next == '{';
      p += 2;
    }
    else if (*p == '~' && next == '~' && !gb) {
      out->p[out->n++] = '~';
      p += 2;
    }
    else if (*p == '~' && next == '\n' && !gb) p += 2;
    else if (gb && *p > 0x20 && next > 0x20) {
      out->p[out->n++] = (char)(*p++ | 0x80);
      out->p[out->n++] = (char)(*p++ | 0x80);
    }
    else {
      if (*p == '\n') gb = 0;
      out->p[out->n++] = (byte)*p < 0x80 ? *p : (char)0xFF;
      p++;
    }
  }
  return 0;
}
