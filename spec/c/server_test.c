/*
** server_test.c - tests of the server engine: the transcripts of spec/wire at
** every cut, and cases that a transcript cannot express.
*/
#include <string.h>

#include "check.h"
#include "failmem.h"
#include "wire.h"

static const pop3_span none = { NULL, 0 };

static pop3_server *new_server (failmem *m, const pop3_server_limits *lim) {
  pop3_server *s = pop3_server_new(failmem_mem(m, 0), lim, NULL, 1);
  CHECK(s != NULL);
  pop3_server_enter(s, POP3_TRANSACTION);
  return s;
}

static void end_server (pop3_server *s, failmem *m) {
  pop3_server_free(&s);
  CHECK(m->blocks == 0 && m->bytes == 0 && m->wrong == 0);
}

static int feed (pop3_server *s, const char *octets) {
  return pop3_server_feed(s, octets, strlen(octets));
}

/* Take the output, 'step' octets at a time, and append it to 'out'. */
static size_t drain (pop3_server *s, size_t step, char *out, size_t n) {
  for (;;) {
    pop3_span o;
    CHECK(pop3_server_fill(s) == 0);
    o = pop3_server_out(s);
    if (o.n == 0) return n;
    if (o.n > step) o.n = step;
    memcpy(out + n, o.p, o.n);
    n += o.n;
    pop3_server_sent(s, o.n);
  }
}

/* ----------------------------------------------------------- back-pressure */

/* A client that reads no replies stops the commands; all come later. */
static void slow_reader (void) {
  pop3_server_limits lim = { 8192, 50 };
  failmem m;
  pop3_server *s = new_server(&m, &lim);
  pop3_command cmd;
  char out[8000];
  size_t n = 0, commands = 0, i;
  check_about("a slow reader");
  for (i = 0; i < 1000; i++) CHECK(feed(s, "NOOP\r\n") == 0);
  for (i = 0; i < 100000 && n < 5000; i++) {
    size_t before = commands;
    pop3_span o;
    while (pop3_server_next(s, &cmd) == 1) {
      CHECK(pop3_server_out(s).n < 50);
      CHECK(pop3_server_reply(s, 1, none, none) == 0);
      commands++;
    }
    CHECK(commands - before <= 10);
    o = pop3_server_out(s);
    CHECK(o.n < 50 + 5 && (o.n >= 50 || commands == 1000));
    memcpy(out + n, o.p, 1);
    n++;
    pop3_server_sent(s, 1);
  }
  CHECK(commands == 1000 && n == 5000);
  for (i = 0; i < n; i += 5) CHECK_SAME(out + i, 5, "+OK\r\n", 5);
  end_server(s, &m);
}

/* No command is taken before a body is complete and encoded. */
static void one_at_a_time (void) {
  pop3_server_limits lim = { 8192, 10 };
  failmem m;
  pop3_server *s = new_server(&m, &lim);
  pop3_command cmd;
  char out[400], text[100];
  size_t n;
  check_about("one reply at a time");
  memset(text, 'x', sizeof text);
  CHECK(feed(s, "RETR 1\r\nNOOP\r\n") == 0);
  CHECK(pop3_server_next(s, &cmd) == 1 && cmd.verb == POP3_V_RETR);
  CHECK(pop3_server_busy(s) == POP3_IDLE);
  CHECK(pop3_server_reply(s, 1, none, none) == 0);
  CHECK(pop3_server_body(s, text, 100, 0) == 0);
  CHECK(pop3_server_busy(s) == POP3_ENCODING);
  CHECK(pop3_server_next(s, &cmd) == 0);
  n = drain(s, 1, out, 0);
  CHECK(n == 105 && pop3_server_busy(s) == POP3_HUNGRY);
  CHECK(pop3_server_next(s, &cmd) == 0);
  CHECK(pop3_server_body(s, "\r\n", 2, 1) == 0);
  n = drain(s, 7, out, n);
  CHECK(n == 110 && pop3_server_busy(s) == POP3_IDLE);
  CHECK(memcmp(out + 105, "\r\n.\r\n", 5) == 0);
  CHECK(pop3_server_next(s, &cmd) == 1 && cmd.verb == POP3_V_NOOP);
  end_server(s, &m);
}

/* -------------------------------------------------------------------- mute */

static const char mail[] = "Subject: x\r\n\r\n.\r\n..a\r\n\r\nlast\r\n";

/* After mute there is no output in any state; commands still arrive. */
static void muted (void) {
  int when;
  for (when = 0; when < 4; when++) {
    pop3_server_limits lim = { 16, 8 };
    failmem m;
    pop3_server *s = new_server(&m, &lim);
    pop3_command cmd;
    int k;
    check_about("mute %d", when);
    CHECK(feed(s, "RETR 1\r\nDELE 2\r\n12345678901234567\r\n\r\nQUIT\r\n")
          == 0);
    if (when == 0) pop3_server_mute(s);
    CHECK(pop3_server_next(s, &cmd) == 1 && cmd.number == 1);
    if (when == 1) pop3_server_mute(s);
    CHECK(pop3_server_reply(s, 1, none, none) == 0);
    if (when == 2) pop3_server_mute(s);
    CHECK(pop3_server_body(s, mail, sizeof mail - 1, 0) == 0);
    if (when == 3) pop3_server_mute(s);
    for (k = 0; k < 2; k++) {
      CHECK(pop3_server_fill(s) == 0 && pop3_server_out(s).n == 0);
      CHECK(pop3_server_busy(s) == POP3_IDLE);
      CHECK(pop3_server_next(s, &cmd) == 1);
      CHECK(cmd.verb == (k == 0 ? POP3_V_DELE : POP3_V_QUIT));
      CHECK(pop3_server_raw(s, "+OK\r\n", 5) == 0);
      CHECK(pop3_server_body(s, mail, sizeof mail - 1, 1) == 0);
    }
    CHECK(pop3_server_out(s).n == 0);
    end_server(s, &m);
  }
}

