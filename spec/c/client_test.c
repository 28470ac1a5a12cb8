/*
** client_test.c - tests of the client engine: the transcripts of spec/wire at
** every cut, and cases that a transcript cannot express.
*/
#include <string.h>

#include "check.h"
#include "failmem.h"
#include "wire.h"

static pop3_client *new_client (failmem *m, const pop3_client_limits *lim) {
  pop3_client *c = pop3_client_new(failmem_mem(m, 0), lim, NULL);
  CHECK(c != NULL);
  return c;
}

static void end_client (pop3_client *c, failmem *m) {
  pop3_client_free(&c);
  CHECK(m->blocks == 0 && m->bytes == 0 && m->wrong == 0);
}

static int ask (pop3_client *c, const char *line, int mode) {
  return pop3_client_ask(c, line, strlen(line), 0, mode);
}

static int feed (pop3_client *c, const char *octets) {
  return pop3_client_feed(c, octets, strlen(octets));
}

/* A client after greeting and login. */
static pop3_client *logged_in (failmem *m, const pop3_client_limits *lim) {
  pop3_client *c = new_client(m, lim);
  pop3_event ev;
  CHECK(feed(c, "+OK\r\n") == 0 && pop3_client_next(c, &ev) == 1);
  CHECK(ask(c, "PASS secret", POP3_WHOLE) == 0);
  CHECK(feed(c, "+OK\r\n") == 0 && pop3_client_next(c, &ev) == 1);
  CHECK(pop3_client_phase(c) == POP3_TRANSACTION);
  pop3_client_sent(c, pop3_client_out(c).n);
  return c;
}

/* ---------------------------------------------------------------- commands */

static void bad_commands (void) {
  static const struct { const char *line; size_t n; int err; } bad[] = {
    { "", 0, POP3_EARG }, { "NOOP\r\n", 6, POP3_EARG },
    { "NOOP\rDELE 1", 11, POP3_EARG }, { "NOOP\nDELE 1", 11, POP3_EARG },
    { "NOOP\0DELE 1", 11, POP3_EARG }, { "USER x", 6, POP3_ESTATE },
    { "STLS", 4, POP3_ESTATE }, { "AUTH PLAIN", 10, POP3_ESTATE }
  };
  failmem m;
  pop3_client *c = logged_in(&m, &pop3_client_defaults);
  static char line[POP3_COMMAND_MAX + 1];
  size_t i;
  check_about("bad commands");
  for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
    CHECK(pop3_client_ask(c, bad[i].line, bad[i].n, 0, POP3_WHOLE) ==
          bad[i].err);
  memset(line, 'x', sizeof line);
  CHECK(pop3_client_ask(c, line, sizeof line, 0, POP3_WHOLE) == POP3_ELONG);
  CHECK(pop3_client_asked(c) == 0 && pop3_client_out(c).n == 0);
  CHECK(pop3_client_ask(c, line, POP3_COMMAND_MAX, 0, POP3_WHOLE) == 0);
  CHECK(pop3_client_asked(c) == 1 && pop3_client_out(c).n == POP3_COMMAND_MAX + 2);
  end_client(c, &m);
}

/* The states in which each verb is allowed. */
static void phases (void) {
  static const char *const lines[] = {
    "APOP a b", "AUTH", "AUTH PLAIN", "CAPA", "DELE 1", "LANG", "LIST",
    "NOOP", "PASS x", "QUIT", "RETR 1", "RSET", "STAT", "STLS", "TOP 1 1",
    "UIDL", "USER x", "UTF8", "XTRA"
  };
  static const char in_auth[] = "YYYYNYNNYYNNNYNNYYY";
  static const char in_trans[] = "NNNYYYYYNYYYYNYYNNY";
  size_t i;
  int k;
  for (i = 0; i < sizeof lines / sizeof lines[0]; i++)
    for (k = 0; k < 4; k++) {
      failmem m;
      pop3_event ev;
      pop3_client *c = k < 2 ? new_client(&m, &pop3_client_defaults)
                             : logged_in(&m, &pop3_client_defaults);
      int may = k == 1 ? in_auth[i] == 'Y' : k == 2 ? in_trans[i] == 'Y' : 0;
      check_about("%s in state %d", lines[i], k);
      if (k == 1) CHECK(feed(c, "+OK\r\n") == 0 &&
                        pop3_client_next(c, &ev) == 1);
      if (k == 3) {
        CHECK(ask(c, "QUIT", POP3_WHOLE) == 0);
        pop3_client_sent(c, pop3_client_out(c).n);
      }
      CHECK(ask(c, lines[i], POP3_WHOLE) == (may ? 0 : POP3_ESTATE));
      CHECK((pop3_client_out(c).n > 0) == may);
      end_client(c, &m);
    }
}

