/*
** client.c - the client's side of a session: commands out, replies in.
**
** One buffer holds what came. It has three parts:
**
**      in.p ... body ..... w ..... r ....... in.n
**               |  plain   | gap  |   raw   |
**
** 'plain' is the un-stuffed part of a body that is kept or was just handed
** out, 'raw' is not looked at yet. Bodies are un-stuffed in place, moving
** octets down only behind a dropped dot; new octets are read right behind
** 'plain', so a message that is kept whole is never copied here.
*/
#include <string.h>

#include "../base/buf.h"
#include "dot.h"
#include "journal.h"
#include "session.h"
#include "../base/ascii.h"
#include "../base/secret.h"

#define KEEP (256 * 1024)  /* storage that is kept between replies */
#define TEXT_MAX (16 * 1024 * 1024)  /* octets of a body that is no message */
#define DEFECTS 100  /* bad lines of a listing that are always forgiven */

const pop3_client_limits pop3_client_defaults = {
  8192, 4194304, UINT64_MAX, 16 * 1024 * 1024
};

/* A command whose reply has not ended. */
typedef struct ask {
  unsigned char verb;
  unsigned char shape;    /* of a +OK reply */
  unsigned char mode;
  unsigned char dropped;  /* nobody wants the reply */
  unsigned char body;     /* as it was asked for */
} ask;

struct pop3_client {
  pop3_mem mem;
  pop3_client_limits lim;
  pop3_journal *j;
  int phase;
  int err;             /* sticks */
  int eof;
  pop3_buf in;
  size_t body, w, r;
  size_t seen;         /* octets from r (or body) on without a line end */
  int inbody;
  int handed;          /* 'plain' was handed out: it goes at the next call */
  int challenged;      /* a challenge waits for its answer */
  int skipped;         /* an empty line came in place of a reply */
  int responded;       /* this AUTH has had a response of ours */
  int bodyerr;         /* why the rest of this body is dropped */
  pop3_undot dot;
  uint64_t octets;     /* of this body, so far */
  uint64_t entries;    /* lines of this listing, so far */
  uint64_t bad;        /* of these, without a number or a value */
  uint64_t anonymous;  /* of these, without a message number */
  int junk;            /* one of them is not empty */
  uint64_t drained;    /* octets dropped since something was wanted */
  ask *q;              /* a ring */
  size_t qcap, qhead, qn;
  pop3_buf out;
  size_t sent;         /* octets of 'out' that are gone */
  pop3_buf secrets;
  pop3_buf text;       /* a status line with its secrets masked */
};

static int push_ask (pop3_client *c, ask a) {
  if (c->qn == c->qcap) {
    size_t cap = c->qcap == 0 ? 4 : c->qcap * 2, i;
    ask *q = (ask *)pop3_alloc(c->mem, cap * sizeof *q);
    if (q == NULL) return POP3_ENOMEM;
    for (i = 0; i < c->qn; i++) q[i] = c->q[(c->qhead + i) % c->qcap];
    pop3_free(c->mem, c->q, c->qcap * sizeof *q);
    c->q = q;
    c->qcap = cap;
    c->qhead = 0;
  }
  c->q[(c->qhead + c->qn++) % c->qcap] = a;
  return 0;
}

pop3_client *pop3_client_new (pop3_mem mem, const pop3_client_limits *lim,
                              pop3_journal *j) {
  ask greeting = { POP3_V_GREETING, POP3_S_LINE, POP3_WHOLE, 0, 0 };
  pop3_client *c = (pop3_client *)pop3_alloc(mem, sizeof *c);
  if (c == NULL) return NULL;
  memset(c, 0, sizeof *c);
  c->mem = mem;
  c->lim = *lim;
  c->j = j;
  c->phase = POP3_GREETING;
  pop3_buf_init(&c->in, mem);
  pop3_buf_init(&c->out, mem);
  pop3_buf_init(&c->secrets, mem);
  pop3_buf_init(&c->text, mem);
  if (push_ask(c, greeting) != 0) pop3_client_free(&c);
  return c;
}

