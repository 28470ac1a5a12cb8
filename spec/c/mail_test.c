/*
** mail_test.c - tests of csrc/mail: every allocation fails once, every prefix
** of every case is read, and the result does not depend on the cuts.
**
** The arguments are files of messages; without any, the cases of spec/messages.
*/
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "mail.h"
#include "random.h"

typedef struct count {
  long left;             /* allocations until one fails; -1: never */
  long live;             /* octets in use */
} count;

/* An allocator with the contract of lua_Alloc; only a larger size may fail. */
static void *alloc (void *ud, void *p, size_t osize, size_t nsize) {
  count *c = (count *)ud;
  size_t old = p != NULL ? osize : 0;
  if (nsize == 0) {
    free(p);
    c->live -= (long)old;
    return NULL;
  }
  if (c->left == 0) return NULL;
  if (c->left > 0) c->left--;
  p = realloc(p, nsize);
  if (p != NULL) c->live += (long)nsize - (long)old;
  return p;
}

static void check (int ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "failed: %s\n", what);
  exit(1);
}

/* ------------------------------------------------------------ the whole */

typedef struct job {
  pop3_conv conv;
  pop3_value value;
  pop3_addrs addrs;
  pop3_tree tree;
  pop3_buf tmp, out;
} job;

/* Read a field by each of the field parsers. */
static int read_field (job *j, const pop3_field *f) {
  pop3_address a;
  pop3_param p;
  pop3_date d;
  pop3_span s;
  size_t i, at = 0;
  int err = pop3_unfold(f->value, &j->tmp, &s), r;
  j->out.n = 0;
  if (err == 0) err = pop3_words(&j->conv, s, &j->out);
  if (err == 0) err = pop3_value_parse(&j->value, s, 1000);
  for (i = 0; err == 0 && i < pop3_value_count(&j->value); i++) {
    pop3_value_get(&j->value, i, &p);
    err = pop3_param_text(&j->conv, &p, &j->out);
  }
  if (err != 0) return err;
  pop3_addrs_start(&j->addrs, s);
  while ((r = pop3_addrs_next(&j->addrs, &a)) > 0) continue;
  if (r < 0) return r;
  while ((r = pop3_ident_next(s, &at, &j->out)) > 0) continue;
  if (r == 0) r = pop3_ident(s, &j->out);
  pop3_date_parse(s, &d);
  return r < 0 ? r : 0;
}

static int read_part (job *j, pop3_span in, const pop3_part *p) {
  static const enum pop3_encoding codes[] = {
    POP3_ENC_BASE64, POP3_ENC_QP, POP3_ENC_UU, POP3_ENC_YENC
  };
  static const char *const labels[] = {"utf-8", "koi8-r", "shift_jis",
                                       "iso-2022-jp", "utf-16", "utf-7",
                                       "gb2312", "hz-gb-2312", ""};
  pop3_span body = pop3_span_of(in.p + p->body, p->end - p->body);
  pop3_field f;
  pop3_head h;
  enum pop3_head_kind k;
  size_t i;
  int err = 0;
  h.block = pop3_span_of(in.p + p->head, p->body - p->head);
  h.at = 0;
  while (err == 0 && (k = pop3_head_next(&h, &f)) != POP3_HEAD_END)
    if (k == POP3_HEAD_FIELD) err = read_field(j, &f);
  for (i = 0; err == 0 && i < 4; i++) {
    pop3_decoder d;
    pop3_decoder_init(&d, codes[i]);
    j->out.n = 0;
    err = pop3_decode(&d, body, 1, &j->out);
  }
  for (i = 0; err == 0 && i < sizeof labels / sizeof labels[0]; i++) {
    j->out.n = 0;
    err = pop3_conv_text(&j->conv, pop3_charset_find(
            pop3_span_of(labels[i], strlen(labels[i]))), body, &j->out);
  }
  return err;
}