/* A queue that grows and wraps around; the replies come in one chunk. */
static void long_queue (void) {
  failmem m;
  pop3_client *c = logged_in(&m, &pop3_client_defaults);
  pop3_event ev;
  size_t i, round, got;
  check_about("a long queue");
  for (round = 1; round < 8; round++) {
    for (i = 0; i < round * 37; i++)
      CHECK(ask(c, i % 2 ? "RETR 1" : "NOOP", POP3_WHOLE) == 0);
    CHECK(pop3_client_asked(c) == round * 37);
    for (i = 0; i < round * 37; i++)
      CHECK(feed(c, i % 2 ? "+OK\r\na\r\n.\r\n" : "+OK\r\n") == 0);
    for (got = 0; pop3_client_next(c, &ev) == 1; got++)
      CHECK(ev.type != POP3_EV_END || ev.data.n == 3);
    CHECK(got == round * 37 + round * 37 / 2);
    CHECK(pop3_client_asked(c) == 0 && pop3_client_unread(c) == 0);
  }
  end_client(c, &m);
}

/* A complete listing that is discarded after each of its entries. */
static void give_up_listing (void) {
  int taken, mode;
  for (mode = POP3_WHOLE; mode <= POP3_STREAM; mode++)
    for (taken = 0; taken < 4; taken++) {
      failmem m;
      pop3_client *c = logged_in(&m, &pop3_client_defaults);
      pop3_event ev;
      int i;
      check_about("a listing given up after %d entries", taken);
      CHECK(ask(c, "LIST", mode) == 0 && ask(c, "STAT", mode) == 0);
      CHECK(feed(c, "+OK\r\n1 1\r\n2 2\r\n3 3\r\n.\r\n") == 0);
      CHECK(feed(c, "+OK 3 6\r\n") == 0);
      CHECK(pop3_client_next(c, &ev) == 1 && ev.more);
      for (i = 0; i < taken; i++)
        CHECK(pop3_client_next(c, &ev) == 1 && ev.type == POP3_EV_ENTRY);
      pop3_client_discard(c);
      CHECK(ask(c, "NOOP", mode) == 0 && feed(c, "+OK fine\r\n") == 0);
      CHECK(pop3_client_next(c, &ev) == 1 && ev.verb == POP3_V_NOOP);
      CHECK_SAME(ev.text.p, ev.text.n, "fine", 4);
      CHECK(pop3_client_unread(c) == 0 && pop3_client_asked(c) == 0);
      end_client(c, &m);
    }
}

/* -------------------------------------------------------- the end, anywhere */

#define EVENTS 64

typedef struct heard {
  int type[EVENTS], verb[EVENTS];
  uint64_t octets[EVENTS];
  size_t n;
  int err;
} heard;

static const char *const asked[] = {
  "STAT", "LIST", "UIDL", "RETR 1", "RETR 2", "LIST 9", "DELE 1", "QUIT"
};

static const char session[] =
  "+OK 2 320\r\n+OK\r\n1 120\r\n2 200\r\n.\r\n+OK\r\n1 a\r\n2 b\r\n.\r\n"
  "+OK\r\nSubject: hi\r\n\r\n..\r\n.\r\n+OK\r\n.\r\n-ERR [X] no\r\n+OK\r\n"
  "+OK bye\r\n";