void pop3_client_free (pop3_client **cp) {
  pop3_client *c = *cp;
  if (c == NULL) return;
  pop3_buf_free(&c->in);
  pop3_buf_wipe(&c->out);
  pop3_buf_wipe(&c->secrets);
  pop3_buf_free(&c->text);
  pop3_free(c->mem, c->q, c->qcap * sizeof *c->q);
  pop3_free(c->mem, c, sizeof *c);
  *cp = NULL;
}

/* -------------------------------------------------------------- octets in */

/* What the last event pointed at is no longer needed. */
static void drop_handed (pop3_client *c) {
  if (!c->handed) return;
  c->handed = 0;
  c->body = c->w = c->r;
}

/* Close the gap, and move what is left to the front. */
static void compact (pop3_client *c) {
  size_t plain = c->w - c->body, raw = c->in.n - c->r;
  char *p = c->in.p;
  if (c->body > 0 && plain > 0) memmove(p, p + c->body, plain);
  if (c->r > plain && raw > 0) memmove(p + plain, p + c->r, raw);
  c->body = 0;
  c->w = c->r = plain;
  c->in.n = plain + raw;
}

char *pop3_client_room (pop3_client *c, size_t want, size_t *got) {
  drop_handed(c);
  compact(c);
  pop3_buf_trim(&c->in, KEEP);
  if (pop3_buf_room(&c->in, want > 0 ? want : 1) != 0) return NULL;
  *got = c->in.cap - c->in.n;
  return c->in.p + c->in.n;
}

void pop3_client_filled (pop3_client *c, size_t n) {
  c->in.n += n;
}

int pop3_client_feed (pop3_client *c, const char *p, size_t n) {
  size_t got;
  char *room = pop3_client_room(c, n, &got);
  if (room == NULL) return POP3_ENOMEM;
  if (n > 0) memcpy(room, p, n);
  pop3_client_filled(c, n);
  return 0;
}

void pop3_client_eof (pop3_client *c) {
  c->eof = 1;
}

pop3_span pop3_client_culprit (const pop3_client *c) {
  pop3_span s;
  s.p = c->text.p;
  s.n = c->err == POP3_ESTATUS || c->err == POP3_EUNASKED ? c->text.n : 0;
  return s;
}

size_t pop3_client_unread (const pop3_client *c) {
  return c->in.n - c->r;
}

static int show_status (pop3_client *c, int verb, pop3_span *line, size_t skip,
                        int readable);

/*
** Did octets come that no command asked for? An empty line is forgiven, as it
** is before a reply: some servers send CR LF CR LF at the end of a body.
*/
static int is_unasked (const pop3_client *c) {
  size_t n = c->in.n - c->r;
  const char *p = c->in.p + c->r;
  if (n == 0) return 0;
  if (c->skipped || n > 2) return 1;
  if (n == 2) return p[0] != '\r' || p[1] != '\n';
  return p[0] != '\r' && p[0] != '\n';
}

/* Keep the line that nobody asked for, for 'culprit'. Returns the error. */
static int keep_unasked (pop3_client *c) {
  pop3_span line;
  const char *lf;
  line.p = c->in.p + c->r;
  line.n = c->in.n - c->r;
  if (line.n > c->lim.line) line.n = c->lim.line;
  lf = (const char *)memchr(line.p, '\n', line.n);
  if (lf != NULL) line.n = (size_t)(lf - line.p);
  while (line.n > 0 && line.p[line.n - 1] == '\r') line.n--;
  c->text.n = 0;
  if (show_status(c, POP3_V_PASS, &line, 0, 0) != 0) return POP3_ENOMEM;
  if (line.p != c->text.p && pop3_buf_add(&c->text, line.p, line.n) != 0)
    return POP3_ENOMEM;
  return POP3_EUNASKED;
}