static int read_all (count *c, pop3_span in) {
  pop3_mem mem;
  pop3_limits lim;
  size_t i;
  int err;
  job j;
  mem.f = alloc;
  mem.ud = c;
  memset(&lim, 0, sizeof lim);
  pop3_limits_default(&lim);
  pop3_conv_init(&j.conv, mem);
  pop3_value_init(&j.value, mem);
  pop3_addrs_init(&j.addrs, &j.conv, mem);
  pop3_tree_init(&j.tree, mem);
  pop3_buf_init(&j.tmp, mem);
  pop3_buf_init(&j.out, mem);
  err = pop3_tree_build(&j.tree, in, &lim);
  if (err == 0) err = pop3_tree_headers(&j.tree, in, &lim, &j.conv);
  for (i = 0; err == 0 && i < pop3_tree_count(&j.tree); i++)
    err = read_part(&j, in, pop3_tree_get(&j.tree, i));
  pop3_tree_free(&j.tree);
  pop3_addrs_free(&j.addrs);
  pop3_value_free(&j.value);
  pop3_conv_free(&j.conv);
  pop3_buf_free(&j.tmp);
  pop3_buf_free(&j.out);
  return err;
}

/* ------------------------------------------------------------ in pieces */

static void put (pop3_buf *out, const char *what, size_t a, size_t b) {
  char line[80];
  int n = snprintf(line, sizeof line, "%s %lu %lu\n", what, (unsigned long)a,
                   (unsigned long)b);
  check(pop3_buf_add(out, line, (size_t)n) == 0, "memory");
}

/* Append the parser's events for 'in', fed in pieces of 'step' octets. */
static void events (pop3_mem mem, pop3_span in, size_t step, pop3_buf *out) {
  size_t at = 0, data = 0;
  pop3_mime_ev ev;
  pop3_buf held;
  pop3_mime m;
  pop3_buf_init(&held, mem);
  check(pop3_mime_init(&m, mem, NULL) == 0, "memory");
  for (;;) {
    pop3_span s;
    int last = at == in.n, r;
    if (held.n == 0) check(pop3_buf_room(&held, 1) == 0, "memory");
    s = pop3_span_of(held.p, held.n);
    while ((r = pop3_mime_next(&m, &s, last, &ev)) > 0) {
      if (ev.type == POP3_MIME_DATA) {
        data += ev.data.n;
        continue;
      }
      if (data > 0) put(out, "data", data, 0);
      data = 0;
      if (ev.type == POP3_MIME_HEAD) put(out, "head", ev.at, ev.body);
      else put(out, "end", ev.level, ev.at);
    }
    check(r == 0, "events");
    if (last) break;
    pop3_buf_shift(&held, held.n - s.n);
    if (step > in.n - at) step = in.n - at;
    check(pop3_buf_add(&held, in.p + at, step) == 0, "memory");
    at += step;
  }
  pop3_buf_free(&held);
  pop3_mime_free(&m);
}

static void decoded (pop3_span in, enum pop3_encoding code, size_t step,
                     pop3_buf *out) {
  pop3_decoder d;
  pop3_decoder_init(&d, code);
  while (in.n > step) {
    check(pop3_decode(&d, pop3_span_of(in.p, step), 0, out) == 0, "memory");
    in.p += step;
    in.n -= step;
  }
  check(pop3_decode(&d, in, 1, out) == 0, "memory");
}

static void compare (const pop3_buf *a, const pop3_buf *b, const char *what) {
  check(a->n == b->n && (a->n == 0 || memcmp(a->p, b->p, a->n) == 0), what);
}

static void test_pieces (pop3_span in) {
  static const size_t steps[] = {1, 2, 3, 5, 7, 64};
  static const enum pop3_encoding codes[] = {
    POP3_ENC_BASE64, POP3_ENC_QP, POP3_ENC_UU, POP3_ENC_YENC
  };
  count c = {-1, 0};
  pop3_buf whole, cut;
  pop3_mem mem;
  size_t i, k;
  mem.f = alloc;
  mem.ud = &c;
  pop3_buf_init(&whole, mem);
  pop3_buf_init(&cut, mem);
  events(mem, in, in.n, &whole);
  for (i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    cut.n = 0;
    events(mem, in, steps[i], &cut);
    compare(&whole, &cut, "events do not depend on the cuts");
  }
  for (k = 0; k < 4; k++) {
    whole.n = 0;
    decoded(in, codes[k], in.n + 1, &whole);
    for (i = 0; i < sizeof steps / sizeof steps[0]; i++) {
      cut.n = 0;
      decoded(in, codes[k], steps[i], &cut);
      compare(&whole, &cut, "octets do not depend on the cuts");
    }
  }
  pop3_buf_free(&whole);
  pop3_buf_free(&cut);
  check(c.live == 0, "nothing live after the pieces");
}

