/*
** verb.c - the table of verbs: the arguments of each, the form of its reply,
** the states in which it is valid, the state after it, and its secret.
*/
#include <string.h>

#include "session.h"
#include "../base/ascii.h"
#include "../base/secret.h"

#define AUTH (1 << POP3_AUTHORIZATION)
#define TRANS (1 << POP3_TRANSACTION)
#define ANY (AUTH | TRANS)

#define LINE POP3_S_LINE
#define BODY POP3_S_BODY
#define LISTING POP3_S_LISTING

#define LOGIN POP3_VF_LOGIN
#define TURN POP3_VF_TURN
#define MAIL POP3_VF_MAIL
#define NUMBERS POP3_VF_NUMBERS
#define UID (POP3_VF_NUMBERS | POP3_VF_UID)

#define THEN_TRANS POP3_TRANSACTION

/* In the order of enum pop3_verb_id. */
static const pop3_verb verbs[] = {
  /* verb    arguments      bare     full  phases then secret flags capability */
  { "APOP", POP3_A_TWO,    LINE,    LINE, AUTH, THEN_TRANS, 2, LOGIN, NULL },
  { "AUTH", POP3_A_MECH,   BODY,    LINE, AUTH, THEN_TRANS, 2, LOGIN | TURN,
    "SASL" },
  { "CAPA", POP3_A_NONE,   BODY,    BODY, ANY,   0, 0, 0,     NULL },
  { "DELE", POP3_A_MSG,    LINE,    LINE, TRANS, 0, 0, 0,     NULL },
  { "LANG", POP3_A_REST,   BODY,    LINE, ANY,   0, 0, 0,     "LANG" },
  { "LIST", POP3_A_MSGOPT, LISTING, LINE, TRANS, 0, 0, NUMBERS, NULL },
  { "NOOP", POP3_A_NONE,   LINE,    LINE, TRANS, 0, 0, 0,     NULL },
  { "PASS", POP3_A_TEXT,   LINE,    LINE, AUTH, THEN_TRANS, 1, LOGIN, "USER" },
  { "QUIT", POP3_A_NONE,   LINE,    LINE, ANY, POP3_ENDED, 0, 0, NULL },
  { "RETR", POP3_A_MSG,    BODY,    BODY, TRANS, 0, 0, MAIL,  NULL },
  { "RSET", POP3_A_NONE,   LINE,    LINE, TRANS, 0, 0, 0,     NULL },
  { "STAT", POP3_A_NONE,   LINE,    LINE, TRANS, 0, 0, NUMBERS, NULL },
  { "STLS", POP3_A_NONE,   LINE,    LINE, AUTH,  0, 0, TURN,  "STLS" },
  { "TOP",  POP3_A_TOP,    BODY,    BODY, TRANS, 0, 0, MAIL,  "TOP" },
  { "UIDL", POP3_A_MSGOPT, LISTING, LINE, TRANS, 0, 0, UID,   "UIDL" },
  { "USER", POP3_A_TEXT,   LINE,    LINE, AUTH,  0, 0, LOGIN, "USER" },
  { "UTF8", POP3_A_NONE,   LINE,    LINE, AUTH,  0, 0, 0,     "UTF8" },
  /* a verb that is not here, the greeting, a response to a challenge */
  { "",     POP3_A_REST,   LINE,    LINE, ANY,   0, 0, MAIL,  NULL },
  { "",     POP3_A_NONE,   LINE,    LINE, 1 << POP3_GREETING,
    POP3_AUTHORIZATION, 0, 0, NULL },
  { "",     POP3_A_REST,   LINE,    LINE, AUTH,  0, 1, LOGIN, NULL }
};

const pop3_verb *pop3_verb_row (int id) {
  return &verbs[id];
}

int pop3_verb_find (const char *p, size_t n) {
  int id;
  char first = n > 0 ? pop3_upper(*p) : '\0';
  for (id = 0; id < POP3_V_OTHER; id++)
    if (verbs[id].name[0] == first && strlen(verbs[id].name) == n &&
        pop3_same(p, verbs[id].name, n)) return id;
  return POP3_V_OTHER;
}

static int letter (char c) {
  c = pop3_upper(c);
  return c >= 'A' && c <= 'Z';
}

/*
** The same for a line whose verb is not known. It may be a login with an error,
** such as a tab in place of the space, and hold the secret.
*/
static size_t sloppy_secret (const char *p, size_t n) {
  size_t i = 0, from;
  while (i < n && !letter(p[i])) i++;
  from = i;
  while (i < n && letter(p[i])) i++;
  if (i == n || verbs[pop3_verb_find(p + from, i - from)].secret == 0)
    return n;
  return i + 1;
}

size_t pop3_verb_secret (int id, const char *p, size_t n) {
  int field = verbs[id].secret;
  size_t i = 0;
  if (id == POP3_V_OTHER) return sloppy_secret(p, n);
  if (field == 0) return n;
  while (field-- > 0) {
    const char *sp = (const char *)memchr(p + i, ' ', n - i);
    if (sp == NULL) return n;
    i = (size_t)(sp - p) + 1;
  }
  return i;
}