/* The events of the first 'n' octets of the session and the end. */
static void hear (heard *h, size_t n) {
  failmem m;
  pop3_client *c = logged_in(&m, &pop3_client_defaults);
  pop3_event ev;
  size_t i;
  int round;
  memset(h, 0, sizeof *h);
  for (i = 0; i < sizeof asked / sizeof asked[0]; i++)
    CHECK(ask(c, asked[i], POP3_WHOLE) == 0);
  CHECK(pop3_client_feed(c, session, n) == 0);
  for (round = 0; round < 2; round++) {
    while ((h->err = pop3_client_next(c, &ev)) == 1) {
      if (!CHECK(h->n < EVENTS)) break;
      h->type[h->n] = ev.type;
      h->verb[h->n] = ev.verb;
      h->octets[h->n++] = ev.octets;
    }
    CHECK(round > 0 || h->err == 0);
    pop3_client_eof(c);
  }
  if (n < sizeof session - 1) {
    CHECK(h->err == POP3_ECLOSED);
    CHECK(pop3_client_next(c, &ev) == POP3_ECLOSED);
    CHECK(feed(c, "+OK\r\n") == 0);  /* octets after the end */
    CHECK(pop3_client_next(c, &ev) == POP3_ECLOSED);
    CHECK(ask(c, "NOOP", POP3_WHOLE) == POP3_ECLOSED);
  }
  else CHECK(h->err == 0 && pop3_client_phase(c) == POP3_ENDED);
  end_client(c, &m);
}

static void end_anywhere (void) {
  heard all, some;
  size_t n, i, before = 0;
  hear(&all, sizeof session - 1);
  CHECK(all.n == 16);
  for (n = 0; n < sizeof session; n++) {
    check_about("the connection ends after %d octets", (int)n);
    hear(&some, n);
    CHECK(some.n >= before && some.n <= all.n);
    before = some.n;
    for (i = 0; i < some.n; i++)
      CHECK(some.type[i] == all.type[i] && some.verb[i] == all.verb[i] &&
            some.octets[i] == all.octets[i]);
  }
}

/* ------------------------------------------------------------------ memory */

/*
** Memory does not grow with a message that is streamed; a message that is kept
** whole is freed afterwards.
*/
static void big_messages (void) {
  static char line[1002];
  failmem m;
  pop3_client *c = logged_in(&m, &pop3_client_defaults);
  pop3_event ev;
  uint64_t octets = 0;
  int mode, i, got;
  memset(line, '.', 1000);
  memcpy(line + 1000, "\r\n", 2);
  for (mode = POP3_STREAM; mode >= POP3_WHOLE; mode--) {
    check_about("a message of 10 MB, mode %d", mode);
    CHECK(ask(c, "RETR 1", mode) == 0 && feed(c, "+OK\r\n") == 0);
    pop3_client_sent(c, pop3_client_out(c).n);
    for (i = 0, got = 1; i <= 10000; i++) {
      CHECK((i < 10000 ? pop3_client_feed(c, line, 1002)
                       : feed(c, ".\r\n")) == 0);
      while ((got = pop3_client_next(c, &ev)) == 1)
        if (ev.type == POP3_EV_DATA) octets += ev.data.n;
        else if (ev.type == POP3_EV_END) CHECK(ev.octets == 10010000);
      CHECK(got == 0);
    }
    if (mode == POP3_STREAM) {
      CHECK(octets == 10010000);
      CHECK(m.peak < 16384);
    }
    else CHECK(m.peak < 40000000);
  }
  CHECK(ask(c, "NOOP", POP3_WHOLE) == 0 && feed(c, "+OK\r\n") == 0);
  CHECK(pop3_client_next(c, &ev) == 1 && ev.ok);
  CHECK(m.bytes < 300000);
  end_client(c, &m);
}

/* Octets read into the engine's own buffer; empty input. */
static void rooms (void) {
  failmem m;
  pop3_client *c = new_client(&m, &pop3_client_defaults);
  pop3_event ev;
  size_t got;
  char *p;
  check_about("rooms");
  CHECK(pop3_client_next(c, &ev) == 0);
  CHECK(pop3_client_feed(c, "", 0) == 0);
  CHECK(pop3_client_feed(c, NULL, 0) == 0);
  CHECK(pop3_client_room(c, 0, &got) != NULL);
  p = pop3_client_room(c, 100, &got);
  CHECK(p != NULL && got >= 100);
  memcpy(p, "+OK hi\r\n", 8);
  pop3_client_filled(c, 8);
  CHECK(pop3_client_next(c, &ev) == 1 && ev.verb == POP3_V_GREETING);
  CHECK_SAME(ev.text.p, ev.text.n, "hi", 2);
  CHECK(ev.code.p == NULL);
  CHECK(pop3_client_next(c, &ev) == 0);
  CHECK(pop3_client_out(c).n == 0 && pop3_client_out(c).p != NULL);
  end_client(c, &m);
}

