/*
** wire_client.c - plays a transcript to the client engine.
*/
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "journal.h"
#include "wire.h"

typedef struct play {
  const wire_case *c;
  const wire_cuts *cuts;
  pop3_client *e;
  pop3_journal log;
  size_t fed;        /* octets so far, for the cuts */
  int dead;          /* the error that stuck */
  say heard;         /* events not yet matched by a "=" line, one a line */
  say body;          /* of a stream, or entries of a listing */
  say bad;           /* lines of a listing that are no entries */
  say line;
  say sent;          /* octets that the engine should have to send */
} play;

static void hear (play *p) {
  say_octets(&p->heard, p->line.p, p->line.n);
  say_text(&p->heard, "\n");
  say_clear(&p->line);
}

/* -------------------------------------------------------- events in words */

static void say_reply (play *p, const pop3_event *ev) {
  say *s = &p->line;
  say_text(s, ev->more ? "begin " : ev->ok ? "ok " : "err ");
  if (ev->code.p != NULL) {
    say_text(s, "[");
    say_octets(s, ev->code.p, ev->code.n);
    say_text(s, "] ");
  }
  say_quoted(s, ev->text.p, ev->text.n);
  if (!ev->ok || ev->more) return;
  if (ev->verb != POP3_V_STAT && ev->verb != POP3_V_LIST &&
      ev->verb != POP3_V_UIDL) return;
  CHECK((ev->err == 0) == (ev->valid == (POP3_NUMBER | POP3_VALUE)));
  if (ev->err != 0) CHECK(ev->err == POP3_EENTRY);
  if (ev->valid == 0) {
    say_text(s, " none");
    return;
  }
  if (ev->valid & POP3_NUMBER)
    say_text(s, " %llu ", (unsigned long long)ev->number);
  else say_text(s, " - ");
  if ((ev->valid & POP3_VALUE) == 0) say_text(s, "-");
  else if (ev->verb == POP3_V_UIDL) say_quoted(s, ev->data.p, ev->data.n);
  else say_text(s, "%llu", (unsigned long long)ev->octets);
}

static void say_defect (play *p, const pop3_event *ev) {
  say_text(&p->bad, " bad ");
  say_quoted(&p->bad, ev->text.p, ev->text.n);
}

static void say_entry (play *p, const pop3_event *ev) {
  say_text(&p->body, " %llu:", (unsigned long long)ev->number);
  if (ev->verb == POP3_V_UIDL) say_quoted(&p->body, ev->data.p, ev->data.n);
  else say_text(&p->body, "%llu", (unsigned long long)ev->octets);
}

static void say_end (play *p, const pop3_event *ev) {
  say *s = &p->line;
  if (ev->err != 0) say_text(s, "failed \"%s\"", pop3_errtext(ev->err));
  else if (ev->shape == POP3_S_LISTING) {
    say_text(s, "listing");
    say_octets(s, p->body.p, p->body.n);
    say_octets(s, p->bad.p, p->bad.n);
  }
  else if (ev->mode == POP3_STREAM) {
    CHECK(ev->octets == p->body.n && ev->data.n == 0);
    say_text(s, "stream ");
    say_quoted(s, p->body.p, p->body.n);
  }
  else {
    CHECK(ev->octets == ev->data.n);
    say_text(s, "body ");
    say_quoted(s, ev->data.p, ev->data.n);
  }
  say_clear(&p->body);
  say_clear(&p->bad);
}

static void say_event (play *p, const pop3_event *ev) {
  switch (ev->type) {
    case POP3_EV_REPLY: say_reply(p, ev); hear(p); break;
    case POP3_EV_CHALLENGE:
      say_text(&p->line, "challenge ");
      say_quoted(&p->line, ev->text.p, ev->text.n);
      hear(p);
      break;
    case POP3_EV_ENTRY: say_entry(p, ev); break;
    case POP3_EV_DEFECT: say_defect(p, ev); break;
    case POP3_EV_END: say_end(p, ev); hear(p); break;
    default:
      CHECK(ev->type == POP3_EV_DATA && ev->data.n > 0);
      say_octets(&p->body, ev->data.p, ev->data.n);
  }
}

