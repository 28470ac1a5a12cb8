/*
** tls_test.c - tests of csrc/tls: a client and a server in memory, with the
** ciphertext split at every octet: handshake, data both ways, close,
** truncation, failing allocations.
*/
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "certificate.h"
#include "check.h"
#include "failmem.h"
#include "random.h"
#include "tls.h"

static char cert[8192], key[4096];

/* -------------------------------------------- an allocator for OpenSSL */

static long calls, fail_at;

static int fails (void) {
  return ++calls == fail_at;
}

static void *m_alloc (size_t n, const char *file, int line) {
  (void)file;
  (void)line;
  return fails() ? NULL : malloc(n);
}

static void *m_realloc (void *p, size_t n, const char *file, int line) {
  (void)file;
  (void)line;
  if (n == 0) {
    free(p);
    return NULL;
  }
  return fails() ? NULL : realloc(p, n);
}

static void m_free (void *p, const char *file, int line) {
  (void)file;
  (void)line;
  free(p);
}

/* -------------------------------------------------------------- two sides */

typedef struct link {
  pop3_tls_context *sc, *cc;
  pop3_tls *s, *c;
  size_t sent;    /* octets of ciphertext so far, both ways */
  size_t split;   /* one write ends before this octet; 0 for none */
  int each;       /* octet by octet */
} link;

static int open_link (link *l, pop3_mem mem, int version) {
  char why[POP3_WHY_MAX];
  pop3_tls_opts o;
  size_t split = l->split;
  int each = l->each;
  memset(l, 0, sizeof *l);
  l->split = split;
  l->each = each;
  memset(&o, 0, sizeof o);
  o.security_level = -1;
  o.max_version = version;
  o.server = 1;
  o.cert = cert;
  o.key = key;
  l->sc = pop3_tls_context_new(mem, &o, why);
  o.server = 0;
  o.cert = o.key = NULL;
  l->cc = pop3_tls_context_new(mem, &o, why);
  if (l->sc == NULL || l->cc == NULL) return 0;
  l->s = pop3_tls_new(mem, l->sc, NULL, NULL);
  l->c = pop3_tls_new(mem, l->cc, "localhost", NULL);
  return l->s != NULL && l->c != NULL;
}

static void close_link (link *l) {
  pop3_tls_free(&l->s);
  pop3_tls_free(&l->c);
  pop3_tls_free(&l->c);
  pop3_tls_context_free(&l->sc);
  pop3_tls_context_free(&l->cc);
}

/* The size of the next piece of 'n' octets. */
static size_t piece (const link *l, size_t n) {
  if (l->each) return 1;
  if (l->split > l->sent && l->split < l->sent + n) return l->split - l->sent;
  return n;
}

/*
** Carry the output of 'from' to 'to', which decrypts after each piece and
** appends the plaintext to 'text'. Returns 0 or an error.
*/
static int carry (link *l, pop3_tls *from, pop3_tls *to, char *text,
                  size_t *n) {
  for (;;) {
    pop3_span o = pop3_tls_out(from);
    size_t k, got;
    char *room;
    int ret;
    if (o.n == 0) return 0;
    k = piece(l, o.n);
    room = pop3_tls_room(to, k, &got);
    if (room == NULL) return POP3_ENOMEM;
    CHECK(got >= k);
    memcpy(room, o.p, k);
    pop3_tls_filled(to, k);
    pop3_tls_sent(from, k);
    l->sent += k;
    do {
      ret = pop3_tls_read(to, text + *n, 64, &got);
      if (ret == 1) *n += got;
    } while (ret == 1);
    if (ret < 0) return ret;
  }
}

static int shake (link *l) {
  char text[64];
  size_t n = 0;
  int i, err = pop3_tls_shake(l->c);
  for (i = 0; i < 10 && err == 0; i++) {
    err = carry(l, l->c, l->s, text, &n);
    if (err == 0) err = carry(l, l->s, l->c, text, &n);
  }
  CHECK(n == 0);
  if (err == 0 && !(pop3_tls_ready(l->c) && pop3_tls_ready(l->s)))
    err = POP3_EIO;
  return err;
}