/* Is what came one whole line that begins with -ERR? */
static int is_last_words (const pop3_client *c) {
  size_t n = c->in.n - c->r;
  const char *p = c->in.p + c->r;
  return n > 5 && memcmp(p, "-ERR", 4) == 0 && p[4] == ' ' &&
         memchr(p, '\n', n) == p + n - 1;
}

int pop3_client_quiet (pop3_client *c) {
  if (c->err != 0) return c->err;
  if (!is_unasked(c)) return 0;
  if (is_last_words(c)) return 1;
  return c->err = keep_unasked(c);
}

/* --------------------------------------------------------------- commands */

/* Does the line hold an octet that would end it, or fool the other side? */
static int unfit (const char *p, size_t n) {
  return n > 0 && (memchr(p, '\r', n) != NULL || memchr(p, '\n', n) != NULL ||
                   memchr(p, '\0', n) != NULL);
}

/*
** Keep the secrets of a line, to mask them where a peer repeats them, be it
** without the spaces at the ends.
*/
int pop3_client_secret (pop3_client *c, const char *p, size_t n) {
  size_t i = 0, k = n;
  while (i < k && p[i] == ' ') i++;
  while (k > i && p[k - 1] == ' ') k--;
  if (pop3_secret_add(&c->secrets, p, n) != 0) return POP3_ENOMEM;
  return k - i < n ? pop3_secret_add(&c->secrets, p + i, k - i) : 0;
}

/* Is there nothing but spaces behind the verb? */
static int is_bare (pop3_span rest) {
  while (rest.n > 0 && rest.p[0] == ' ') rest.p++, rest.n--;
  return rest.n == 0;
}

/* Is the last command one behind which nothing may be sent yet? */
static int turning (const pop3_client *c) {
  const ask *last;
  if (c->qn == 0) return 0;
  last = &c->q[(c->qhead + c->qn - 1) % c->qcap];
  return last->shape == POP3_S_LINE &&
         (pop3_verb_row(last->verb)->flags & POP3_VF_TURN) != 0;
}

int pop3_client_answer (pop3_client *c, const char *p, size_t n) {
  static const pop3_span none = { "", 0 };
  size_t out = c->out.n, secrets = c->secrets.n;
  int err;
  if (c->err != 0) return c->err;
  if (!c->challenged) return POP3_ESTATE;
  if (unfit(p, n)) return POP3_EARG;
  if (n > POP3_COMMAND_MAX) return POP3_ELONG;
  err = pop3_buf_add(&c->out, p, n);
  if (err == 0) err = pop3_buf_add(&c->out, "\r\n", 2);
  if (err == 0 && !pop3_no_secret(p, n)) err = pop3_client_secret(c, p, n);
  if (err == 0 && c->j != NULL) err = pop3_journal_add(c->j, 0, 'C', none, 1);
  if (err != 0) {
    c->out.n = out;
    c->secrets.n = secrets;
    return err;
  }
  c->challenged = 0;
  c->responded = 1;
  return 0;
}

int pop3_client_ask (pop3_client *c, const char *line, size_t n, int body,
                     int mode) {
  pop3_span rest, word, shown;
  const pop3_verb *v;
  size_t secret, out = c->out.n, secrets = c->secrets.n;
  ask a;
  int id, err, early = 0;
  if (c->err != 0) return c->err;
  if (unfit(line, n) || n == 0) return POP3_EARG;
  if (n > POP3_COMMAND_MAX) return POP3_ELONG;
  rest.p = line;
  rest.n = n;
  word = pop3_word(&rest);
  id = pop3_verb_find(word.p, word.n);
  v = pop3_verb_row(id);
  if ((v->phases & (1 << c->phase)) == 0 || turning(c)) return POP3_ESTATE;
  drop_handed(c);
  if (c->qn == 0 && (early = pop3_client_quiet(c)) < 0) return early;
  a.verb = (unsigned char)id;
  a.shape = is_bare(rest) ? v->bare : v->full;
  if (id == POP3_V_OTHER) a.shape = body ? POP3_S_BODY : POP3_S_LINE;
  else if (a.shape == POP3_S_LISTING && body) a.shape = POP3_S_BODY;
  a.mode = (unsigned char)mode;
  a.dropped = 0;
  a.body = body != 0;
  secret = pop3_verb_secret(id, line, n);
  shown.p = line;
  shown.n = secret;
  err = pop3_buf_add(&c->out, line, n);
  if (err == 0) err = pop3_buf_add(&c->out, "\r\n", 2);
  if (err == 0 && secret < n && !pop3_no_secret(line + secret, n - secret))
    err = pop3_client_secret(c, line + secret, n - secret);
  if (err == 0 && c->j != NULL)
    err = pop3_journal_add(c->j, 0, 'C', shown, secret < n);
  if (err == 0) err = push_ask(c, a);
  if (err != 0) {
    c->out.n = out;
    c->secrets.n = secrets;
    return err;
  }
  if (id == POP3_V_AUTH) c->responded = secret < n;
  if (id == POP3_V_QUIT && c->phase == POP3_TRANSACTION)
    c->phase = POP3_UPDATE;
  return early;
}

