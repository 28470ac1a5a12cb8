/*
** memory_test.c - every allocation of the engines fails once. Each transcript
** of spec/wire is played with the first, the second, ... request for memory
** failing. Each run must end with POP3_ENOMEM and free all its memory.
*/
#include <string.h>

#include "check.h"
#include "failmem.h"
#include "journal.h"
#include "wire.h"

/* A command that failed for lack of memory is not sent; it can be repeated. */
static void ask_again (void) {
  static const char line[] = "PASS a long secret, so that buffers must grow";
  long k;
  for (k = 1; k < 40; k++) {
    failmem m;
    pop3_journal j;
    pop3_mem mem = failmem_mem(&m, 0);
    pop3_client *c;
    pop3_event ev;
    int i, err = 0;
    check_about("allocation %ld of a queue of commands fails", k);
    pop3_journal_init(&j, mem, 65536);
    c = pop3_client_new(mem, &pop3_client_defaults, &j);
    CHECK(pop3_client_feed(c, "+OK\r\n", 5) == 0);
    CHECK(pop3_client_next(c, &ev) == 1);
    m.fail_at = m.calls + k;
    for (i = 0; i < 20; i++) {
      size_t out = pop3_client_out(c).n, asked = pop3_client_asked(c);
      err = pop3_client_ask(c, line, sizeof line - 1, 0, POP3_WHOLE);
      if (err == 0) continue;
      CHECK(err == POP3_ENOMEM);
      CHECK(pop3_client_out(c).n == out && pop3_client_asked(c) == asked);
      CHECK(pop3_client_ask(c, line, sizeof line - 1, 0, POP3_WHOLE) == 0);
    }
    CHECK(pop3_client_asked(c) == 20);
    CHECK(pop3_client_out(c).n == 20 * (sizeof line + 1));
    pop3_client_free(&c);
    pop3_journal_free(&j);
    CHECK(m.blocks == 0 && m.wrong == 0);
  }
}

/* Octets that could not be stored can be fed again. */
static void feed_again (void) {
  long k;
  for (k = 1; k < 8; k++) {
    failmem m;
    pop3_client *c = pop3_client_new(failmem_mem(&m, 0),
                                     &pop3_client_defaults, NULL);
    pop3_event ev;
    int i;
    check_about("allocation %ld of feeding fails", k);
    CHECK(pop3_client_feed(c, "+OK ", 4) == 0);
    m.fail_at = m.calls + k;
    for (i = 0; i < 100; i++)
      if (pop3_client_feed(c, "0123456789", 10) != 0)
        CHECK(pop3_client_feed(c, "0123456789", 10) == 0);
    CHECK(pop3_client_feed(c, "\r\n", 2) == 0);
    CHECK(pop3_client_next(c, &ev) == 1 && ev.text.n == 1000);
    pop3_client_free(&c);
    CHECK(m.blocks == 0 && m.wrong == 0);
  }
}

/* Encoding of a body continues after a failed allocation. */
static void fill_again (void) {
  static const pop3_server_limits lim = { 8192, 100 };
  static const pop3_span none = { NULL, 0 };
  char body[1000], out[1100];
  long k;
  memset(body, 'x', sizeof body);
  for (k = 1; k < 6; k++) {
    failmem m;
    pop3_server *s = pop3_server_new(failmem_mem(&m, 0), &lim, NULL, 1);
    size_t n = 0;
    int err, failed = 0;
    check_about("allocation %ld of a reply fails", k);
    m.fail_at = m.calls + k;
    err = pop3_server_reply(s, 1, none, none);
    if (err != 0) err = pop3_server_reply(s, 1, none, none);
    CHECK(err == 0);
    err = pop3_server_body(s, body, sizeof body, 1);
    for (;;) {
      pop3_span o = pop3_server_out(s);
      if (err != 0) CHECK(err == POP3_ENOMEM && failed++ == 0);
      else if (o.n == 0) break;
      if (o.n > sizeof out - n) break;
      memcpy(out + n, o.p, o.n);
      n += o.n;
      pop3_server_sent(s, o.n);
      err = pop3_server_fill(s);
    }
    CHECK(n == 5 + 1000 + 5 && pop3_server_busy(s) == POP3_IDLE);
    CHECK(memcmp(out + 1005, "\r\n.\r\n", 5) == 0);
    pop3_server_free(&s);
    CHECK(m.blocks == 0 && m.wrong == 0);
  }
}

int main (void) {
  wire_starve("spec/wire/client-replies.txt", 'S', wire_client);
  wire_starve("spec/wire/client-bodies.txt", 'S', wire_client);
  wire_starve("spec/wire/client-listings.txt", 'S', wire_client);
  wire_starve("spec/wire/client-limits.txt", 'S', wire_client);
  wire_starve("spec/wire/client-order.txt", 'S', wire_client);
  wire_starve("spec/wire/client-secrets.txt", 'S', wire_client);
  wire_starve("spec/wire/client-sasl.txt", 'S', wire_client);
  wire_starve("spec/wire/server-commands.txt", 'C', wire_server);
  wire_starve("spec/wire/server-arguments.txt", 'C', wire_server);
  wire_starve("spec/wire/server-lines.txt", 'C', wire_server);
  wire_starve("spec/wire/server-replies.txt", 'C', wire_server);
  wire_starve("spec/wire/server-secrets.txt", 'C', wire_server);
  wire_starve("spec/wire/server-sasl.txt", 'C', wire_server);
  ask_again();
  feed_again();
  fill_again();
  return check_end();
}
