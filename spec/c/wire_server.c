/*
** wire_server.c - plays a transcript to the server engine.
*/
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "journal.h"
#include "wire.h"

#define PIECES 32  /* pieces of bodies that a script may give */

typedef struct play {
  const wire_case *c;
  const wire_cuts *cuts;
  pop3_server *e;
  pop3_journal log;
  size_t fed;        /* octets so far, for the cuts */
  size_t at;         /* the next line to match or to do */
  say line;
  say out;           /* output not yet matched by an "S" line */
  char *keep[PIECES];  /* bodies stay until the engine is done with them */
  size_t kept;
} play;

/* ------------------------------------------------------- commands in words */

static void say_command (say *s, const pop3_command *cmd) {
  say_escaped(s, cmd->name.p, cmd->name.n);
  if (cmd->number >= 0) say_text(s, " %lld", (long long)cmd->number);
  if (cmd->lines >= 0) say_text(s, " %lld", (long long)cmd->lines);
  if (cmd->first.p != NULL && (cmd->first.n > 0 || cmd->second.p != NULL)) {
    say_text(s, " ");
    say_quoted(s, cmd->first.p, cmd->first.n);
  }
  if (cmd->second.p != NULL) {
    say_text(s, " ");
    say_quoted(s, cmd->second.p, cmd->second.n);
  }
}

/* ----------------------------------------------------------------- replies */

/* Take the output, as much at once as the client takes. */
static int drain (play *p) {
  for (;;) {
    pop3_span o;
    size_t n;
    if (pop3_server_fill(p->e) != 0) return POP3_ENOMEM;
    o = pop3_server_out(p->e);
    if (o.n == 0) return 0;
    n = p->cuts->take < o.n ? p->cuts->take : o.n;
    say_octets(&p->out, o.p, n);
    pop3_server_sent(p->e, n);
  }
}

/* 'ok "text"', 'err [CODE] "text"' */
static int reply (play *p, const char *s) {
  pop3_span code = { NULL, 0 }, text;
  char octets[1024];
  int ok = *s == 'o';
  s += ok ? 2 : 3;
  while (*s == ' ') s++;
  if (*s == '[') {
    code.p = ++s;
    code.n = strcspn(s, "]");
    s += code.n + 1;
  }
  text.p = octets;
  text.n = wire_unquote(&s, octets);
  return pop3_server_reply(p->e, ok, code, text);
}

/* 'body "octets"', 'piece "octets"' (more follow), 'end' */
static int body (play *p, const char *s, int last) {
  char *octets = (char *)malloc(strlen(s) + 1);
  size_t n;
  s += strcspn(s, " ");
  n = wire_unquote(&s, octets);
  if (CHECK(p->kept < PIECES)) p->keep[p->kept++] = octets;
  while (pop3_server_busy(p->e) == POP3_ENCODING) {
    int err = drain(p);
    if (err != 0) return err;
  }
  return pop3_server_body(p->e, octets, n, last);
}

static int raw (play *p, const char *s) {
  char octets[1024];
  size_t n;
  s += strcspn(s, " ");
  n = wire_unquote(&s, octets);
  return pop3_server_raw(p->e, octets, n);
}

static int challenge (play *p, const char *s) {
  pop3_span text;
  char octets[1024];
  s += strcspn(s, " ");
  text.p = octets;
  text.n = wire_unquote(&s, octets);
  return pop3_server_challenge(p->e, text);
}

static int act (play *p, const char *s) {
  if (strncmp(s, "ok", 2) == 0 || strncmp(s, "err", 3) == 0)
    return reply(p, s);
  if (strncmp(s, "body", 4) == 0) return body(p, s, 1);
  if (strncmp(s, "piece", 5) == 0) return body(p, s, 0);
  if (strncmp(s, "end", 3) == 0) return body(p, s, 1);
  if (strncmp(s, "raw", 3) == 0) return raw(p, s);
  if (strncmp(s, "challenge", 9) == 0) return challenge(p, s);
  if (strncmp(s, "mute", 4) == 0) pop3_server_mute(p->e);
  else if (CHECK(strncmp(s, "enter ", 6) == 0))
    pop3_server_enter(p->e, wire_phase(s + 6));
  return 0;
}

/* Do the actions of the ">" lines from 'at' on; 'none' if there are none. */
static int act_all (play *p, const char *none) {
  const wire_line *l = p->c->line;
  int err = 0;
  if (p->at == p->c->lines || strcmp(l[p->at].key, ">") != 0)
    return act(p, none);
  for (; p->at < p->c->lines && strcmp(l[p->at].key, ">") == 0; p->at++) {
    if (err == 0) err = act(p, l[p->at].text);
  }
  return err;
}