size_t pop3_client_asked (const pop3_client *c) {
  return c->qn;
}

void pop3_client_discard (pop3_client *c) {
  size_t i;
  drop_handed(c);
  c->body = c->w;
  c->drained = 0;
  for (i = 0; i < c->qn; i++) c->q[(c->qhead + i) % c->qcap].dropped = 1;
}

pop3_span pop3_client_out (const pop3_client *c) {
  pop3_span s;
  s.n = c->out.n - c->sent;
  s.p = s.n > 0 ? c->out.p + c->sent : "";
  return s;
}

void pop3_client_sent (pop3_client *c, size_t n) {
  c->sent += n;
  if (c->sent < c->out.n) return;
  if (c->out.n > 0) pop3_wipe(c->out.p, c->out.n);  /* it may hold secrets */
  c->out.n = c->sent = 0;
}

int pop3_client_phase (const pop3_client *c) {
  return c->phase;
}

/* ---------------------------------------------------------------- replies */

/* The one place where a reply changes the phase (RFC 1939 section 3). */
static void advance (pop3_client *c, int verb, int ok) {
  int then = pop3_verb_row(verb)->then;
  if (then == 0 || c->phase == POP3_ENDED) return;
  if (ok || verb == POP3_V_QUIT) c->phase = then;
  else if (verb == POP3_V_GREETING) c->phase = POP3_ENDED;
}

/* The command at the head of the queue has its answer. */
static void answered (pop3_client *c) {
  c->qhead = (c->qhead + 1) % c->qcap;
  c->qn--;
}

/*
** A line of p[from .. to), which ends in CRLF or LF: 1 with its octets in
** '*line' and the start of the next in '*next'; 0 when it has not ended; or
** POP3_ELINE. 'seen' octets are known to hold no line end.
*/
static int take_line (pop3_client *c, size_t from, size_t to, pop3_span *line,
                      size_t *next) {
  const char *p, *lf = NULL;
  size_t n = to - from;
  if (n == 0) return 0;  /* there may be no storage yet */
  p = c->in.p + from;
  if (n > c->seen)
    lf = (const char *)memchr(p + c->seen, '\n', n - c->seen);
  if (lf == NULL) {
    c->seen = n;
    if (p[n - 1] == '\r') n--;
    return n > c->lim.line ? POP3_ELINE : 0;
  }
  c->seen = 0;
  *next = from + (size_t)(lf - p) + 1;
  line->p = p;
  line->n = (size_t)(lf - p);
  if (line->n > 0 && p[line->n - 1] == '\r') line->n--;
  return line->n > c->lim.line ? POP3_ELINE : 1;
}

/* A word of a listing; blanks and tabs part words. */
static pop3_span next_field (pop3_span *s) {
  pop3_span w;
  while (s->n > 0 && (s->p[0] == ' ' || s->p[0] == '\t')) s->p++, s->n--;
  w = *s;
  while (s->n > 0 && s->p[0] != ' ' && s->p[0] != '\t') s->p++, s->n--;
  w.n -= s->n;
  return w;
}

