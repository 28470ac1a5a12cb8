/*
** text_test.c - tests of numbers, base64, verbs, the masking of secrets, the
** journal's bounds and the list of errors.
*/
#include <string.h>

#include "ascii.h"
#include "base64.h"
#include "check.h"
#include "failmem.h"
#include "journal.h"
#include "secret.h"

static void numbers (void) {
  static const struct { const char *s; uint64_t max, u; int ok; } t[] = {
    { "0", 10, 0, 1 }, { "10", 10, 10, 1 }, { "11", 10, 0, 0 },
    { "0010", 10, 10, 1 }, { "", 10, 0, 0 }, { " 1", 10, 0, 0 },
    { "1 ", 10, 0, 0 }, { "+1", 10, 0, 0 }, { "-1", 10, 0, 0 },
    { "0x1", 10, 0, 0 }, { "1a", 10, 0, 0 }, { "\xB2", 10, 0, 0 },
    { "100", 10, 0, 0 }, { "9", 9, 9, 1 }, { "3", 2, 0, 0 },
    { "2147483647", 2147483647, 2147483647, 1 },
    { "2147483648", 2147483647, 0, 0 },
    { "18446744073709551615", UINT64_MAX, UINT64_MAX, 1 },
    { "18446744073709551616", UINT64_MAX, 0, 0 },
    { "99999999999999999999999", UINT64_MAX, 0, 0 }
  };
  size_t i;
  for (i = 0; i < sizeof t / sizeof t[0]; i++) {
    uint64_t u = 77;
    check_about("number \"%s\"", t[i].s);
    CHECK(pop3_number(t[i].s, strlen(t[i].s), t[i].max, &u) == t[i].ok);
    CHECK(u == (t[i].ok ? t[i].u : 77));  /* set only on success */
  }
  check_about("a number with a NUL");
  CHECK(!pop3_number("1\0", 2, 10, &(uint64_t){ 0 }));
}

static void verbs (void) {
  int id;
  size_t i;
  for (id = 0; id < POP3_V_OTHER; id++) {
    const pop3_verb *v = pop3_verb_row(id);
    char name[8];
    check_about("verb %s", v->name);
    for (i = 0; i <= strlen(v->name); i++)
      name[i] = (char)(v->name[i] >= 'A' && i % 2 ? v->name[i] + 32
                                                  : v->name[i]);
    CHECK(pop3_verb_find(v->name, strlen(v->name)) == id);
    CHECK(pop3_verb_find(name, strlen(name)) == id);
    CHECK(pop3_verb_find(name, strlen(name) - 1) == POP3_V_OTHER);
    CHECK(v->phases != 0);
  }
  check_about("no verb");
  CHECK(pop3_verb_find("", 0) == POP3_V_OTHER);
  CHECK(pop3_verb_find("LIST ", 5) == POP3_V_OTHER);
  CHECK(pop3_verb_find("L\xC4ST", 4) == POP3_V_OTHER);
}

/* The position of the secret in a command line. */
static void secrets (void) {
  static const struct { const char *line; size_t at; } t[] = {
    { "PASS hush", 5 }, { "pass  hush", 5 }, { "PASS ", 5 }, { "PASS", 4 },
    { "APOP mrose c4c9", 11 }, { "APOP mrose", 10 }, { "AUTH PLAIN x", 11 },
    { "AUTH PLAIN", 10 }, { "USER mrose", 10 }, { "RETR 1", 6 }, { "", 0 },
    { "PASS\thush", 5 }, { " PASS hush", 6 }, { "XPASS hush", 10 },
    { "PASSWORD hush", 13 }, { "APOP\tmrose c4c9", 5 }, { "PASS:", 5 }
  };
  size_t i;
  for (i = 0; i < sizeof t / sizeof t[0]; i++) {
    pop3_span line = check_span(t[i].line), word, rest = line;
    word = pop3_word(&rest);
    check_about("secret of \"%s\"", t[i].line);
    CHECK(pop3_verb_secret(pop3_verb_find(word.p, word.n), line.p, line.n) ==
          t[i].at);
  }
}

static void masks (void) {
  static const struct { const char *line, *shown; size_t min; } t[] = {
    { "nothing", "nothing", 1 }, { "hush", "***", 4 },
    { "hushhush", "******", 4 }, { "hus hush ush", "hus *** ush", 4 },
    { "a hu a", "a *** a", 1 }, { "a hu a", "a hu a", 4 },
    { "hushed tones", "*** tones", 1 }, { "", "", 1 }, { "h", "h", 1 }
  };
  static const char *const words[] = { "hushed", "hu", "", "hush" };
  failmem m;
  pop3_buf s, out;
  size_t i;
  pop3_buf_init(&s, failmem_mem(&m, 0));
  pop3_buf_init(&out, s.mem);
  for (i = 0; i < sizeof words / sizeof words[0]; i++)
    CHECK(pop3_secret_add(&s, words[i], strlen(words[i])) == 0);
  for (i = 0; i < sizeof t / sizeof t[0]; i++) {
    check_about("\"%s\" masked", t[i].line);
    out.n = 0;
    CHECK(pop3_masked(&out, &s, check_span(t[i].line), t[i].min) == 0);
    CHECK_SAME(out.p, out.n, t[i].shown, strlen(t[i].shown));
  }
  pop3_buf_wipe(&s);
  pop3_buf_free(&out);
  CHECK(m.blocks == 0 && m.wrong == 0);
}