static void say_error (play *p, int err) {
  pop3_span s = pop3_client_culprit(p->e);
  say_text(&p->line, "error \"%s", pop3_errtext(err));
  if (s.n > 0) {
    say_text(&p->line, ": ");
    say_quoted(&p->line, s.p, s.n);
  }
  else say_text(&p->line, "\"");
  hear(p);
}

/* ---------------------------------------------------------------- playing */

/* Take all events. Returns 0 or POP3_ENOMEM. */
static int events (play *p) {
  pop3_event ev;
  int got;
  while ((got = pop3_client_next(p->e, &ev)) == 1) {
    CHECK(p->dead == 0);
    say_event(p, &ev);
  }
  if (got == POP3_ENOMEM) return got;
  if (p->dead != 0) CHECK(got == p->dead);
  else if (got < 0) {
    p->dead = got;
    say_error(p, got);
    CHECK(pop3_client_next(p->e, &ev) == got);
    CHECK(pop3_client_ask(p->e, "QUIT", 4, 0, POP3_WHOLE) == got);
  }
  return 0;
}

static int feed (play *p, const char *s, size_t n) {
  size_t at = 0;
  while (at < n) {
    size_t k = wire_piece(p->cuts, p->fed, p->fed + n - at);
    int err = pop3_client_feed(p->e, s + at, k);
    if (err == 0 && !p->cuts->lazy) err = events(p);
    if (err != 0) return err;
    at += k;
    p->fed += k;
  }
  return events(p);
}

static void take_out (play *p, size_t max) {
  pop3_span o = pop3_client_out(p->e);
  CHECK_SAME(o.p, o.n, p->sent.p, p->sent.n);
  while (o.n > 0 && max > 0) {
    size_t n = p->cuts->take < o.n ? p->cuts->take : o.n;
    pop3_client_sent(p->e, n);
    o = pop3_client_out(p->e);
    say_drop(&p->sent, n);
    CHECK_SAME(o.p, o.n, p->sent.p, p->sent.n);
    max--;
  }
}

/* "C+answer": to a challenge. */
static int answer (play *p, const wire_line *l) {
  size_t out = pop3_client_out(p->e).n;
  int err = pop3_client_answer(p->e, l->octets, l->n);
  if (err != 0) {
    CHECK(pop3_client_out(p->e).n == out);
    if (err == POP3_ENOMEM) return err;
    say_text(&p->line, "refused \"%s\"", pop3_errtext(err));
    hear(p);
    return 0;
  }
  say_octets(&p->sent, l->octets, l->n);
  say_text(&p->sent, "\r\n");
  if (!p->cuts->lazy) take_out(p, 3);
  return 0;
}

/* "C", "C+body", "C+stream" */
static int ask (play *p, const wire_line *l) {
  int body = strstr(l->key, "+body") != NULL;
  int mode = strstr(l->key, "+stream") != NULL ? POP3_STREAM : POP3_WHOLE;
  size_t asked = pop3_client_asked(p->e), out = pop3_client_out(p->e).n;
  int err = pop3_client_ask(p->e, l->octets, l->n, body, mode);
  if (err != 0) {
    CHECK(pop3_client_asked(p->e) == asked);
    CHECK(pop3_client_out(p->e).n == out);
    if (err == POP3_ENOMEM) return err;
    if (err == p->dead || err == POP3_EUNASKED) p->dead = err;
    say_text(&p->line, "refused \"%s\"", pop3_errtext(err));
    hear(p);
    return 0;
  }
  CHECK(pop3_client_asked(p->e) == asked + 1);
  say_octets(&p->sent, l->octets, l->n);
  say_text(&p->sent, "\r\n");
  if (!p->cuts->lazy) take_out(p, 3);
  return 0;
}