/* Can it be a unique-id? RFC 1939 allows less; servers send UTF-8 and blanks. */
static int is_uid (pop3_span s) {
  size_t i;
  for (i = 0; i < s.n; i++)
    if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f) return 0;
  return s.n > 0;
}

/*
** The message number and the size or unique-id of a line of a listing, or of a
** +OK to STAT, LIST n and UIDL n. 'ev->valid' says which of them are right.
*/
static void take_numbers (pop3_event *ev, pop3_span s) {
  pop3_span a, b;
  while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' ||
                     s.p[s.n - 1] == '\r')) s.n--;
  a = next_field(&s);
  ev->valid = 0;
  if (pop3_number(a.p, a.n, INT64_MAX, &ev->number)) ev->valid = POP3_NUMBER;
  b = s;
  if (pop3_verb_row(ev->verb)->flags & POP3_VF_UID) {
    while (b.n > 0 && (b.p[0] == ' ' || b.p[0] == '\t')) b.p++, b.n--;
    ev->data = b;
    if (ev->valid && is_uid(b)) ev->valid |= POP3_VALUE;
    else if (b.n == 0 && ev->type == POP3_EV_REPLY && is_uid(a)) {
      ev->number = 0;  /* the answer to UIDL n, without the number */
      ev->data = a;
      ev->valid = POP3_VALUE;
    }
  }
  else {
    b = next_field(&s);
    if (ev->valid && pop3_number(b.p, b.n, INT64_MAX, &ev->octets))
      ev->valid |= POP3_VALUE;
  }
  if (ev->valid != (POP3_NUMBER | POP3_VALUE)) ev->err = POP3_EENTRY;
}

/*
** Is there a CR that is not at the end? Where a body is to follow, what stands
** behind it may be that body and the next reply, of a server that ends its lines
** so: whoever goes on would take the body of one message for that of another.
*/
static int has_bare_cr (pop3_span line) {
  while (line.n > 0 && line.p[line.n - 1] == '\r') line.n--;
  return line.n > 0 && memchr(line.p, '\r', line.n) != NULL;
}

/* "+OK" or "-ERR", then nothing or a space; the text into '*ev'. */
static int take_status (pop3_event *ev, pop3_span line) {
  size_t n = 0;
  if (line.n >= 3 && memcmp(line.p, "+OK", 3) == 0) n = 3;
  else if (line.n >= 4 && memcmp(line.p, "-ERR", 4) == 0) n = 4;
  if (n == 0 || (line.n > n && line.p[n] != ' ' && line.p[n] != '\t'))
    return POP3_ESTATUS;
  ev->ok = n == 3;
  while (n < line.n && (line.p[n] == ' ' || line.p[n] == '\t')) n++;
  ev->text.p = line.p + n;
  ev->text.n = line.n - n;
  return 0;
}

/* Octets of "[CODE] " at the start of a text, 0 if there is none. */
static size_t code_length (pop3_span text) {
  size_t i;
  if (text.n < 3 || text.p[0] != '[') return 0;
  for (i = 1; i < text.n && text.p[i] != ']'; i++)
    if ((unsigned char)text.p[i] <= ' ' || (unsigned char)text.p[i] >= 0x7f ||
        text.p[i] == '[') return 0;
  if (i == text.n || i == 1) return 0;
  return i + 1 < text.n && text.p[i + 1] == ' ' ? i + 2 : i + 1;
}

/* A text for people holds no control characters: each becomes a blank. */
static void clean (char *p, size_t n) {
  size_t i;
  for (i = 0; i < n; i++) {
    unsigned char u = (unsigned char)p[i];
    if (u >= ' ' && u < 0x7f) continue;
    if (u <= 0x7f) p[i] = ' ';
    else if (u == 0xc2 && i + 1 < n && ((unsigned char)p[i + 1] & 0xe0) == 0x80)
      p[i] = p[i + 1] = ' ';  /* U+0080 to U+009F in UTF-8 */
  }
}