/* The journal keeps the newest entries in order, in bounded memory. */
static void journal (void) {
  failmem m;
  pop3_journal j;
  pop3_entry e;
  size_t at, kept, i;
  char line[8], long_line[2000];
  pop3_span whole = { NULL, sizeof long_line };
  whole.p = memset(long_line, 'x', sizeof long_line);
  check_about("a journal of 1000 octets");
  pop3_journal_init(&j, failmem_mem(&m, 0), 1000);
  memset(line, 'x', sizeof line);
  for (i = 0; i < 5000; i++) {
    pop3_span s = { line, i % 8 };
    j.now = (double)i;
    CHECK(pop3_journal_add(&j, (uint32_t)i, i % 2 ? 'C' : 'S', s, i % 3 == 0)
          == 0);
    for (kept = at = 0; pop3_journal_get(&j, &at, &e); kept++) continue;
    CHECK(kept + j.lost == i + 1 && j.added == i + 1);
    CHECK(e.session == i && e.line.n == i % 8 + (i % 3 == 0 ? 3 : 0));
  }
  CHECK(kept > 20 && m.peak < 8000);
  for (at = 0; pop3_journal_get(&j, &at, &e); kept--) {
    CHECK(e.session == 5000 - kept && e.time == (double)e.session);
    CHECK(e.from == (e.session % 2 ? 'C' : 'S'));
  }
  check_about("a line longer than the journal");
  CHECK(pop3_journal_add(&j, 1, 'C', check_span("a"), 0) == 0);
  CHECK(pop3_journal_add(&j, 1, 'C', whole, 0) == 0);
  CHECK(j.buf.n - j.head <= 1000);
  pop3_journal_clear(&j);
  at = 0;
  CHECK(!pop3_journal_get(&j, &at, &e) && j.lost + j.added == 0);
  m.fail_at = m.calls + 1;
  CHECK(pop3_journal_add(&j, 1, 'C', check_span("a"), 0) == POP3_ENOMEM);
  CHECK(!pop3_journal_get(&j, &at, &e));
  CHECK(pop3_journal_add(&j, 1, 'C', check_span("a"), 0) == 0);
  m.fail_at = m.calls + 1;  /* the head of the next entry still fits */
  CHECK(pop3_journal_add(&j, 2, 'C', whole, 0) == POP3_ENOMEM);
  CHECK(pop3_journal_get(&j, &at, &e) && e.session == 1);
  CHECK(!pop3_journal_get(&j, &at, &e));
  pop3_journal_free(&j);
  CHECK(m.blocks == 0 && m.wrong == 0);
}

/* Every error has a code of the closed set and a text. */
static void errors (void) {
  static const char codes[] = " memory argument connect timeout closed tls "
                              "auth err proto limit state charset io ";
  int n;
  for (n = -1; n <= POP3_N_LAST; n++) {
    char code[20];
    check_about("error %d", -n);
    code[0] = ' ';
    strcpy(code + 1, pop3_errcode(-n));
    strcat(code, " ");
    CHECK(n == 0 || strstr(codes, code) != NULL);
    CHECK(n == 0 || strlen(pop3_errtext(-n)) > 5);
  }
  check_about("errors by their names");
  CHECK(strcmp(pop3_errcode(POP3_ECLOSED), "closed") == 0);
  CHECK(strcmp(pop3_errcode(POP3_ELINE), "limit") == 0);
  CHECK(strcmp(pop3_errtext(POP3_ESTATUS), "not a POP3 reply") == 0);
}

static void base64 (void) {
  static const char *const bad[] = {
    "A", "AA", "AAA", "AB==", "AAB=", "A===", "====", "AA=A", "AA==AAAA",
    "A A=", "AAAA\n", "AA-A", "\377AAA"
  };
  char out[64];
  size_t n, i;
  for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    check_about("base64 \"%s\"", bad[i]);
    CHECK(pop3_base64_decode(out, &n, check_span(bad[i])) == POP3_EBASE64);
  }
  for (n = 0; n < 40; n++) {
    char octets[40], text[POP3_BASE64_SIZE(40)];
    pop3_span s;
    size_t got;
    for (i = 0; i < n; i++) octets[i] = (char)(i * 37 + n);
    s.p = octets;
    s.n = n;
    got = pop3_base64_encode(text, s);
    CHECK(got == POP3_BASE64_SIZE(n));
    s.p = text;
    s.n = got;
    CHECK(pop3_base64_decode(out, &got, s) == 0);
    CHECK_SAME(out, got, octets, n);
  }
}

int main (void) {
  base64();
  errors();
  numbers();
  verbs();
  secrets();
  masks();
  journal();
  return check_end();
}
