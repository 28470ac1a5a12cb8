/*
** client_fuzz.c - a client session. The first octet chooses the state and
** the limits, the second is a seed for the cuts, the third says how many of
** the next are commands; the rest comes from the server.
*/
#include "cuts.h"
#include "journal.h"

/* Commands that are asked, all before the octets come. */
static const char *const lines[] = {
  "STAT", "LIST", "LIST 1", "UIDL", "UIDL 1", "RETR 1", "TOP 1 0", "NOOP",
  "CAPA", "DELE 1", "XONE", "XTWO", "QUIT", "USER mrose", "PASS hush",
  "APOP mrose c4c9", "AUTH", "AUTH PLAIN AHQ=", "LANG", "LANG en", "STLS",
  "UTF8", "RSET", "PASS O", "pass  two ", "XBAD\r\nNOOP"
};

#define LINES (sizeof lines / sizeof lines[0])

typedef struct run {
  pop3_client *e;
  pop3_journal log;
  pop3_buf seen;   /* events, all data of a body as one */
  pop3_buf data;
  size_t fed, out;
  int err;
} run;

static void ask (run *r, unsigned char what) {
  const char *s = lines[what % LINES];
  int err = pop3_client_ask(r->e, s, strlen(s), what % LINES == 11,
                            what & 0x80 ? POP3_STREAM : POP3_WHOLE);
  NEED(err != POP3_ENOMEM);
  if (err == 0) r->out += strlen(s) + 2;
  NEED(pop3_client_out(r->e).n == r->out);
  note_number(&r->seen, (uint64_t)-err);
}

static void note_event (run *r, const pop3_event *ev) {
  NEED(ev->verb >= 0 && ev->verb <= POP3_V_GREETING);
  if (ev->type == POP3_EV_DATA) {
    NEED(ev->data.n > 0);
    note(&r->data, ev->data.p, ev->data.n);
    return;
  }
  note_number(&r->seen, (uint64_t)ev->type << 16 | (uint64_t)ev->verb << 8 |
                        (uint64_t)(ev->ok << 1 | ev->more));
  note_number(&r->seen, (uint64_t)-ev->err);
  note_span(&r->seen, ev->text);
  note_span(&r->seen, ev->code);
  if (ev->type == POP3_EV_END && ev->mode == POP3_STREAM &&
      ev->shape == POP3_S_BODY && ev->err == 0) {
    NEED(ev->octets == r->data.n);
    note(&r->seen, r->data.p, r->data.n);
  }
  else if (ev->err == 0) note_span(&r->seen, ev->data);
  if (ev->type == POP3_EV_END) r->data.n = 0;
  note_number(&r->seen, ev->number);
  note_number(&r->seen, ev->octets);
  NEED(ev->type != POP3_EV_END || ev->octets <= r->fed);
}

/* Answer a challenge, except for some of them. */
static void answer (run *r, const pop3_event *ev) {
  const char *s = ev->text.n % 2 == 0 ? "AHQ=" : "*";
  if (ev->text.n > 0 && ev->text.p[0] == 'n') return;
  NEED(pop3_client_answer(r->e, s, strlen(s)) == 0);
  r->out += strlen(s) + 2;
}

static void events (run *r) {
  pop3_event ev;
  int got;
  while ((got = pop3_client_next(r->e, &ev)) == 1) {
    NEED(r->err == 0);
    note_event(r, &ev);
    if (ev.type == POP3_EV_CHALLENGE) answer(r, &ev);
  }
  NEED(got != POP3_ENOMEM && (r->err == 0 || got == r->err));
  NEED(pop3_client_unread(r->e) <= r->fed);
  if (got < 0 && r->err == 0) note_number(&r->seen, (uint64_t)-got);
  if (got < 0) r->err = got;
}

/* The peer sends nothing for a while. */
static void settle (run *r) {
  int doubtful = pop3_client_doubtful(r->e);
  NEED(!doubtful || pop3_client_unread(r->e) - 2 < 2);
  NEED(pop3_client_settle(r->e) == doubtful);
  NEED(!pop3_client_doubtful(r->e) && (!doubtful || pop3_client_unread(r->e) == 0));
}