/*
** Mask the secrets that a status line repeats after its first 'skip' octets,
** make it 'readable', and trace it. '*line' then is what may be shown; it is in
** one of the two buffers of 'c'.
*/
static int show_status (pop3_client *c, int verb, pop3_span *line, size_t skip,
                        int readable) {
  int login = (pop3_verb_row(verb)->flags & POP3_VF_LOGIN) != 0;
  char *p = c->in.p + c->r;
  pop3_span rest;
  rest.p = line->p + skip;
  rest.n = line->n - skip;
  if (pop3_secret_in(&c->secrets, rest, login ? 1 : POP3_SECRET_MIN)) {
    c->text.n = 0;
    if (pop3_buf_add(&c->text, line->p, skip) != 0 ||
        pop3_mask_text(&c->text, &c->secrets, rest, login) != 0)
      return POP3_ENOMEM;
    line->p = p = c->text.p;
    line->n = c->text.n;
  }
  if (readable) clean(p, line->n);
  return c->j == NULL ? 0 : pop3_journal_add(c->j, 0, 'S', *line, 0);
}

/* "[CODE]" at the start of the text (RFC 2449 section 8): cut it off. */
static void take_code (pop3_event *ev, char *p, size_t n) {
  size_t i;
  if (n == 0) return;
  ev->code.p = p + 1;
  for (i = 1; p[i] != ']'; i++) p[i] = pop3_upper(p[i]);
  ev->code.n = i - 1;
  ev->text.p += n;
  ev->text.n -= n;
}

/*
** A line "+ base64" in a SASL exchange; a "+" alone is an empty challenge. All
** of it is masked: it is half of a secret. A "+OK" before the client has said
** anything proves nothing: old Exchange servers send it in place of "+ ".
*/
static int is_challenge (const ask *a, pop3_span line) {
  return a->verb == POP3_V_AUTH && a->shape == POP3_S_LINE && line.n > 0 &&
         line.p[0] == '+' && (line.n == 1 || line.p[1] == ' ');
}

static int take_challenge (pop3_client *c, pop3_event *ev, pop3_span line,
                           size_t next) {
  static const pop3_span plus = { "+ ", 2 };
  if (c->challenged) return POP3_EUNASKED;
  if (c->j != NULL && pop3_journal_add(c->j, 0, 'S', plus, 1) != 0)
    return POP3_ENOMEM;
  memset(ev, 0, sizeof *ev);
  ev->type = POP3_EV_CHALLENGE;
  ev->verb = POP3_V_AUTH;
  ev->ok = line.n == 0;
  ev->text.p = line.n > 2 ? line.p + 2 : "";
  ev->text.n = line.n > 2 ? line.n - 2 : 0;
  c->challenged = 1;
  c->body = c->w = c->r = next;
  return 1;
}

/* An empty line where a reply is due is skipped, once for each reply. */
static int skip_empty (pop3_client *c, size_t next) {
  static const pop3_span note = { "(an empty line was skipped)", 27 };
  c->skipped = 1;
  c->body = c->w = c->r = next;
  return c->j == NULL ? 0 : pop3_journal_add(c->j, 0, 'S', note, 0);
}

/* Which line ends count in the body after this status line? See dot.h. */
static int body_mode (const ask *a, int in_lf) {
  int mail = a->verb == POP3_V_OTHER ||
             (pop3_verb_row(a->verb)->flags & POP3_VF_MAIL) != 0;
  if (!mail) return POP3_UNDOT_LISTING;
  return in_lf ? POP3_UNDOT_LOOSE : POP3_UNDOT_AUTO;
}

