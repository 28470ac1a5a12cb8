/*
** wire.c - read the transcripts in spec/wire and play them with every cut.
*/
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "failmem.h"
#include "journal.h"
#include "wire.h"

#define PAIRS 28  /* octets of a case that is cut at every pair of places */

/* ----------------------------------------------------------------- reading */

/* One octet, escaped or not, at '*p'. */
static char unescape (const char **p) {
  static const char names[] = "rnt0\\\"", octets[] = "\r\n\t\0\\\"";
  const char *s = *p, *f;
  *p = s + 1;
  if (*s != '\\') return *s;
  *p = s + 2;
  if (s[1] == 'x') {
    char hex[3];
    memcpy(hex, s + 2, 2);
    hex[2] = '\0';
    *p = s + 4;
    return (char)strtol(hex, NULL, 16);
  }
  f = s[1] != '\0' ? strchr(names, s[1]) : NULL;
  if (f != NULL) return octets[f - names];
  fprintf(stderr, "no such escape: %s\n", s);
  exit(2);
}

size_t wire_unquote (const char **p, char *out) {
  size_t n = 0;
  while (**p == ' ') ++*p;
  if (**p != '"') return 0;
  ++*p;
  while (**p != '"' && **p != '\0') out[n++] = unescape(p);
  if (**p == '"') ++*p;
  return n;
}

/* Split "key: text"; keys '=' and '>' need no colon. */
static void split (wire_line *l, char *s) {
  size_t n = strcspn(s, ": ");
  if (s[n] == ':' || *s == '=' || *s == '>') {
    l->text = s + n + (s[n] != '\0');
    if (*l->text == ' ') l->text++;
  }
  else l->text = "";
  if (n >= sizeof l->key) n = sizeof l->key - 1;
  memcpy(l->key, s, n);
  l->key[n] = '\0';
}

static char *slurp (const char *name) {
  FILE *f = fopen(name, "rb");
  char *p = NULL;
  long n;
  if (f == NULL) return NULL;
  if (fseek(f, 0, SEEK_END) == 0 && (n = ftell(f)) >= 0) {
    rewind(f);
    p = (char *)calloc((size_t)n + 1, 1);
    if (p != NULL && fread(p, 1, (size_t)n, f) != (size_t)n) p[0] = '\0';
  }
  fclose(f);
  return p;
}

/* Add a line to the case; octets are joined to the line above if possible. */
static void add_line (wire_case *c, char *s, int number, char peer) {
  wire_line *l, *above;
  const char *p;
  c->line = (wire_line *)realloc(c->line, (c->lines + 1) * sizeof *c->line);
  above = c->lines > 0 ? &c->line[c->lines - 1] : NULL;
  l = &c->line[c->lines];
  memset(l, 0, sizeof *l);
  l->number = number;
  split(l, s);
  if (strchr("CS", *l->key) == NULL || (l->key[1] != '\0' &&
                                        l->key[1] != '+')) {
    c->lines++;
    return;
  }
  p = l->text;
  /* commands of a client engine stay single; other octets are joined */
  if (above == NULL || above->octets == NULL ||
      strcmp(above->key, l->key) != 0 || (peer == 'S' && *l->key == 'C')) {
    l->octets = (char *)malloc(1);
    above = l;
    c->lines++;
  }
  above->octets = (char *)realloc(above->octets,
                                  above->n + strlen(l->text) + 1);
  while (*p != '\0') {
    above->octets[above->n++] = unescape(&p);
    if (*l->key == peer) c->octets++;
  }
}

int wire_read (wire_file *w, const char *name, char peer) {
  char *s, *next;
  int number = 0;
  memset(w, 0, sizeof *w);
  s = slurp(name);
  w->text = s;
  if (s == NULL) return 0;
  for (; *s != '\0'; s = next) {
    next = s + strcspn(s, "\n");
    if (*next != '\0') *next++ = '\0';
    number++;
    while (*s == ' ') s++;
    if (*s == '\0' || *s == '#') continue;
    if (strncmp(s, "case:", 5) == 0) {
      w->c = (wire_case *)realloc(w->c, (w->n + 1) * sizeof *w->c);
      memset(&w->c[w->n], 0, sizeof *w->c);
      w->c[w->n].file = name;
      w->c[w->n++].title = s + 5 + (s[5] == ' ');
    }
    else if (w->n > 0) add_line(&w->c[w->n - 1], s, number, peer);
  }
  return 1;
}

