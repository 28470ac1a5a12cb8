/*
** client_reply.c - the replies of a client session: it makes events of the octets
** that came. See client_state.h for the buffer.
*/
#include <string.h>

#include "../base/ascii.h"
#include "../base/secret.h"
#include "client_state.h"
#include "status.h"

#define TEXT_MAX (16 * 1024 * 1024)  /* octets of a body without a message */
#define DEFECTS 100  /* bad lines of a listing that are always allowed */

/* The one place where a reply changes the phase (RFC 1939 section 3). */
static void advance (pop3_client *c, int verb, int ok) {
  int then = pop3_verb_row(verb)->then;
  if (then == 0 || c->phase == POP3_ENDED) return;
  if (ok || verb == POP3_V_QUIT) c->phase = then;
  else if (verb == POP3_V_GREETING) c->phase = POP3_ENDED;
}

/* The reply to the first command of the queue is complete. */
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
  if (n == 0) return 0;
  p = pop3_client_at(c, from);
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

/*
** Mask the secrets that a status line repeats after its first 'skip' octets,
** make it 'readable', and trace it. '*line' then is what may be shown; it is in
** one of the two buffers of 'c'.
*/
static int show_status (pop3_client *c, int verb, pop3_span *line, size_t skip,
                        int readable) {
  int login = (pop3_verb_row(verb)->flags & POP3_VF_LOGIN) != 0;
  char *p = pop3_client_at(c, c->r);
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
  if (readable) pop3_status_clean(p, line->n);
  return c->j == NULL ? 0 : pop3_journal_add(c->j, 0, 'S', *line, 0);
}

pop3_span pop3_client_culprit (const pop3_client *c) {
  pop3_span s;
  s.p = c->text.p;
  s.n = c->err == POP3_ESTATUS || c->err == POP3_EUNASKED ? c->text.n : 0;
  return s;
}

/*
** Did unsolicited octets come? An empty line is allowed, as it is before a reply:
** some servers send CR LF CR LF at the end of a body.
*/
static int is_unasked (const pop3_client *c) {
  size_t n = c->in.n - c->r;
  const char *p;
  if (n == 0) return 0;
  if (c->skipped || n > 2) return 1;
  p = pop3_client_at(c, c->r);
  if (n == 2) return p[0] != '\r' || p[1] != '\n';
  return p[0] != '\r' && p[0] != '\n';
}