/*
** A status line, if it is all there: 1, with the body begun if there is one.
*/
static int next_status (pop3_client *c, ask *a, pop3_event *ev) {
  pop3_span line, plain;
  char *shown;
  size_t next, skip, code, shield = 0;
  int got = take_line(c, c->r, c->in.n, &line, &next);
  if (got > 0 && line.n == 0 && !c->skipped && a->verb != POP3_V_GREETING) {
    if (skip_empty(c, next) != 0) return POP3_ENOMEM;
    got = take_line(c, c->r, c->in.n, &line, &next);
  }
  if (got <= 0) return got;
  c->skipped = 0;
  while (line.n > 0 && line.p[line.n - 1] == '\r') line.n--;
  if (is_challenge(a, line)) return take_challenge(c, ev, line, next);
  memset(ev, 0, sizeof *ev);
  ev->type = POP3_EV_REPLY;
  ev->verb = a->verb;
  got = take_status(ev, line);
  if (got == 0 && ev->ok && a->verb == POP3_V_AUTH &&
      a->shape == POP3_S_LINE && !c->responded) {
    line.n = 0;
    return take_challenge(c, ev, line, next);
  }
  c->challenged = 0;
  if (got == 0 && ev->ok && a->shape != POP3_S_LINE && has_bare_cr(line))
    got = POP3_ESTATUS;
  plain = ev->text;
  skip = got == 0 ? (size_t)(plain.p - line.p) : 0;
  code = got == 0 ? code_length(plain) : 0;
  if (code > 0) {
    const char *end = (const char *)memchr(plain.p, ']', code);
    if (pop3_code_known(plain.p + 1, (size_t)(end - plain.p) - 1)) shield = code;
  }
  shown = c->in.p + c->r;
  if (show_status(c, a->verb, &line, skip + shield, got == 0) != 0)
    return POP3_ENOMEM;
  if (got != 0) {  /* keep it for 'culprit' */
    if (line.p == c->text.p) return got;
    c->text.n = 0;
    return pop3_buf_add(&c->text, line.p, line.n) != 0 ? POP3_ENOMEM : got;
  }
  if (line.p == c->text.p) shown = c->text.p;
  ev->text.p = line.p + skip;
  ev->text.n = line.n - skip;
  take_code(ev, shown + skip, code_length(ev->text));
  ev->more = ev->ok && a->shape != POP3_S_LINE;
  ev->shape = a->shape;
  ev->body = a->body;
  if (ev->ok && !ev->more &&
      (pop3_verb_row(a->verb)->flags & POP3_VF_NUMBERS) != 0)
    take_numbers(ev, plain);
  pop3_undot_init(&c->dot, body_mode(a, next < 2 ||
                                        c->in.p[next - 2] != '\r'));
  c->body = c->w = c->r = next;
  if (ev->more) {
    c->inbody = 1;
    c->bodyerr = 0;
    c->octets = c->entries = c->bad = c->anonymous = 0;
    c->junk = 0;
    if (!a->dropped) c->drained = 0;
  }
  else {  /* a list of mechanisms (AUTH alone) is no login */
    advance(c, a->verb, ev->ok);
    answered(c);
  }
  return 1;
}

/*
** One line "number value" of a listing: an ENTRY, or a DEFECT where one of the
** two is missing or wrong. Servers lose the index file of a message, or have a
** negative size for it; the others are still right. ENTRY as an error when more
** lines are bad than good: then it is no listing. Nor is one without any message
** number.
*/
static int take_entry (pop3_client *c, pop3_event *ev, int verb,
                       pop3_span line) {
  memset(ev, 0, sizeof *ev);
  ev->type = POP3_EV_ENTRY;
  ev->verb = verb;
  take_numbers(ev, line);
  if (ev->number == 0) ev->valid &= ~POP3_NUMBER, ev->err = POP3_EENTRY;
  if (ev->err == 0) return 0;
  ev->type = POP3_EV_DEFECT;
  ev->text = line;
  ev->err = 0;
  if ((ev->valid & POP3_NUMBER) == 0) c->anonymous++, c->junk |= line.n > 0;
  c->bad++;
  return c->bad > DEFECTS && c->bad > c->entries - c->bad ? POP3_EENTRY : 0;
}