void wire_free (wire_file *w) {
  size_t i, k;
  for (i = 0; i < w->n; i++) {
    for (k = 0; k < w->c[i].lines; k++) free(w->c[i].line[k].octets);
    free(w->c[i].line);
  }
  free(w->c);
  free(w->text);
}

const char *wire_value (const wire_case *c, const char *key) {
  size_t i;
  for (i = 0; i < c->lines; i++)
    if (strcmp(c->line[i].key, key) == 0) return c->line[i].text;
  return NULL;
}

size_t wire_number (const char *text, const char *name, size_t def) {
  const char *f = text != NULL ? strstr(text, name) : NULL;
  return f != NULL ? (size_t)strtoul(f + strlen(name) + 1, NULL, 10) : def;
}

int wire_phase (const char *name) {
  static const char *const names[] = {
    "greeting", "authorization", "transaction", "update", "closed"
  };
  int i;
  for (i = 0; name != NULL && i < 5; i++)
    if (strcmp(name, names[i]) == 0) return i;
  return -1;
}

void wire_check_log (const wire_case *c, const pop3_journal *j) {
  say said = { NULL, 0, 0 };
  size_t i, at = 0;
  pop3_entry e;
  if (wire_value(c, "log") == NULL) return;
  for (i = 0; i < c->lines; i++) {
    const wire_line *l = &c->line[i];
    if (strcmp(l->key, "log") != 0) continue;
    say_clear(&said);
    if (pop3_journal_get(j, &at, &e)) {
      say_text(&said, "%c ", e.from);
      say_quoted(&said, e.line.p, e.line.n);
    }
    check_same(said.p, said.n, l->text, strlen(l->text), c->file, l->number);
  }
  CHECK(!pop3_journal_get(j, &at, &e));
  say_free(&said);
}

/* ------------------------------------------------------------------ saying */

static void say_room (say *s, size_t n) {
  if (s->cap - s->n >= n) return;
  s->cap = (s->n + n) * 2;
  s->p = (char *)realloc(s->p, s->cap);
  if (s->p == NULL) abort();
}

void say_text (say *s, const char *fmt, ...) {
  va_list args;
  int n;
  say_room(s, 256);
  va_start(args, fmt);
  n = vsnprintf(s->p + s->n, 256, fmt, args);
  va_end(args);
  if (n > 255) n = 255;
  s->n += (size_t)n;
}

void say_octets (say *s, const char *p, size_t n) {
  say_room(s, n + 1);
  if (n > 0) memcpy(s->p + s->n, p, n);
  s->n += n;
  s->p[s->n] = '\0';
}

void say_escaped (say *s, const char *p, size_t n) {
  static const char names[] = "rnt0\\\"", octets[] = "\r\n\t\0\\\"";
  size_t i;
  say_room(s, n * 4 + 1);
  for (i = 0; i < n; i++) {
    const char *f = (const char *)memchr(octets, p[i], 6);
    if (f != NULL) {
      s->p[s->n++] = '\\';
      s->p[s->n++] = names[f - octets];
    }
    else if (p[i] >= ' ' && p[i] < 0x7f) s->p[s->n++] = p[i];
    else s->n += (size_t)sprintf(s->p + s->n, "\\x%02X", (unsigned char)p[i]);
  }
  s->p[s->n] = '\0';
}

void say_quoted (say *s, const char *p, size_t n) {
  say_text(s, "\"");
  say_escaped(s, p, n);
  say_text(s, "\"");
}

void say_clear (say *s) {
  say_room(s, 1);
  s->n = 0;
  s->p[0] = '\0';
}