static int say (link *l, pop3_tls *from, pop3_tls *to, const char *what) {
  char text[256];
  size_t n = 0, took;
  int err = pop3_tls_write(from, what, strlen(what), &took);
  if (err != 0) return err;
  CHECK(took == strlen(what));
  err = carry(l, from, to, text, &n);
  if (err == 0) CHECK_SAME(text, n, what, strlen(what));
  return err;
}

static int talk (link *l) {
  int err = shake(l);
  if (err == 0) err = say(l, l->c, l->s, "CAPA\r\n");
  if (err == 0) err = say(l, l->s, l->c, "+OK\r\n.\r\n");
  if (err == 0) {
    pop3_tls_rest(l->c);
    pop3_tls_rest(l->s);
    err = say(l, l->c, l->s, "QUIT\r\n");
  }
  return err;
}

/* The end of a connection: close_notify both ways, or ('cut') none. */
static void part (link *l, int cut) {
  char text[64];
  size_t n = 0;
  if (cut) {
    pop3_tls_eof(l->c);
    CHECK(pop3_tls_read(l->c, text, sizeof text, &n) == POP3_ECUT);
    CHECK(pop3_tls_read(l->c, text, sizeof text, &n) == POP3_ECUT);
    return;
  }
  pop3_tls_shutdown(l->s);
  pop3_tls_shutdown(l->s);
  CHECK(carry(l, l->s, l->c, text, &n) == POP3_ECLOSED && n == 0);
  pop3_tls_eof(l->c);
  CHECK(pop3_tls_read(l->c, text, sizeof text, &n) == POP3_ECLOSED);
  pop3_tls_shutdown(l->c);
  CHECK(carry(l, l->c, l->s, text, &n) == POP3_ECLOSED);
}

static void at_every_split (int version) {
  failmem m;
  link l;
  size_t all;
  memset(&l, 0, sizeof l);
  CHECK(open_link(&l, failmem_mem(&m, 0), version));
  CHECK(talk(&l) == 0);
  all = l.sent;
  part(&l, 0);
  close_link(&l);
  CHECK(m.blocks == 0 && m.wrong == 0);
  for (l.split = 0; l.split < all; l.split++) {
    if (l.split > 0 && !random_sample(30)) continue;
    check_about("version %x, split before octet %zu", version, l.split);
    l.each = l.split == 0;
    CHECK(open_link(&l, failmem_mem(&m, 0), version));
    CHECK(talk(&l) == 0);
    part(&l, l.split % 2 == 0);
    close_link(&l);
    CHECK(m.blocks == 0 && m.wrong == 0);
  }
}

/* The transport ends within the handshake. */
static void cut_off (void) {
  size_t at;
  for (at = 1; at < 2000; at++) {
    char text[64];
    failmem m;
    link l;
    size_t n = 0, got;
    char *room;
    int err = 0;
    pop3_span o;
    if (!random_sample(50)) continue;
    memset(&l, 0, sizeof l);
    check_about("cut off at octet %zu", at);
    CHECK(open_link(&l, failmem_mem(&m, 0), 0));
    pop3_tls_shake(l.c);
    CHECK(carry(&l, l.c, l.s, text, &n) == 0);
    o = pop3_tls_out(l.s);
    if (o.n > at) {
      room = pop3_tls_room(l.c, at, &got);
      memcpy(room, o.p, at);
      pop3_tls_filled(l.c, at);
      pop3_tls_eof(l.c);
      err = pop3_tls_read(l.c, text, sizeof text, &got);
      CHECK(err == POP3_ETLS);
      CHECK(strstr(pop3_tls_why(l.c), "during the TLS handshake") != NULL);
    }
    close_link(&l);
    CHECK(m.blocks == 0 && m.wrong == 0);
    if (err == 0) break;
  }
}