static void *no_memory (void *ud, void *p, size_t osize, size_t nsize) {
  (void)ud, (void)p, (void)osize, (void)nsize;
  return NULL;
}

/*
** Base64 is decoded into a buffer at the end of memory that has exactly the
** room that the decoder asks for. The first piece leaves digits of a quantum,
** or a line after padding, in the decoder; the last quantum is whole, cut or
** padded.
*/
static void test_room (guard *g) {
  static const char *const firsts[] = {
    "", "Q", "QU", "QUI", "QUI=Q", "QUI=\nQUJD", "QQ==\nQUJDQUJDQUJD"
  };
  static const char *const ends[] = {"", "=", "==", "\n", "=\nQUJD\n", "!"};
  static const char digits[] = "QUJDQUJDQUJDQUJDQUJDQUJDQUJD";
  size_t i, k, n;
  for (i = 0; i < sizeof firsts / sizeof firsts[0]; i++)
    for (k = 0; k < sizeof ends / sizeof ends[0]; k++)
      for (n = 0; n < sizeof digits; n++) {
        char text[64];
        count c = {-1, 0};
        pop3_decoder d;
        pop3_buf first, whole, out;
        pop3_span in = pop3_span_of(text, 0);
        pop3_mem mem;
        size_t held;
        mem.f = alloc;
        mem.ud = &c;
        pop3_buf_init(&first, mem);
        pop3_buf_init(&whole, mem);
        in.n = (size_t)snprintf(text, sizeof text, "%s%.*s%s", firsts[i],
                                (int)n, digits, ends[k]);
        decoded(in, POP3_ENC_BASE64, in.n + 1, &whole);
        pop3_decoder_init(&d, POP3_ENC_BASE64);
        held = strlen(firsts[i]);
        check(pop3_decode(&d, pop3_span_of(in.p, held), 0, &first) == 0,
              "memory");
        in.p += held;
        in.n -= held;
        mem.f = no_memory;
        pop3_buf_init(&out, mem);
        out.cap = in.n + d.nheld + 8;
        out.p = guard_end(g, NULL, out.cap);
        check(pop3_decode(&d, in, 1, &out) == 0, "there is room");
        check(pop3_buf_add(&first, out.p, out.n) == 0, "memory");
        compare(&whole, &first, "octets decoded to the end of memory");
        pop3_buf_free(&first);
        pop3_buf_free(&whole);
      }
}

/*
** The memory of parser and caller is bounded: 'chunk' is fed again and again
** after 'start'.
*/
static void test_bounded (const char *start, const char *chunk) {
  count c = {-1, 0};
  pop3_limits lim;
  pop3_mime_ev ev;
  pop3_buf held;
  pop3_mem mem;
  pop3_mime m;
  int i;
  mem.f = alloc;
  mem.ud = &c;
  memset(&lim, 0, sizeof lim);
  lim.header = 1000;
  pop3_buf_init(&held, mem);
  check(pop3_mime_init(&m, mem, &lim) == 0, "memory");
  check(pop3_buf_add(&held, start, strlen(start)) == 0, "memory");
  for (i = 0; i < 100000; i++) {
    pop3_span s;
    check(pop3_buf_add(&held, chunk, strlen(chunk)) == 0, "memory");
    s = pop3_span_of(held.p, held.n);
    while (pop3_mime_next(&m, &s, 0, &ev) > 0) continue;
    pop3_buf_shift(&held, held.n - s.n);
    check(c.live < 64 * 1024, "memory is bounded");
  }
  pop3_buf_free(&held);
  pop3_mime_free(&m);
  check(c.live == 0, "nothing live after a long message");
}