/* ----------------------------------------------------- storage of a body */

#define LARGE 300000  /* more than the storage that is kept between replies */

/* A large body, the same on the wire, and a small one after it. */
typedef struct letter {
  char body[LARGE];
  char wire[LARGE + LARGE / 28 + 100];
  size_t n;
} letter;

static void write_letter (letter *l) {
  static const char line[] = ".text of a message in lines\r\n";
  static const char end[] = ".\r\n+OK\r\nsmall\r\n.\r\n";
  size_t i, n = 5;
  memcpy(l->wire, "+OK\r\n", 5);
  for (i = 0; i < LARGE - 2; i++) {
    if (i % 29 == 0) l->wire[n++] = '.';
    l->wire[n++] = l->body[i] = line[i % 29];
  }
  memcpy(l->body + i, "\r\n", 2);
  memcpy(l->wire + n, "\r\n", 2);
  memcpy(l->wire + n + 2, end, sizeof end - 1);
  l->n = n + 2 + sizeof end - 1;
}

/*
** Feed 'piece' octets at a time from '*fed' on until a body ends, which is in
** '*ev' then.
*/
static void until_end (pop3_client *c, const letter *l, size_t piece,
                       size_t *fed, pop3_event *ev) {
  for (;;) {
    size_t k = l->n - *fed < piece ? l->n - *fed : piece;
    int got;
    while ((got = pop3_client_next(c, ev)) == 1)
      if (ev->type == POP3_EV_END) return;
    CHECK(got == 0 && k > 0);
    if (k == 0 || got < 0) return;
    CHECK(pop3_client_feed(c, l->wire + *fed, k) == 0);
    *fed += k;
  }
}

/*
** Take the storage of the large body; the request for memory number 'fail' fails
** then, if it is not 0.
*/
static void take_body (const letter *l, size_t piece, size_t front, long fail,
                       int expected) {
  failmem m;
  pop3_mem mem = failmem_mem(&m, 0);
  pop3_client *c = pop3_client_new(mem, &pop3_client_defaults, NULL);
  pop3_event ev;
  size_t fed = 0, size = 0;
  char *block;
  check_about("the storage of a body, %zu octets at a time, front %zu", piece,
              front);
  pop3_client_front(c, front);
  CHECK(pop3_client_take(c, &size) == NULL);
  CHECK(feed(c, "+OK\r\n") == 0 && pop3_client_next(c, &ev) == 1);
  CHECK(ask(c, "PASS secret", POP3_WHOLE) == 0);
  CHECK(feed(c, "+OK\r\n") == 0 && pop3_client_next(c, &ev) == 1);
  CHECK(ask(c, "RETR 1", POP3_WHOLE) == 0 && ask(c, "RETR 2", POP3_WHOLE) == 0);
  until_end(c, l, piece, &fed, &ev);
  CHECK(ev.data.n == LARGE && memcmp(ev.data.p, l->body, LARGE) == 0);
  m.fail_at = fail == 0 ? 0 : m.calls + fail;
  block = pop3_client_take(c, &size);
  m.fail_at = 0;
  CHECK((block != NULL) == expected);
  if (block == NULL) CHECK(memcmp(ev.data.p, l->body, LARGE) == 0);
  else {
    CHECK(size == front + LARGE + 1);
    CHECK(memcmp(block + front, l->body, LARGE) == 0);
    CHECK(pop3_client_take(c, &size) == NULL);
    memset(block, 'x', size);
  }
  until_end(c, l, piece, &fed, &ev);
  CHECK_SAME(ev.data.p, ev.data.n, "small\r\n", 7);
  CHECK(pop3_client_take(c, &size) == NULL);
  CHECK(pop3_client_asked(c) == 0 && pop3_client_unread(c) == 0);
  if (block != NULL) mem.f(mem.ud, block, LARGE + front + 1, 0);
  end_client(c, &m);
}