/* Each allocation of our code fails. */
static void starved (void) {
  long k;
  for (k = 1; k < 1000; k++) {
    failmem m;
    link l;
    int err;
    if (!random_sample(4)) continue;
    memset(&l, 0, sizeof l);
    check_about("our allocation %ld fails", k);
    err = open_link(&l, failmem_mem(&m, k), 0) ? talk(&l) : POP3_ENOMEM;
    close_link(&l);
    CHECK(m.blocks == 0 && m.wrong == 0);
    if (m.calls < k) {
      CHECK(err == 0);
      return;
    }
    CHECK(err == POP3_ENOMEM);
  }
}

/*
** Each allocation of OpenSSL fails: no crash, and no leak in our code. The
** error that OpenSSL reports for it, if any, is not checked.
*/
static void openssl_starved (void) {
  long k, past = 0;
  for (k = 1; past == 0; k += k < 300 ? 1 : 13) {
    failmem m;
    link l;
    if (!random_sample(20)) continue;
    memset(&l, 0, sizeof l);
    check_about("OpenSSL's allocation %ld fails", k);
    calls = 0;
    fail_at = k;
    if (open_link(&l, failmem_mem(&m, 0), 0) && talk(&l) == 0)
      past = calls < k;
    fail_at = 0;
    close_link(&l);
    CHECK(m.blocks == 0 && m.wrong == 0);
    if (k > 100000) break;
  }
  CHECK(past != 0);
}

/* Junk in place of a handshake, and after one. */
static void junk (void) {
  static const char *const what[] = {
    "+OK ready\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "\x16\x03\x01\xff\xff",
    "\x15\x03\x03\x00\x02\x02\x28", "\x80\x2e\x01\x03\x01", "\xff\xff\xff\xff\xff"
  };
  size_t i;
  for (i = 0; i < sizeof what / sizeof what[0]; i++) {
    int behind;
    for (behind = 0; behind < 2; behind++) {
      char text[64];
      size_t n = i == 3 ? 7 : strlen(what[i]), got;
      failmem m;
      link l;
      char *room;
      memset(&l, 0, sizeof l);
      check_about("junk %zu %d", i, behind);
      CHECK(open_link(&l, failmem_mem(&m, 0), 0));
      if (behind) CHECK(shake(&l) == 0);
      else pop3_tls_shake(l.c);
      room = pop3_tls_room(l.c, n, &got);
      memcpy(room, what[i], n);
      pop3_tls_filled(l.c, n);
      pop3_tls_eof(l.c);
      CHECK(pop3_tls_read(l.c, text, sizeof text, &got) < 0 && got == 0);
      CHECK(pop3_tls_error(l.c) != 0 && pop3_tls_why(l.c)[0] != '\0');
      CHECK(pop3_tls_write(l.c, "x", 1, &got) < 0);
      pop3_tls_shutdown(l.c);
      close_link(&l);
      CHECK(m.blocks == 0 && m.wrong == 0);
    }
  }
}

static void make_certificate (void) {
  char why[POP3_WHY_MAX];
  pop3_cert_name name;
  pop3_cert_opts o;
  pop3_buf c, k;
  failmem m;
  memset(&o, 0, sizeof o);
  o.subject = "localhost";
  o.key = "ec";
  o.from = -3600;
  o.to = 3600;
  name.kind = 'd';
  name.name.p = "localhost";
  name.name.n = 9;
  o.names = &name;
  o.nnames = 1;
  pop3_buf_init(&c, failmem_mem(&m, 0));
  pop3_buf_init(&k, c.mem);
  if (CHECK(pop3_cert_make(&o, &c, &k, why) == 0) && CHECK(c.n < sizeof cert) &&
      CHECK(k.n < sizeof key)) {
    memcpy(cert, c.p, c.n);
    memcpy(key, k.p, k.n);
  }
  pop3_buf_free(&c);
  pop3_buf_wipe(&k);
  CHECK(m.blocks == 0 && m.wrong == 0);
}

int main (void) {
  CHECK(CRYPTO_set_mem_functions(m_alloc, m_realloc, m_free) == 1);
  make_certificate();
  at_every_split(0x0303);
  at_every_split(0x0304);
  cut_off();
  starved();
  junk();
  openssl_starved();
  return check_end();
}