/* Compare the next event with a "=" line. */
static void meet (play *p, const wire_line *l) {
  size_t n = p->heard.n > 0 ? strcspn(p->heard.p, "\n") : 0;
  check_same(p->heard.p, n, l->text, strlen(l->text), p->c->file, l->number);
  if (p->heard.n > 0) say_drop(&p->heard, n + 1);
}

static int step (play *p, const wire_line *l) {
  if (strcmp(l->key, "=") == 0) {
    meet(p, l);
    return 0;
  }
  check_same(p->heard.p, p->heard.n, "", 0, p->c->file, l->number);
  say_clear(&p->heard);
  if (strcmp(l->key, "C+answer") == 0) return answer(p, l);
  if (*l->key == 'C') return ask(p, l);
  if (*l->key == 'S') return feed(p, l->octets, l->n);
  if (strcmp(l->key, "eof") == 0) {
    pop3_client_eof(p->e);
    return events(p);
  }
  if (strcmp(l->key, "discard") == 0) {
    pop3_client_discard(p->e);
    say_clear(&p->body);
    return events(p);
  }
  if (strcmp(l->key, "left") == 0)
    CHECK(pop3_client_unread(p->e) == strtoul(l->text, NULL, 10));
  else if (strcmp(l->key, "state") == 0)
    CHECK(pop3_client_phase(p->e) == wire_phase(l->text));
  return 0;
}

/* Bring the engine to the state in which the case begins. */
static int begin (play *p, int phase) {
  static const char *const lines[] = {
    "", "USER mrose", "PASS tanstaaf"
  };
  int i, n = phase < POP3_AUTHORIZATION ? 0 : phase == POP3_TRANSACTION ? 3 : 1;
  for (i = 0; i < n; i++) {
    pop3_event ev;
    int err = i == 0 ? 0 : pop3_client_ask(p->e, lines[i], strlen(lines[i]), 0,
                                           POP3_WHOLE);
    if (err == 0) err = pop3_client_feed(p->e, "+OK\r\n", 5);
    if (err == 0) err = pop3_client_next(p->e, &ev);
    if (err != 1) return err;
  }
  pop3_client_sent(p->e, pop3_client_out(p->e).n);
  pop3_journal_clear(&p->log);
  return 0;
}

static int run (play *p) {
  size_t i;
  int err = begin(p, wire_phase(wire_value(p->c, "start")));
  for (i = 0; err == 0 && i < p->c->lines; i++) err = step(p, &p->c->line[i]);
  if (err != 0) return err;
  check_same(p->heard.p, p->heard.n, "", 0, p->c->file,
             p->c->line[p->c->lines - 1].number);
  take_out(p, (size_t)-1);
  if (p->dead == 0 && wire_value(p->c, "left") == NULL)
    CHECK(pop3_client_unread(p->e) == 0);
  wire_check_log(p->c, &p->log);
  return 0;
}

int wire_client (const wire_case *c, const wire_cuts *cuts, pop3_mem mem) {
  const char *limits = wire_value(c, "limits");
  pop3_client_limits lim = pop3_client_defaults;
  play p;
  int err;
  lim.line = wire_number(limits, "line", lim.line);
  lim.listing = wire_number(limits, "listing", lim.listing);
  lim.message = wire_number(limits, "message", (size_t)-1);
  lim.drain = wire_number(limits, "drain", (size_t)lim.drain);
  memset(&p, 0, sizeof p);
  p.c = c;
  p.cuts = cuts;
  pop3_journal_init(&p.log, mem, 65536);
  p.e = pop3_client_new(mem, &lim, &p.log);
  if (p.e == NULL) return POP3_ENOMEM;
  say_clear(&p.heard);
  say_clear(&p.body);
  say_clear(&p.line);
  say_clear(&p.sent);
  err = run(&p);
  pop3_client_free(&p.e);
  CHECK(p.e == NULL);
  pop3_client_free(&p.e);
  pop3_journal_free(&p.log);
  say_free(&p.heard);
  say_free(&p.body);
  say_free(&p.bad);
  say_free(&p.line);
  say_free(&p.sent);
  return err;
}