/*
** Take the storage of the pieces of the large body; each 'fail'-th request for memory
** fails then, if it is not 0. What cannot be taken is copied.
*/
static void take_pieces (const letter *l, size_t piece, size_t front, long fail) {
  failmem m;
  pop3_mem mem = failmem_mem(&m, 0);
  pop3_client *c = pop3_client_new(mem, &pop3_client_defaults, NULL);
  pop3_event ev;
  size_t fed = 0, total = 0, taken = 0;
  int ended = 0;
  check_about("the storage of pieces, %zu octets at a time, front %zu, fail %ld",
              piece, front, fail);
  pop3_client_front(c, front);
  CHECK(feed(c, "+OK\r\n") == 0 && pop3_client_next(c, &ev) == 1);
  CHECK(ask(c, "PASS secret", POP3_WHOLE) == 0);
  CHECK(feed(c, "+OK\r\n") == 0 && pop3_client_next(c, &ev) == 1);
  CHECK(ask(c, "RETR 1", POP3_STREAM) == 0 && ask(c, "RETR 2", POP3_WHOLE) == 0);
  while (!ended) {
    size_t k = l->n - fed < piece ? l->n - fed : piece;
    int got;
    while (!ended && (got = pop3_client_next(c, &ev)) == 1) {
      size_t size = 0;
      char *block;
      ended = ev.type == POP3_EV_END;
      if (ev.type != POP3_EV_DATA) continue;
      CHECK(ev.data.n <= LARGE - total);
      m.fail_at = fail == 0 ? 0 : m.calls + fail;
      block = pop3_client_take(c, &size);
      m.fail_at = 0;
      CHECK(memcmp(block == NULL ? ev.data.p : block + front, l->body + total,
                   ev.data.n) == 0);
      total += ev.data.n;
      if (block == NULL) continue;
      taken++;
      CHECK(size == front + ev.data.n + 1);
      CHECK(pop3_client_take(c, &size) == NULL);
      memset(block, 'x', front + ev.data.n + 1);
      mem.f(mem.ud, block, front + ev.data.n + 1, 0);
    }
    if (ended) break;
    CHECK(k > 0);
    if (k == 0) break;
    CHECK(pop3_client_feed(c, l->wire + fed, k) == 0);
    fed += k;
  }
  CHECK(total == LARGE && ev.octets == LARGE);
  CHECK((taken > 0) == (piece > 4200 && fail == 0));
  until_end(c, l, piece, &fed, &ev);
  CHECK_SAME(ev.data.p, ev.data.n, "small\r\n", 7);
  CHECK(pop3_client_asked(c) == 0 && pop3_client_unread(c) == 0);
  end_client(c, &m);
}

static void taking_pieces (void) {
  static letter l;
  size_t piece;
  write_letter(&l);
  for (piece = 99; piece < LARGE / 4; piece = piece * 5 / 4) {
    take_pieces(&l, piece, 24, 0);
    take_pieces(&l, piece, 0, 0);
    take_pieces(&l, piece, 24, 1);
  }
}

static void taking (void) {
  static letter l;
  size_t piece;
  write_letter(&l);
  for (piece = 99; piece < LARGE / 2; piece = piece * 5 / 4) {
    take_body(&l, piece, 24, 0, 1);
    take_body(&l, piece, 0, 0, 1);
  }
  for (piece = l.n - 30; piece < l.n; piece++)  /* at each split near its end */
    take_body(&l, piece, 24, 0, piece < l.n - 15);
  take_body(&l, l.n - 20, 24, 1, 0);  /* for the octets after the body */
  take_body(&l, l.n - 20, 24, 2, 0);  /* for the storage without its rest */
  take_body(&l, l.n - 20, 24, 3, 1);
}

int main (void) {
  wire_sweep("spec/wire/client-replies.txt", 'S', wire_client);
  wire_sweep("spec/wire/client-bodies.txt", 'S', wire_client);
  wire_sweep("spec/wire/client-listings.txt", 'S', wire_client);
  wire_sweep("spec/wire/client-limits.txt", 'S', wire_client);
  wire_sweep("spec/wire/client-order.txt", 'S', wire_client);
  wire_sweep("spec/wire/client-secrets.txt", 'S', wire_client);
  wire_sweep("spec/wire/client-sasl.txt", 'S', wire_client);
  bad_commands();
  phases();
  long_queue();
  give_up_listing();
  end_anywhere();
  big_messages();
  rooms();
  taking();
  taking_pieces();
  return check_end();
}