void say_drop (say *s, size_t n) {
  memmove(s->p, s->p + n, s->n - n);
  s->n -= n;
  s->p[s->n] = '\0';
}

void say_free (say *s) {
  free(s->p);
  memset(s, 0, sizeof *s);
}

/* ----------------------------------------------------------------- cutting */

size_t wire_piece (const wire_cuts *cuts, size_t at, size_t end) {
  if (cuts->each) return 1;
  if (cuts->cut2 > at && cuts->cut2 < end) end = cuts->cut2;
  if (cuts->cut > at && cuts->cut < end) end = cuts->cut;
  return end - at;
}

static const wire_cuts whole = { 0, 0, 0, 0, 262144, 262144 };

static void play_cut (const wire_case *c, const wire_cuts *cuts,
                      wire_player play) {
  failmem m;
  check_about("%s: %s; %s %lu %lu%s, output %lu by %lu", c->file, c->title,
              cuts->each ? "octet by octet" : "cut at",
              (unsigned long)cuts->cut, (unsigned long)cuts->cut2,
              cuts->lazy ? ", lazy" : "", (unsigned long)cuts->output,
              (unsigned long)cuts->take);
  CHECK(play(c, cuts, failmem_mem(&m, 0)) == 0);
  CHECK(m.blocks == 0 && m.bytes == 0);
  CHECK(m.wrong == 0);
}

/* Play one case in every way. */
static void play_all (const wire_case *c, wire_player play) {
  static const size_t outputs[] = { 1, 7, 4096 };
  wire_cuts cuts = whole;
  size_t i;
  play_cut(c, &cuts, play);
  for (i = 0; i < 4; i++) {
    cuts.each = i < 2;
    cuts.lazy = i % 2;
    cuts.cut = c->octets / 2;
    play_cut(c, &cuts, play);
  }
  cuts = whole;
  for (i = 0; i < 3; i++) {
    cuts.output = outputs[i];
    for (cuts.each = 0; cuts.each < 2; cuts.each++) {
      cuts.take = 1;
      play_cut(c, &cuts, play);
      cuts.take = outputs[i];
      play_cut(c, &cuts, play);
    }
  }
  cuts = whole;
  for (cuts.cut = 1; cuts.cut < c->octets; cuts.cut++) {
    cuts.cut2 = 0;
    play_cut(c, &cuts, play);
    if (c->octets > PAIRS) continue;
    for (cuts.cut2 = cuts.cut + 1; cuts.cut2 < c->octets; cuts.cut2++)
      play_cut(c, &cuts, play);
  }
}

/* Is the case for the C tests? */
static int for_c (const wire_case *c) {
  const char *only = wire_value(c, "only");
  return only == NULL || strcmp(only, "c") == 0;
}

void wire_sweep (const char *name, char peer, wire_player play) {
  wire_file w;
  size_t i;
  check_about("%s", name);
  if (CHECK(wire_read(&w, name, peer)) && CHECK(w.n > 0))
    for (i = 0; i < w.n; i++)
      if (for_c(&w.c[i])) play_all(&w.c[i], play);
  wire_free(&w);
}

void wire_starve (const char *name, char peer, wire_player play) {
  wire_file w;
  size_t i;
  check_about("%s", name);
  CHECK(wire_read(&w, name, peer) && w.n > 0);
  for (i = 0; i < w.n; i++) {
    failmem m;
    long k = 0;
    wire_cuts cuts = whole;
    int err;
    if (!for_c(&w.c[i])) continue;
    do {
      check_about("%s: %s; allocation %ld fails", name, w.c[i].title, ++k);
      cuts.each = k % 2 == 0;
      cuts.output = k % 3 == 0 ? 7 : 4096;
      err = play(&w.c[i], &cuts, failmem_mem(&m, k));
      CHECK(m.blocks == 0 && m.bytes == 0);
      CHECK(m.wrong == 0);
    } while (m.calls >= k && CHECK(k < 10000));
    CHECK(err == 0);
  }
  wire_free(&w);
}