/* Keep the unexpected line, for 'pop3_client_culprit'. Returns the error. */
static int keep_unasked (pop3_client *c) {
  pop3_span line;
  const char *lf;
  line.p = pop3_client_at(c, c->r);
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

/* Do the octets that came form one whole line that begins with -ERR? */
static int is_last_words (const pop3_client *c) {
  size_t n = c->in.n - c->r;
  const char *p = pop3_client_at(c, c->r);
  return n > 5 && memcmp(p, "-ERR", 4) == 0 && p[4] == ' ' &&
         memchr(p, '\n', n) == p + n - 1;
}

int pop3_client_quiet (pop3_client *c) {
  if (c->err != 0) return c->err;
  if (!is_unasked(c)) return 0;
  if (is_last_words(c)) return 1;
  return c->err = keep_unasked(c);
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

/*
** An empty line where a reply is due is skipped, once for each reply, but not while
** several commands are outstanding: it may be in place of a reply, and each later
** reply would be taken for that of the previous command.
*/
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
  if (got > 0 && line.n == 0 && !c->skipped && a->verb != POP3_V_GREETING &&
      c->qn == 1) {
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
  got = pop3_status_read(ev, line);
  if (got == 0 && ev->ok && a->verb == POP3_V_AUTH &&
      a->shape == POP3_S_LINE && !c->responded) {
    line.n = 0;
    return take_challenge(c, ev, line, next);
  }
  c->challenged = 0;
  if (got == 0 && ev->ok && a->shape != POP3_S_LINE &&
      pop3_status_bare_cr(line))
    got = POP3_ESTATUS;
  plain = ev->text;
  skip = got == 0 ? (size_t)(plain.p - line.p) : 0;
  code = got == 0 ? pop3_status_code(plain) : 0;
  if (code > 0) {
    const char *end = (const char *)memchr(plain.p, ']', code);
    if (pop3_code_known(plain.p + 1, (size_t)(end - plain.p) - 1))
      shield = code;
  }
  shown = pop3_client_at(c, c->r);
  if (show_status(c, a->verb, &line, skip + shield, got == 0) != 0)
    return POP3_ENOMEM;
  if (got != 0) {  /* keep it for 'pop3_client_culprit' */
    if (line.p == c->text.p) return got;
    c->text.n = 0;
    return pop3_buf_add(&c->text, line.p, line.n) != 0 ? POP3_ENOMEM : got;
  }
  if (line.p == c->text.p) shown = c->text.p;
  ev->text.p = line.p + skip;
  ev->text.n = line.n - skip;
  pop3_status_take_code(ev, shown + skip, pop3_status_code(ev->text));
  ev->more = ev->ok && a->shape != POP3_S_LINE;
  ev->shape = a->shape;
  ev->body = a->body;
  if (ev->ok && !ev->more &&
      (pop3_verb_row(a->verb)->flags & POP3_VF_NUMBERS) != 0)
    pop3_status_numbers(ev, plain);
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
  else {  /* after the list of mechanisms (AUTH alone) the state is the same */
    advance(c, a->verb, ev->ok);
    answered(c);
  }
  return 1;
}

/*
** One line "number value" of a listing: an ENTRY, or a DEFECT where one of the
** two is missing or wrong. Servers lose the index file of a message, or have a
** negative size for it; the other lines are still valid. ENTRY as an error when
** more lines are bad than good: then it is not a listing. Neither is a body without
** any message number.
*/
static int take_entry (pop3_client *c, pop3_event *ev, int verb,
                       pop3_span line) {
  memset(ev, 0, sizeof *ev);
  ev->type = POP3_EV_ENTRY;
  ev->verb = verb;
  pop3_status_numbers(ev, line);
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
** The rest of this body is dropped; 'n' octets of it came already. They count
** in the same way for all splits of the body.
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

/* Un-stuff the octets that came, after 'plain'. */
static void undot (pop3_client *c, const ask *a) {
  size_t used = 0, n = 0;
  if (c->r < c->in.n)
    n = pop3_undot_run(&c->dot, pop3_client_at(c, c->w),
                       pop3_client_at(c, c->r), c->in.n - c->r, &used);
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
  ev->data.p = pop3_client_at(c, c->body);
  ev->data.n = c->w - c->body;
  c->handed = 1;
  c->inbody = 0;
  c->seen = 0;
  answered(c);
  return 1;
}

/* The next event of a body: 1, 0 if more octets are needed, or an error. */
static int next_body (pop3_client *c, ask *a, pop3_event *ev) {
  int got;
  if (!c->dot.done) undot(c, a);
  if (a->shape == POP3_S_LISTING && !a->dropped) {
    got = next_entry(c, a, ev);
    if (got != 0) return got;
    if (c->dot.done && (c->body < c->w || (c->junk && c->entries ==
                                           c->anonymous)))
      c->bodyerr = POP3_EENTRY;  /* it is not a listing */
  }
  else if (a->mode == POP3_STREAM && c->w > c->body) {
    memset(ev, 0, sizeof *ev);
    ev->type = POP3_EV_DATA;
    ev->verb = a->verb;
    ev->data.p = pop3_client_at(c, c->body);
    ev->data.n = c->w - c->body;
    c->handed = 1;
    return 1;
  }
  if (c->drained > c->lim.drain) return POP3_EDRAIN;
  return c->dot.done ? end_body(c, a, ev) : 0;
}

int pop3_client_next (pop3_client *c, pop3_event *ev) {
  int got = 0;
  pop3_client_drop(c);
  while (c->err == 0 && c->qn > 0) {
    ask a = c->q[c->qhead];
    got = c->inbody ? next_body(c, &a, ev) : next_status(c, &a, ev);
    if (got == 0) break;
    if (got < 0) return c->err = got;
    if (!a.dropped) return 1;
    pop3_client_drop(c);
  }
  if (c->err != 0) return c->err;
  if (c->eof && c->phase == POP3_ENDED && c->qn == 0) return 0;
  return c->eof ? (c->err = POP3_ECLOSED) : 0;
}
