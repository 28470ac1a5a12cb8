/*
** server_fuzz.c - a server session. The first octet chooses the limits, the
** second is a seed for the cuts, the third says after how many commands
** nobody reads any more; the rest comes from the client, and is the mail too.
*/
#include "cuts.h"
#include "journal.h"

typedef struct run {
  pop3_server *e;
  pop3_server_limits lim;
  pop3_journal log;
  pop3_buf seen;      /* commands */
  pop3_buf out;       /* octets for the client */
  const char *mail;
  size_t n;
  unsigned commands;
  unsigned mute;      /* after this number of commands; 0 for never */
} run;

static pop3_span span (const char *p, size_t n) {
  pop3_span s;
  s.p = p;
  s.n = n;
  return s;
}

/* Take the output, in pieces. */
static void drain (run *r, cuts *c) {
  for (;;) {
    pop3_span o;
    size_t k;
    NEED(pop3_server_fill(r->e) == 0);
    o = pop3_server_out(r->e);
    NEED(r->mute == 0 || r->commands < r->mute || o.n == 0);
    if (o.n == 0) return;
    k = cuts_next(c, o.n);
    note(&r->out, o.p, k);
    pop3_server_sent(r->e, k);
  }
}

/* The mail in pieces, each given when the last one has gone. */
static void give_pieces (run *r, cuts *c, size_t size) {
  size_t at = 0;
  while (at < r->n) {
    size_t k = size < r->n - at ? size : r->n - at;
    NEED(pop3_server_body(r->e, r->mail + at, k, 0) == 0);
    drain(r, c);
    NEED(pop3_server_busy(r->e) != POP3_ENCODING);
    at += k;
  }
  NEED(pop3_server_body(r->e, "", 0, 1) == 0);
}

/* The same reply to the same command, always. */
static void answer (run *r, cuts *c, const pop3_command *cmd) {
  pop3_span text = span(r->mail, r->n < 40 ? r->n : 40);
  switch (cmd->verb) {
    case POP3_V_PASS: case POP3_V_APOP:
      pop3_server_enter(r->e, POP3_TRANSACTION);
      break;
    case POP3_V_QUIT: pop3_server_enter(r->e, POP3_UPDATE); break;
    case POP3_V_AUTH: case POP3_V_RESPONSE:
      if (cmd->first.n % 3 == 0) break;
      NEED(pop3_server_challenge(r->e, text) == 0);
      return;
    case POP3_V_NOOP: NEED(pop3_server_raw(r->e, text.p, text.n) == 0); return;
    default: break;
  }
  NEED(pop3_server_reply(r->e, cmd->verb != POP3_V_OTHER,
                         span(cmd->second.p, cmd->second.n), text) == 0);
  if (cmd->verb == POP3_V_RETR && cmd->number % 2)
    give_pieces(r, c, (size_t)cmd->number);
  else if (cmd->verb == POP3_V_RETR || cmd->verb == POP3_V_TOP)
    NEED(pop3_server_body(r->e, r->mail, r->n, 1) == 0);
}

static void note_command (run *r, const pop3_command *cmd) {
  note_number(&r->seen, (uint64_t)cmd->verb);
  note_number(&r->seen, (uint64_t)cmd->number);
  note_number(&r->seen, (uint64_t)cmd->lines);
  note_span(&r->seen, cmd->name);
  note_span(&r->seen, cmd->first);
  note_span(&r->seen, cmd->second);
}

static void commands (run *r, cuts *c) {
  pop3_command cmd;
  int got;
  do {
    drain(r, c);
    got = pop3_server_next(r->e, &cmd);
    NEED(got >= 0);
    if (got == 0) continue;
    NEED(cmd.name.n > 0 && pop3_server_busy(r->e) == POP3_IDLE);
    NEED(cmd.first.p != NULL || cmd.verb != POP3_V_OTHER);
    note_command(r, &cmd);
    if (++r->commands == r->mute) pop3_server_mute(r->e);
    answer(r, c, &cmd);
  } while (got == 1 || pop3_server_out(r->e).n > 0);
}

static void play (run *r, const uint8_t *data, size_t n, cuts c) {
  static const size_t lines[] = { 8192, 8192, 40, 6 };
  static const size_t outputs[] = { 262144, 1, 100, 3 };
  size_t at = 0;
  int rest = data[0] & 32;
  memset(r, 0, sizeof *r);
  pop3_buf_init(&r->seen, fuzz_mem());
  pop3_buf_init(&r->out, fuzz_mem());
  pop3_journal_init(&r->log, fuzz_mem(), 65536);
  r->lim.line = lines[data[0] & 3];
  r->lim.output = c.seed == 0 ? 262144 : outputs[data[0] >> 2 & 3];
  r->e = pop3_server_new(fuzz_mem(), &r->lim, &r->log, 1);
  r->mute = data[2];
  r->mail = (const char *)data + 3;
  r->n = n - 3;
  pop3_server_enter(r->e, data[0] & 16 ? POP3_TRANSACTION
                                       : POP3_AUTHORIZATION);
  commands(r, &c);
  while (at < r->n) {
    size_t k = cuts_next(&c, r->n - at);
    NEED(pop3_server_feed(r->e, r->mail + at, k) == 0);
    at += k;
    commands(r, &c);
    if (rest) pop3_server_rest(r->e);
  }
  note_number(&r->seen, pop3_server_unread(r->e));
  note_number(&r->seen, (uint64_t)pop3_server_phase(r->e));
  if (r->lim.line > 16) note(&r->seen, r->log.buf.p, r->log.buf.n);
}

static void end (run *r) {
  pop3_server_free(&r->e);
  pop3_journal_free(&r->log);
  pop3_buf_free(&r->seen);
  pop3_buf_free(&r->out);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t n) {
  cuts whole = { 0 }, c = { 0 };
  run a, b;
  if (n < 3) return 0;
  c.seed = data[1] + 1u;
  play(&a, data, n, whole);
  play(&b, data, n, c);
  NEED(same(&a.seen, &b.seen));
  /* what has not left when nobody reads any more is lost */
  if (a.mute == 0 || a.commands < a.mute) NEED(same(&a.out, &b.out));
  end(&a);
  end(&b);
  return 0;
}