/* ---------------------------------------------------------------- playing */

/* Compare a command with the next "=" line. */
static int meet (play *p, const pop3_command *cmd) {
  const wire_line *l = &p->c->line[p->at];
  say_clear(&p->line);
  say_command(&p->line, cmd);
  while (p->at < p->c->lines && strcmp(l->key, "=") != 0) p->at++, l++;
  if (p->at == p->c->lines)
    CHECK_SAME(p->line.p, p->line.n, "nothing", 7);
  else {
    check_same(p->line.p, p->line.n, l->text, strlen(l->text), p->c->file,
               l->number);
    p->at++;
  }
  return act_all(p, "ok");
}

/* Take all commands. Returns 0 or POP3_ENOMEM. */
static int commands (play *p) {
  pop3_command cmd;
  int got, err;
  do {
    err = drain(p);
    got = err == 0 ? pop3_server_next(p->e, &cmd) : err;
    if (got == 1) {
      err = meet(p, &cmd);
      if (err != 0) return err;
    }
    if (got < 0) return got;
  } while (got == 1 || pop3_server_out(p->e).n > 0 ||
           pop3_server_busy(p->e) == POP3_ENCODING);
  return 0;
}

static int feed (play *p, const char *s, size_t n) {
  size_t at = 0;
  CHECK_SAME(p->out.p, p->out.n, "", 0);  /* an "S" line is missing */
  say_clear(&p->out);
  while (at < n) {
    size_t k = wire_piece(p->cuts, p->fed, p->fed + n - at);
    int err = pop3_server_feed(p->e, s + at, k);
    if (err == 0 && !p->cuts->lazy) err = commands(p);
    if (err != 0) return err;
    at += k;
    p->fed += k;
  }
  return commands(p);
}

static int step (play *p, size_t i) {
  const wire_line *l = &p->c->line[i];
  if (*l->key == 'C') return feed(p, l->octets, l->n);
  if (*l->key == 'S') {
    check_same(p->out.p, p->out.n, l->octets, l->n, p->c->file, l->number);
    say_clear(&p->out);
  }
  else if (*l->key == '=' || *l->key == '>') {
    if (i < p->at) return 0;
    if (*l->key == '=')
      check_same("nothing", 7, l->text, strlen(l->text), p->c->file,
                 l->number);
    else {
      p->at = i;
      i = (size_t)act_all(p, "");
      return i != 0 ? POP3_ENOMEM : commands(p);
    }
  }
  else if (strcmp(l->key, "left") == 0)
    CHECK(pop3_server_unread(p->e) == strtoul(l->text, NULL, 10));
  else if (strcmp(l->key, "state") == 0)
    CHECK(pop3_server_phase(p->e) == wire_phase(l->text));
  else if (strcmp(l->key, "rest") == 0)
    pop3_server_rest(p->e);
  return 0;
}

static int run (play *p) {
  size_t i;
  int err = 0, phase = wire_phase(wire_value(p->c, "start"));
  pop3_server_enter(p->e, phase >= 0 ? phase : POP3_AUTHORIZATION);
  for (i = 0; err == 0 && i < p->c->lines; i++) err = step(p, i);
  if (err != 0) return err;
  CHECK_SAME(p->out.p, p->out.n, "", 0);
  if (wire_value(p->c, "left") == NULL)
    CHECK(pop3_server_unread(p->e) == 0);
  wire_check_log(p->c, &p->log);
  return 0;
}

int wire_server (const wire_case *c, const wire_cuts *cuts, pop3_mem mem) {
  const char *limits = wire_value(c, "limits");
  pop3_server_limits lim;
  play p;
  int err;
  lim.line = wire_number(limits, "line", pop3_server_defaults.line);
  lim.output = cuts->output;
  memset(&p, 0, sizeof p);
  p.c = c;
  p.cuts = cuts;
  pop3_journal_init(&p.log, mem, 65536);
  p.e = pop3_server_new(mem, &lim, &p.log, 1);
  if (p.e == NULL) return POP3_ENOMEM;
  say_clear(&p.line);
  say_clear(&p.out);
  err = run(&p);
  pop3_server_free(&p.e);
  CHECK(p.e == NULL);
  pop3_server_free(&p.e);
  pop3_journal_free(&p.log);
  while (p.kept > 0) free(p.keep[--p.kept]);
  say_free(&p.line);
  say_free(&p.out);
  return err;
}
