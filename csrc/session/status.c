/*
** status.c - reading of status lines and of the numbers of listings.
*/
#include <string.h>

#include "../base/ascii.h"
#include "../base/utf8.h"
#include "status.h"

/* A word of a listing; blanks and tabs part words. */
static pop3_span next_field (pop3_span *s) {
  pop3_span w;
  while (s->n > 0 && (s->p[0] == ' ' || s->p[0] == '\t')) s->p++, s->n--;
  w = *s;
  while (s->n > 0 && s->p[0] != ' ' && s->p[0] != '\t') s->p++, s->n--;
  w.n -= s->n;
  return w;
}

/* Can it be a unique-id? Servers send UTF-8 and blanks, RFC 1939 does not. */
static int is_uid (pop3_span s) {
  size_t i;
  for (i = 0; i < s.n; i++)
    if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f) return 0;
  return s.n > 0;
}

void pop3_status_numbers (pop3_event *ev, pop3_span s) {
  pop3_span a, b;
  while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' ||
                     s.p[s.n - 1] == '\r')) s.n--;
  a = next_field(&s);
  ev->valid = 0;
  if (pop3_number(a.p, a.n, INT64_MAX, &ev->number)) ev->valid = POP3_NUMBER;
  b = s;
  if (pop3_verb_row(ev->verb)->flags & POP3_VF_UID) {
    while (b.n > 0 && (b.p[0] == ' ' || b.p[0] == '\t')) b.p++, b.n--;
    ev->data = b;
    if (ev->valid && is_uid(b)) ev->valid |= POP3_VALUE;
    else if (b.n == 0 && ev->type == POP3_EV_REPLY && is_uid(a)) {
      ev->number = 0;  /* the answer to UIDL n, without the number */
      ev->data = a;
      ev->valid = POP3_VALUE;
    }
  }
  else {
    b = next_field(&s);
    if (ev->valid && pop3_number(b.p, b.n, INT64_MAX, &ev->octets))
      ev->valid |= POP3_VALUE;
  }
  if (ev->valid != (POP3_NUMBER | POP3_VALUE)) ev->err = POP3_EENTRY;
}

int pop3_status_bare_cr (pop3_span line) {
  while (line.n > 0 && line.p[line.n - 1] == '\r') line.n--;
  return line.n > 0 && memchr(line.p, '\r', line.n) != NULL;
}

int pop3_status_read (pop3_event *ev, pop3_span line) {
  size_t n = 0;
  if (line.n >= 3 && memcmp(line.p, "+OK", 3) == 0) n = 3;
  else if (line.n >= 4 && memcmp(line.p, "-ERR", 4) == 0) n = 4;
  if (n == 0 || (line.n > n && line.p[n] != ' ' && line.p[n] != '\t'))
    return POP3_ESTATUS;
  ev->ok = n == 3;
  while (n < line.n && (line.p[n] == ' ' || line.p[n] == '\t')) n++;
  ev->text.p = line.p + n;
  ev->text.n = line.n - n;
  return 0;
}

size_t pop3_status_code (pop3_span text) {
  size_t i;
  if (text.n < 3 || text.p[0] != '[') return 0;
  for (i = 1; i < text.n && text.p[i] != ']'; i++)
    if ((unsigned char)text.p[i] <= ' ' || (unsigned char)text.p[i] >= 0x7f ||
        text.p[i] == '[') return 0;
  if (i == text.n || i == 1) return 0;
  return i + 1 < text.n && text.p[i + 1] == ' ' ? i + 2 : i + 1;
}

/*
** Octets of the character of UTF-8 at 'p', whose first octet is above 127; 1 for an
** octet that begins no such character, as in an older charset.
*/
static size_t octets_at (const char *p, size_t n) {
  unsigned char u = (unsigned char)*p;
  size_t k = u < 0xe0 ? 2 : u < 0xf0 ? 3 : 4;
  return k <= n && pop3_utf8_valid(p, k) == k ? k : 1;
}

/* Is it a control character of Unicode, or a format character that changes lines? */
static int is_control (const char *p, size_t k) {
  unsigned char a = (unsigned char)p[0], b, c;
  if (k == 1) return 0;  /* of an older charset */
  b = (unsigned char)p[1];
  if (k == 2) return a == 0xc2 && b < 0xa0;  /* U+0080 to U+009F */
  if (k != 3) return 0;
  c = (unsigned char)p[2];
  if (a == 0xef) return b == 0xbb && c == 0xbf;  /* U+FEFF */
  if (a != 0xe2) return 0;
  if (b == 0x81) return c >= 0xa0 && c <= 0xaf;  /* U+2060 to U+206F */
  return b == 0x80 && ((c >= 0x8b && c <= 0x8f) ||  /* U+200B to U+200F */
                       (c >= 0xa8 && c <= 0xae));   /* U+2028 to U+202E */
}

void pop3_status_clean (char *p, size_t n) {
  size_t i = 0;
  while (i < n) {
    unsigned char u = (unsigned char)p[i];
    size_t k = 1;
    if (u >= 0x80) {
      k = octets_at(p + i, n - i);
      if (is_control(p + i, k)) memset(p + i, ' ', k);
    }
    else if (u < ' ' || u == 0x7f) p[i] = ' ';
    i += k;
  }
}

void pop3_status_take_code (pop3_event *ev, char *p, size_t n) {
  size_t i;
  if (n == 0) return;
  ev->code.p = p + 1;
  for (i = 1; p[i] != ']'; i++) p[i] = pop3_upper(p[i]);
  ev->code.n = i - 1;
  ev->text.p += n;
  ev->text.n -= n;
}