/*
** The rest of this body is of no use, 'n' octets of it being here already.
** They count in the same way however the body came.
*/
static void spoil (pop3_client *c, int err, uint64_t n) {
  c->bodyerr = err;
  c->drained += n;
  c->body = c->w;
}

/* A listing: lines of 'plain', one event each. 1, 0 for more, or an error. */
static int next_entry (pop3_client *c, ask *a, pop3_event *ev) {
  pop3_span line;
  size_t next;
  int err, got;
  if (c->body == c->w) return 0;
  got = take_line(c, c->body, c->w, &line, &next);
  if (got <= 0) return got;
  c->body = next;
  if (++c->entries > c->lim.listing) err = POP3_ELISTING;
  else err = take_entry(c, ev, a->verb, line);
  if (err == 0) return 1;
  spoil(c, err, c->w - c->body);
  return 0;
}

/* How many octets this body may have. */
static uint64_t body_limit (const pop3_client *c, const ask *a) {
  if (pop3_verb_row(a->verb)->flags & POP3_VF_MAIL) return c->lim.message;
  return a->shape == POP3_S_LISTING ? UINT64_MAX : TEXT_MAX;
}

/* Un-stuff what there is, behind 'plain'. */
static void undot (pop3_client *c, const ask *a) {
  size_t used, n;
  n = pop3_undot_run(&c->dot, c->in.p + c->w, c->in.p + c->r,
                     c->in.n - c->r, &used);
  c->r += used;
  c->octets += n;
  if (a->dropped || c->bodyerr != 0) {
    c->drained += n;
    c->w = c->body;
    c->seen = 0;
  }
  else if (c->octets > body_limit(c, a))
    spoil(c, POP3_EMESSAGE, c->octets - body_limit(c, a));
  else c->w += n;
}

static int end_body (pop3_client *c, ask *a, pop3_event *ev) {
  memset(ev, 0, sizeof *ev);
  ev->type = POP3_EV_END;
  ev->verb = a->verb;
  ev->shape = a->shape;
  ev->body = a->body;
  ev->mode = a->mode;
  ev->err = c->bodyerr;
  ev->octets = c->octets;
  ev->number = c->entries - c->anonymous;
  ev->data.p = c->in.p + c->body;
  ev->data.n = c->w - c->body;
  c->handed = 1;
  c->inbody = 0;
  c->seen = 0;
  answered(c);
  return 1;
}

/* What comes next of a body: 1 with an event, 0 for more, or an error. */
static int next_body (pop3_client *c, ask *a, pop3_event *ev) {
  int got;
  if (!c->dot.done) undot(c, a);
  if (a->shape == POP3_S_LISTING && !a->dropped) {
    got = next_entry(c, a, ev);
    if (got != 0) return got;
    if (c->dot.done && (c->body < c->w || (c->junk && c->entries ==
                                           c->anonymous)))
      c->bodyerr = POP3_EENTRY;  /* it is no listing */
  }
  else if (a->mode == POP3_STREAM && c->w > c->body) {
    memset(ev, 0, sizeof *ev);
    ev->type = POP3_EV_DATA;
    ev->verb = a->verb;
    ev->data.p = c->in.p + c->body;
    ev->data.n = c->w - c->body;
    c->handed = 1;
    return 1;
  }
  if (c->drained > c->lim.drain) return POP3_EDRAIN;
  return c->dot.done ? end_body(c, a, ev) : 0;
}

int pop3_client_next (pop3_client *c, pop3_event *ev) {
  int got = 0;
  drop_handed(c);
  while (c->err == 0 && c->qn > 0) {
    ask a = c->q[c->qhead];
    got = c->inbody ? next_body(c, &a, ev) : next_status(c, &a, ev);
    if (got == 0) break;
    if (got < 0) return c->err = got;
    if (!a.dropped) return 1;
    drop_handed(c);
  }
  if (c->err != 0) return c->err;
  if (c->eof && c->phase == POP3_ENDED && c->qn == 0) return 0;
  return c->eof ? (c->err = POP3_ECLOSED) : 0;
}