/* ------------------------------------------------------------------ memory */

static void memory (void) {
  static char big[1 << 20];
  pop3_server_limits lim = { 8192, 4096 };
  failmem m;
  pop3_server *s = new_server(&m, &lim);
  size_t idle = m.bytes, i, n = 0;
  pop3_command cmd;
  check_about("memory of a slow reader of big mail");
  memset(big, '.', sizeof big);
  for (i = 99; i < sizeof big; i += 100) big[i] = '\n';
  CHECK(feed(s, "RETR 1\r\n") == 0 && pop3_server_next(s, &cmd) == 1);
  CHECK(pop3_server_reply(s, 1, none, none) == 0);
  CHECK(pop3_server_body(s, big, sizeof big, 1) == 0);
  while (pop3_server_fill(s) == 0 && pop3_server_out(s).n > 0) {
    size_t k = pop3_server_out(s).n < 1460 ? pop3_server_out(s).n : 1460;
    n += k;
    pop3_server_sent(s, k);
  }
  CHECK(n > sizeof big && pop3_server_busy(s) == POP3_IDLE);
  CHECK(m.peak < idle + 32768);
  check_about("memory of a line without an end");
  m.peak = m.bytes;
  memset(big, 'x', sizeof big);
  for (i = 0; i < sizeof big; i += 4096) {
    CHECK(pop3_server_feed(s, big + i, 4096) == 0);
    CHECK(pop3_server_next(s, &cmd) == 0);
  }
  CHECK(m.peak < idle + 65536 && pop3_server_unread(s) == 0);
  CHECK(feed(s, "\r\nNOOP\r\n") == 0);
  CHECK(pop3_server_next(s, &cmd) == 1 && cmd.verb == POP3_V_NOOP);
  CHECK(pop3_server_out(s).n == strlen("-ERR line too long\r\n"));
  check_about("memory of an idle session");
  pop3_server_sent(s, pop3_server_out(s).n);
  pop3_server_rest(s);
  CHECK(m.bytes == idle);
  CHECK(feed(s, "ST") == 0);
  pop3_server_rest(s);
  CHECK(pop3_server_unread(s) == 2 && feed(s, "AT\r\n") == 0);
  CHECK(pop3_server_next(s, &cmd) == 1 && cmd.verb == POP3_V_STAT);
  end_server(s, &m);
}

/* Octets read into the engine's own buffer; empty input. */
static void rooms (void) {
  failmem m;
  pop3_server *s = new_server(&m, &pop3_server_defaults);
  pop3_command cmd;
  size_t got;
  char *p;
  check_about("rooms");
  CHECK(pop3_server_next(s, &cmd) == 0);
  CHECK(pop3_server_feed(s, NULL, 0) == 0);
  CHECK(pop3_server_room(s, 0, &got) != NULL);
  CHECK(pop3_server_raw(s, NULL, 0) == 0 && pop3_server_out(s).n == 0);
  p = pop3_server_room(s, 100, &got);
  CHECK(p != NULL && got >= 100);
  memcpy(p, "noop\n", 5);
  pop3_server_filled(s, 5);
  CHECK(pop3_server_next(s, &cmd) == 1);
  CHECK_SAME(cmd.name.p, cmd.name.n, "NOOP", 4);
  CHECK(cmd.number == -1 && cmd.lines == -1);
  CHECK(cmd.first.p == NULL && cmd.second.p == NULL);
  end_server(s, &m);
}

/* A reply is due from a command to the first octets of its reply. */
static void due (void) {
  static const pop3_span text = { "text", 4 };
  failmem m;
  pop3_server *s = pop3_server_new(failmem_mem(&m, 0), &pop3_server_defaults,
                                   NULL, 1);
  pop3_command cmd;
  CHECK(s != NULL && pop3_server_due(s));
  CHECK(pop3_server_reply(s, 1, none, text) == 0 && !pop3_server_due(s));
  pop3_server_enter(s, POP3_AUTHORIZATION);
  CHECK(feed(s, "AUTH X\r\nresponse\r\nSTAT\r\nNOSUCH\r\n") == 0);
  CHECK(pop3_server_next(s, &cmd) == 1 && pop3_server_due(s));
  CHECK(pop3_server_challenge(s, text) == 0 && pop3_server_due(s));
  CHECK(pop3_server_next(s, &cmd) == 1 && pop3_server_due(s));
  CHECK(pop3_server_raw(s, "+OK\r\n", 5) == 0 && !pop3_server_due(s));
  CHECK(pop3_server_next(s, &cmd) == 1 && cmd.verb == POP3_V_OTHER);
  CHECK(pop3_server_due(s));  /* STAT was refused by the engine */
  CHECK(pop3_server_reply(s, 0, none, none) == 0 && !pop3_server_due(s));
  CHECK(pop3_server_next(s, &cmd) == 0 && !pop3_server_due(s));
  end_server(s, &m);
}

int main (void) {
  wire_sweep("spec/wire/server-commands.txt", 'C', wire_server);
  wire_sweep("spec/wire/server-arguments.txt", 'C', wire_server);
  wire_sweep("spec/wire/server-lines.txt", 'C', wire_server);
  wire_sweep("spec/wire/server-replies.txt", 'C', wire_server);
  wire_sweep("spec/wire/server-secrets.txt", 'C', wire_server);
  wire_sweep("spec/wire/server-sasl.txt", 'C', wire_server);
  slow_reader();
  one_at_a_time();
  muted();
  memory();
  rooms();
  due();
  return check_end();
}