/* ---------------------------------------------------------------- memory */

static void test_memory (pop3_span in) {
  long k;
  for (k = 0; ; k++) {
    count c;
    int err;
    if (!random_sample(5)) continue;
    c.left = k;
    c.live = 0;
    err = read_all(&c, in);
    check(c.live == 0, "nothing live after a failure");
    if (err == 0) break;
    check(err == POP3_ENOMEM, "only memory may fail");
  }
}

/* Encoded-words of a few kilobytes, each allocation failing once. */
static void test_encoding (const char *piece) {
  char in[4096];
  size_t n = 0;
  long k;
  for (; n + strlen(piece) <= sizeof in; n += strlen(piece))
    memcpy(in + n, piece, strlen(piece));
  for (k = 0; ; k++) {
    count c;
    pop3_mem mem;
    pop3_conv conv;
    pop3_buf out, back;
    int err;
    c.left = k;
    c.live = 0;
    mem.f = alloc;
    mem.ud = &c;
    pop3_conv_init(&conv, mem);
    pop3_buf_init(&out, mem);
    pop3_buf_init(&back, mem);
    err = pop3_encode_words(&out, pop3_span_of(in, n));
    if (err == 0) err = pop3_words(&conv, pop3_span_of(out.p, out.n), &back);
    if (err == 0)
      check(back.n == n && memcmp(back.p, in, n) == 0, "words are read again");
    pop3_conv_free(&conv);
    pop3_buf_free(&out);
    pop3_buf_free(&back);
    check(c.live == 0, "nothing live after encoding");
    if (err == 0) break;
    check(err == POP3_ENOMEM, "only memory may fail");
  }
  check(k > 1, "memory did fail");
}

/* Every prefix, in a block of exactly its size, for the sanitizer. */
static void test_prefixes (pop3_span in) {
  size_t n;
  for (n = 0; n <= in.n; n++) {
    count c = {-1, 0};
    char *copy;
    if (!random_sample(20)) continue;
    copy = (char *)malloc(n + 1);
    check(copy != NULL, "memory");
    memcpy(copy, in.p, n);
    copy = (char *)realloc(copy, n > 0 ? n : 1);
    check(read_all(&c, pop3_span_of(copy, n)) == 0, "a prefix is read");
    check(c.live == 0, "nothing live after a prefix");
    free(copy);
  }
}

static void test_file (const char *path) {
  static char in[1 << 20];
  FILE *f = fopen(path, "rb");
  pop3_span s;
  check(f != NULL, path);
  s = pop3_span_of(in, fread(in, 1, sizeof in, f));
  fclose(f);
  test_memory(s);
  test_pieces(s);
  test_prefixes(s);
}

static int test_corpus (const char *dir) {
  DIR *d = opendir(dir);
  struct dirent *e;
  int n = 0;
  check(d != NULL, dir);
  while ((e = readdir(d)) != NULL) {
    char path[600];
    const char *dot = strrchr(e->d_name, '.');
    if (dot == NULL || strcmp(dot, ".eml") != 0) continue;
    snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
    test_file(path);
    n++;
  }
  closedir(d);
  return n;
}

int main (int argc, char **argv) {
  static const char multi[] =
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n";
  guard g;
  int i, n = argc - 1;
  check(guard_new(&g, 128), "memory");
  test_room(&g);
  guard_free(&g);
  test_encoding("\xC3\xA9");
  test_encoding("\xC3\xA9 plain, and so on; ");
  test_encoding("plain");
  test_bounded("X: ", "more and more and more");
  test_bounded("X: ", "y\r\nY: ");
  test_bounded(multi, "\r\n--b\r\nX: y\r\n\r\nbody");
  test_bounded(multi, "--no--delimiter");
  test_bounded(multi, "X: y\r\n --b\r\n--c");
  for (i = 1; i < argc; i++) test_file(argv[i]);
  if (n == 0) n = test_corpus("spec/messages");
  printf("%d passed, 0 failed\n", n);
  return 0;
}