/* A call that is allowed at any time. */
static void whim (run *r, cuts *c) {
  uint32_t what = cuts_random(c, 64);
  if (what < 8 && pop3_client_ask(r->e, "NOOP", 4, 0, POP3_WHOLE) >= 0)
    r->out += 6;
  else if (what < 12) {
    pop3_client_discard(r->e);
    r->data.n = 0;
  }
  else if (what < 16) {
    size_t n = r->out > 0 ? cuts_random(c, (uint32_t)r->out + 1) : 0;
    pop3_client_sent(r->e, n);
    r->out -= n;
    NEED(pop3_client_out(r->e).n == r->out);
  }
  else if (what == 16) pop3_client_eof(r->e);
  else if (what < 20) settle(r);
}

static void begin (run *r, uint8_t opts) {
  static const char login[] = "+OK\r\n+OK\r\n";
  pop3_client_limits lim = pop3_client_defaults;
  pop3_event ev;
  if (opts & 2) lim.line = 24;
  if (opts & 4) lim.listing = 3;
  if (opts & 8) lim.message = 20;
  if (opts & 16) lim.drain = 9;
  memset(r, 0, sizeof *r);
  pop3_buf_init(&r->seen, fuzz_mem());
  pop3_buf_init(&r->data, fuzz_mem());
  pop3_journal_init(&r->log, fuzz_mem(), 4096);
  r->e = pop3_client_new(fuzz_mem(), &lim, &r->log);
  NEED(pop3_client_next(r->e, &ev) == 0);
  NEED(pop3_client_feed(r->e, login, 5) == 0);
  NEED(pop3_client_next(r->e, &ev) == 1);
  if (opts & 1) {
    NEED(pop3_client_ask(r->e, "PASS secret", 11, 0, POP3_WHOLE) == 0);
    NEED(pop3_client_feed(r->e, login, 5) == 0);
    NEED(pop3_client_next(r->e, &ev) == 1);
    pop3_client_sent(r->e, pop3_client_out(r->e).n);
  }
}

static void play (run *r, const uint8_t *data, size_t n, cuts c, int wild) {
  size_t asks = data[2] % 32, i;
  const char *wire;
  begin(r, data[0]);
  if (asks > n - 3) asks = n - 3;
  for (i = 0; i < asks; i++) ask(r, data[3 + i]);
  wire = (const char *)data + 3 + asks;
  n -= 3 + asks;
  while (r->fed < n && (r->err == 0 || wild)) {
    size_t k = cuts_next(&c, n - r->fed);
    NEED(pop3_client_feed(r->e, wire + r->fed, k) == 0);
    r->fed += k;
    if (wild) whim(r, &c);
    if (!wild || cuts_random(&c, 2) > 0) events(r);
  }
  if (r->err == 0) {
    note_number(&r->seen, pop3_client_unread(r->e));
    note_number(&r->seen, pop3_client_asked(r->e));
    note_number(&r->seen, (uint64_t)pop3_client_doubtful(r->e));
    /* how much of a body comes before it is too long depends on the cuts */
    if (!(data[0] & 12)) note(&r->seen, r->data.p, r->data.n);
  }
  settle(r);
  events(r);
  pop3_client_eof(r->e);
  events(r);
  note_number(&r->seen, (uint64_t)pop3_client_phase(r->e));
  note(&r->seen, r->log.buf.p, r->log.buf.n);
}

static void end (run *r) {
  pop3_client_free(&r->e);
  pop3_journal_free(&r->log);
  pop3_buf_free(&r->seen);
  pop3_buf_free(&r->data);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t n) {
  cuts whole = { 0 }, c = { 0 };
  run a, b;
  if (n < 3) return 0;
  play(&a, data, n, whole, 0);
  c.seed = data[1] + 1u;
  play(&b, data, n, c, 0);
  NEED(same(&a.seen, &b.seen));
  end(&b);
  play(&b, data, n, c, 1);
  end(&b);
  end(&a);
  return 0;
}
