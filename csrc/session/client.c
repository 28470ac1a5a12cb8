/*
** client.c - client sessions: how one is made, octets in and out, commands. The
** replies are in client_reply.c.
*/
#include <string.h>

#include "../base/ascii.h"
#include "../base/secret.h"
#include "client_state.h"

#define KEEP (256 * 1024)  /* storage that is kept between replies */
#define PIECE (64 * 1024)  /* octets of a streamed body that are handed out at once */
#define LEAST 4096         /* a copy of less costs less than new storage */

const pop3_client_limits pop3_client_defaults = {
  8192, 4194304, UINT64_MAX, 16 * 1024 * 1024
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

/* Close the gap, and move what is left to the front. */
static void compact (pop3_client *c) {
  size_t plain = c->w - c->body, raw = c->in.n - c->r;
  char *p = c->in.p;
  if (plain + raw == 0) {
    c->body = c->w = c->r = c->in.n = 0;
    return;
  }
  if (c->body > c->front && plain > 0) memmove(p + c->front, p + c->body, plain);
  if (c->r > c->front + plain && raw > 0)
    memmove(p + c->front + plain, p + c->r, raw);
  c->body = c->front;
  c->w = c->r = c->front + plain;
  c->in.n = c->w + raw;
}

/* Is the reply that comes now handed out in pieces? */
static int is_streamed (const pop3_client *c) {
  return c->qn > 0 && c->q[c->qhead].mode == POP3_STREAM;
}

/*
** Room for 'n' octets after 'at', and for the one that 'take' adds. New storage has
** no more than that, since all of it may become a string; later it doubles.
*/
static int grow (pop3_client *c, size_t at, size_t n) {
  size_t cap;
  char *p;
  if (n < c->in.cap && at < c->in.cap - n) return 0;
  if (n > SIZE_MAX / 4 || at > SIZE_MAX / 4) return POP3_ENOMEM;
  cap = at + n + 1;
  if (cap < c->in.cap * 2) cap = c->in.cap * 2;
  p = (char *)pop3_realloc(c->mem, c->in.p, c->in.cap, cap);
  if (p == NULL) return POP3_ENOMEM;
  c->in.p = p;
  c->in.cap = cap;
  return 0;
}

char *pop3_client_room (pop3_client *c, size_t want, size_t *got) {
  size_t raw;
  pop3_client_drop(c);
  compact(c);
  pop3_buf_trim(&c->in, KEEP);
  if (want == 0) want = 1;
  if (grow(c, c->in.n > 0 ? c->in.n : c->front, want) != 0) return NULL;
  if (c->in.n == 0) c->body = c->w = c->r = c->in.n = c->front;
  raw = c->in.n - c->r;
  *got = c->in.cap - c->in.n - 1;
  if (is_streamed(c) && raw < PIECE && *got > PIECE - raw)
    *got = want > PIECE - raw ? want : PIECE - raw;
  return c->in.p + c->in.n;
}

void pop3_client_front (pop3_client *c, size_t n) {
  if (c->in.n == 0) c->front = n;
}

char *pop3_client_take (pop3_client *c, size_t *size) {
  size_t plain = c->w - c->body, raw = c->in.n - c->r;
  pop3_buf rest;
  char *p;
  if (!c->handed || c->body != c->front) return NULL;
  if (c->inbody ? plain < LEAST || plain < raw : plain <= KEEP) return NULL;
  pop3_buf_init(&rest, c->mem);
  if (raw > 0) {
    if (pop3_buf_room(&rest, c->front + raw) != 0) return NULL;
    memcpy(rest.p + c->front, c->in.p + c->r, raw);
    rest.n = c->front + raw;
  }
  *size = c->front + plain + 1;
  p = (char *)pop3_realloc(c->mem, c->in.p, c->in.cap, *size);
  if (p == NULL) {
    pop3_buf_free(&rest);
    return NULL;
  }
  c->in = rest;
  c->handed = 0;
  c->body = c->w = c->r = raw > 0 ? c->front : 0;
  return p;
}

void pop3_client_filled (pop3_client *c, size_t n) {
  c->in.n += n;
  if (n > 0) c->dot.doubtful = 0;
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

int pop3_client_doubtful (const pop3_client *c) {
  return c->err == 0 && c->inbody && c->dot.doubtful && c->qn == 1;
}

int pop3_client_settle (pop3_client *c) {
  if (!pop3_client_doubtful(c)) return 0;
  c->r = c->in.n;
  c->settled = 1;
  return pop3_undot_settle(&c->dot);
}

size_t pop3_client_unread (const pop3_client *c) {
  return c->in.n - c->r;
}

/* --------------------------------------------------------------- commands */

/* Does the line hold CR, LF or NUL? */
static int unfit (const char *p, size_t n) {
  return n > 0 && (memchr(p, '\r', n) != NULL || memchr(p, '\n', n) != NULL ||
                   memchr(p, '\0', n) != NULL);
}

/*
** Keep a secret, to mask it where the peer repeats it, also without the spaces
** at its ends.
*/
int pop3_client_secret (pop3_client *c, const char *p, size_t n) {
  size_t i = 0, k = n;
  while (i < k && p[i] == ' ') i++;
  while (k > i && p[k - 1] == ' ') k--;
  if (pop3_secret_add(&c->secrets, p, n) != 0) return POP3_ENOMEM;
  return k - i < n ? pop3_secret_add(&c->secrets, p + i, k - i) : 0;
}

/* Are there only spaces after the verb? */
static int is_bare (pop3_span rest) {
  while (rest.n > 0 && rest.p[0] == ' ') rest.p++, rest.n--;
  return rest.n == 0;
}

/* Must the reply to the last command come before another command is sent? */
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
  if (c->settled) return c->err = POP3_EPAUSE;
  pop3_client_drop(c);
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
  pop3_client_drop(c);
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
