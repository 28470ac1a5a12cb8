/*
** server.c - the server's side of a session: commands in, replies out.
**
** The engine checks syntax, state and length, so that the caller gets valid
** commands only, with typed arguments. Bodies are not copied: they are encoded
** into 'out' as it is sent, so that a slow reader costs 'lim->output' octets.
*/
#include <string.h>

#include "../base/buf.h"
#include "dot.h"
#include "journal.h"
#include "session.h"
#include "../base/ascii.h"
#include "../base/secret.h"

#define MAXNUMBER 2147483647  /* no maildrop has more messages */

const pop3_server_limits pop3_server_defaults = { 8192, 262144 };

/*
** A line after AUTH that is not a known command is treated as a SASL response:
** a client that does not wait for the reply may have sent it. It is masked.
*/
enum { NO_SASL, SASL, SASL_REFUSED };

struct pop3_server {
  pop3_mem mem;
  const pop3_server_limits *lim;
  pop3_journal *j;
  uint32_t id;
  unsigned char phase;
  unsigned char overlong;  /* the rest of this line is skipped */
  unsigned char busy;      /* enum pop3_busy */
  unsigned char last;      /* of the body that is being encoded */
  unsigned char mute;      /* the peer does not read: replies are dropped */
  unsigned char wipe;      /* there was a secret in 'in' */
  unsigned char sasl;      /* enum: may what follows be of an exchange? */
  unsigned char exchange;  /* the next line is a response to a challenge */
  unsigned char plain;     /* commands are not checked */
  unsigned char due;       /* a command, or the greeting, has no reply yet */
  unsigned char login;     /* the last command was one of a login */
  pop3_endot enc;
  pop3_buf in;
  size_t r;                /* octets of 'in' that were used */
  size_t seen;             /* octets from there on without a line end */
  pop3_buf out;
  size_t gone;             /* octets of 'out' that were sent */
  pop3_span body;          /* octets that are not encoded yet */
  pop3_buf secrets;        /* of the last login command */
};

pop3_server *pop3_server_new (pop3_mem mem, const pop3_server_limits *lim,
                              pop3_journal *j, uint32_t id) {
  pop3_server *s = (pop3_server *)pop3_alloc(mem, sizeof *s);
  if (s == NULL) return NULL;
  memset(s, 0, sizeof *s);
  s->mem = mem;
  s->lim = lim;
  s->j = j;
  s->id = id;
  s->phase = POP3_GREETING;
  s->due = 1;
  pop3_buf_init(&s->in, mem);
  pop3_buf_init(&s->out, mem);
  pop3_buf_init(&s->secrets, mem);
  return s;
}

void pop3_server_plain (pop3_server *s) {
  s->plain = 1;
}

void pop3_server_free (pop3_server **sp) {
  pop3_server *s = *sp;
  if (s == NULL) return;
  pop3_buf_wipe(&s->in);
  pop3_buf_free(&s->out);
  pop3_buf_wipe(&s->secrets);
  pop3_free(s->mem, s, sizeof *s);
  *sp = NULL;
}

/* ---------------------------------------------------------------- replies */

static size_t pending (const pop3_server *s) {
  return s->out.n - s->gone;
}

/* Room in 'out'. Octets that are sent are removed when that is cheap. */
static int make_room (pop3_server *s, size_t n) {
  if (s->gone == s->out.n) s->gone = s->out.n = 0;
  else if (s->gone > s->out.cap / 2) {
    pop3_buf_shift(&s->out, s->gone);
    s->gone = 0;
  }
  return pop3_buf_room(&s->out, n);
}

/* 'n' octets have just been put after 'out'; they count if the peer reads. */
static void put_done (pop3_server *s, size_t n) {
  if (!s->mute) s->out.n += n;
}

static int put (pop3_server *s, const char *p, size_t n) {
  if (n == 0) return 0;
  if (make_room(s, n) != 0) return POP3_ENOMEM;
  memcpy(s->out.p + s->out.n, p, n);
  put_done(s, n);
  return 0;
}

/* Text; control characters become spaces, so that it stays in its line. */
static int put_text (pop3_server *s, pop3_span t) {
  char *p;
  size_t i;
  if (t.n == 0) return 0;
  if (make_room(s, t.n) != 0) return POP3_ENOMEM;
  p = s->out.p + s->out.n;
  for (i = 0; i < t.n; i++) {
    unsigned char c = (unsigned char)t.p[i];
    p[i] = c < ' ' || c == 0x7f ? ' ' : (char)c;
  }
  put_done(s, t.n);
  return 0;
}

/*
** The line just written, from out[start] on, into the journal, secrets masked
** after its first 'skip' octets.
*/
static int trace_reply (pop3_server *s, size_t start, size_t skip) {
  pop3_buf shown;
  pop3_span line, text;
  int err;
  line.p = s->out.p + start;
  line.n = s->out.n - start;
  if (line.n == 0) return 0;  /* the peer does not read */
  while (line.n > 0 && (line.p[line.n - 1] == '\n' ||
                        line.p[line.n - 1] == '\r')) line.n--;
  if (skip > line.n) skip = line.n;
  text.p = line.p + skip;
  text.n = line.n - skip;
  if (!pop3_secret_in(&s->secrets, text, s->login ? 1 : POP3_SECRET_MIN))
    return pop3_journal_add(s->j, s->id, 'S', line, 0);
  pop3_buf_init(&shown, s->mem);
  err = pop3_buf_add(&shown, line.p, skip);
  if (err == 0) err = pop3_mask_text(&shown, &s->secrets, text, s->login);
  line.p = shown.p;
  line.n = shown.n;
  if (err == 0) err = pop3_journal_add(s->j, s->id, 'S', line, 0);
  pop3_buf_free(&shown);
  return err;
}

int pop3_server_reply (pop3_server *s, int ok, pop3_span code,
                       pop3_span text) {
  size_t start;
  int err = make_room(s, code.n + text.n + 16);
  start = s->out.n;
  if (err == 0) {
    s->due = 0;
    err = ok ? put(s, "+OK", 3) : put(s, "-ERR", 4);
  }
  if (err == 0 && code.n > 0) {
    err = put(s, " [", 2);
    if (err == 0) err = put_text(s, code);
    if (err == 0) err = put(s, "]", 1);
  }
  if (err == 0 && text.n > 0) {
    err = put(s, " ", 1);
    if (err == 0) err = put_text(s, text);
  }
  if (err == 0) err = put(s, "\r\n", 2);
  if (s->sasl != NO_SASL)
    s->sasl = s->phase == POP3_TRANSACTION ? NO_SASL : SASL_REFUSED;
  s->exchange = 0;
  if (err == 0 && s->j != NULL) {
    size_t skip = ok ? 4 : 5;
    if (code.n > 0 && pop3_code_known(code.p, code.n)) skip += code.n + 3;
    err = trace_reply(s, start, skip);
  }
  return err;
}

/* A challenge is written. The journal gets "+ ***". */
static int challenged (pop3_server *s, int err) {
  static const pop3_span plus = { "+ ", 2 };
  if (err == 0 && s->j != NULL)
    err = pop3_journal_add(s->j, s->id, 'S', plus, 1);
  s->exchange = 1;
  return err;
}

int pop3_server_challenge (pop3_server *s, pop3_span text) {
  int err = make_room(s, text.n + 4);
  if (err == 0) err = put(s, "+ ", 2);
  if (err == 0) err = put_text(s, text);
  if (err == 0) err = put(s, "\r\n", 2);
  return challenged(s, err);
}

int pop3_server_rawchallenge (pop3_server *s, pop3_span octets) {
  return challenged(s, put(s, octets.p, octets.n));
}

int pop3_server_secret (pop3_server *s, const char *p, size_t n) {
  s->login = 1;
  return pop3_secret_add(&s->secrets, p, n);
}

int pop3_server_mask (const pop3_server *s, pop3_buf *out, pop3_span text) {
  return pop3_mask_text(out, &s->secrets, text, s->login);
}

static int refuse (pop3_server *s, const char *text) {
  pop3_span none = { NULL, 0 }, t;
  t.p = text;
  t.n = strlen(text);
  return pop3_server_reply(s, 0, none, t);
}

int pop3_server_more (pop3_server *s, const char *p, size_t n) {
  return put(s, p, n);
}

int pop3_server_raw (pop3_server *s, const char *p, size_t n) {
  size_t start;
  if (make_room(s, n) != 0) return POP3_ENOMEM;
  start = s->out.n;
  s->due = 0;
  if (put(s, p, n) != 0) return POP3_ENOMEM;
  if (s->j != NULL && n > 0) {  /* its first line */
    const char *lf = (const char *)memchr(p, '\n', n);
    size_t end = s->out.n, first = lf == NULL ? n : (size_t)(lf - p) + 1;
    int err;
    if (start + first < end) s->out.n = start + first;
    err = trace_reply(s, start, 0);
    s->out.n = end;
    return err;
  }
  return 0;
}

/* ----------------------------------------------------------------- bodies */

int pop3_server_fill (pop3_server *s) {
  while (s->busy == POP3_ENCODING && pending(s) < s->lim->output) {
    size_t used, n, room;
    if (s->body.n == 0) {
      if (!s->last) s->busy = POP3_HUNGRY;
      else {
        if (make_room(s, POP3_ENDOT_TAIL) != 0) return POP3_ENOMEM;
        put_done(s, pop3_endot_end(&s->enc, s->out.p + s->out.n));
        s->busy = POP3_IDLE;
      }
      s->body.p = NULL;
      return 0;
    }
    room = s->lim->output - pending(s) + 64;
    if (room > s->body.n + s->body.n / 32 + 64)
      room = s->body.n + s->body.n / 32 + 64;
    if (make_room(s, room) != 0) return POP3_ENOMEM;
    n = pop3_endot_run(&s->enc, s->out.p + s->out.n, s->out.cap - s->out.n,
                       s->body.p, s->body.n, &used);
    s->body.p += used;
    s->body.n -= used;
    put_done(s, n);
  }
  return 0;
}

int pop3_server_body (pop3_server *s, const char *p, size_t n, int last) {
  if (s->mute) return 0;
  if (s->busy == POP3_IDLE) pop3_endot_init(&s->enc);
  s->body.p = p;
  s->body.n = n;
  s->last = (unsigned char)last;
  s->busy = POP3_ENCODING;
  return pop3_server_fill(s);
}

void pop3_server_mute (pop3_server *s) {
  s->mute = 1;
  s->busy = POP3_IDLE;
  s->body.p = NULL;
  s->body.n = 0;
  s->out.n = s->gone = 0;
}

int pop3_server_busy (const pop3_server *s) {
  return s->busy;
}

pop3_span pop3_server_out (const pop3_server *s) {
  pop3_span o;
  o.n = pending(s);
  o.p = o.n > 0 ? s->out.p + s->gone : "";
  return o;
}

void pop3_server_sent (pop3_server *s, size_t n) {
  s->gone += n;
  if (s->gone >= s->out.n) s->gone = s->out.n = 0;
}

void pop3_server_rest (pop3_server *s) {
  if (s->r == s->in.n) {
    s->in.n = s->r = s->seen = 0;
    if (s->wipe) pop3_buf_wipe(&s->in);
    else pop3_buf_free(&s->in);
    s->wipe = 0;
  }
  if (pending(s) == 0) pop3_buf_free(&s->out);
}

int pop3_server_due (const pop3_server *s) {
  return s->due;
}

int pop3_server_phase (const pop3_server *s) {
  return s->phase;
}

void pop3_server_enter (pop3_server *s, int phase) {
  s->phase = (unsigned char)phase;
}

/* --------------------------------------------------------------- commands */

char *pop3_server_room (pop3_server *s, size_t want, size_t *got) {
  pop3_buf_shift(&s->in, s->r);
  s->r = 0;
  if (pop3_buf_room(&s->in, want > 0 ? want : 1) != 0) return NULL;
  *got = s->in.cap - s->in.n;
  return s->in.p + s->in.n;
}

void pop3_server_filled (pop3_server *s, size_t n) {
  s->in.n += n;
}

int pop3_server_feed (pop3_server *s, const char *p, size_t n) {
  size_t got;
  char *room = pop3_server_room(s, n, &got);
  if (room == NULL) return POP3_ENOMEM;
  if (n > 0) memcpy(room, p, n);
  pop3_server_filled(s, n);
  return 0;
}

size_t pop3_server_unread (const pop3_server *s) {
  return s->in.n - s->r;
}

/*
** Write a command to the journal, without its secret. Secrets of an earlier
** command are masked, but not in USER: the name may be equal to the password.
*/
static int show_command (pop3_server *s, int verb, pop3_span line, int masked) {
  pop3_span rest = line, word = { NULL, 0 };
  pop3_buf b;
  int err;
  if (verb != POP3_V_OTHER) word = pop3_word(&rest);
  if (verb == POP3_V_USER ||
      !pop3_secret_in(&s->secrets, rest, POP3_SECRET_MIN))
    return pop3_journal_add(s->j, s->id, 'C', line, masked);
  pop3_buf_init(&b, s->mem);
  err = pop3_buf_add(&b, word.p, word.n);
  if (err == 0) err = pop3_masked(&b, &s->secrets, rest, POP3_SECRET_MIN);
  line.p = b.p;
  line.n = b.n;
  if (err == 0) err = pop3_journal_add(s->j, s->id, 'C', line, masked);
  pop3_buf_free(&b);
  return err;
}

/* Keep the secret of a login command, for masking; trace the rest. */
static int trace_command (pop3_server *s, int verb, pop3_span line) {
  size_t secret = pop3_verb_secret(verb, line.p, line.n);
  int masked;
  if (verb != POP3_V_OTHER && verb != POP3_V_RESPONSE)
    s->sasl = verb == POP3_V_AUTH && memchr(line.p, ' ', line.n) != NULL
              ? SASL : NO_SASL;
  else if (s->sasl == SASL || verb == POP3_V_RESPONSE ||
           (s->sasl == SASL_REFUSED && memchr(line.p, ' ', line.n) == NULL))
    secret = 0;
  masked = secret < line.n || verb == POP3_V_RESPONSE;
  if (masked) s->wipe = 1;
  s->login = masked || (pop3_verb_row(verb)->flags & POP3_VF_LOGIN) != 0;
  if (masked && !pop3_no_secret(line.p + secret, line.n - secret)) {
    if (verb != POP3_V_RESPONSE && s->secrets.p != NULL)
      pop3_buf_wipe(&s->secrets);
    if (pop3_secret_add(&s->secrets, line.p + secret, line.n - secret) != 0)
      return POP3_ENOMEM;
  }
  if (s->j == NULL) return 0;
  line.n = secret;
  if (verb != POP3_V_RESPONSE) s->j->count[verb]++;
  return show_command(s, verb, line, masked);
}

/* Trace an overlong line, of which 'p' has the start: only its verb. */
static int trace_overlong (pop3_server *s, const char *p, size_t n) {
  char shown[16];
  pop3_span line, word;
  line.p = p;
  line.n = n;
  word = pop3_word(&line);
  if (s->exchange || pop3_verb_find(word.p, word.n) == POP3_V_OTHER)
    word.n = 0;
  memcpy(shown, word.p, word.n);
  memcpy(shown + word.n, " ...", 4);
  line.p = shown;
  line.n = word.n + 4;
  return s->j == NULL ? 0 : pop3_journal_add(s->j, s->id, 'C', line, 0);
}

/*
** The next line that is not too long: 1 with its octets (writable, good
** until more is read), 0 if no whole line came, or POP3_ENOMEM. An overlong
** line is skipped and answered with one -ERR; where a response is expected, it
** is returned as NULL.
*/
static int take_line (pop3_server *s, char **line, size_t *len) {
  for (;;) {
    char *p, *lf;
    size_t n = s->in.n - s->r, k;
    if (n == 0) return 0;  /* there may be no storage yet */
    p = s->in.p + s->r;
    lf = (char *)memchr(p + s->seen, '\n', n - s->seen);
    k = lf == NULL ? n : (size_t)(lf - p);
    if (k > 0 && p[k - 1] == '\r') k--;
    if (!s->overlong && k > s->lim->line) {
      s->overlong = 1;
      if (trace_overlong(s, p, k) != 0) return POP3_ENOMEM;
    }
    s->seen = lf == NULL && !s->overlong ? n : 0;
    if (lf == NULL && !s->overlong) return 0;
    s->r += lf == NULL ? n : (size_t)(lf - p) + 1;
    if (!s->overlong) {
      *line = p;
      *len = k;
      return 1;
    }
    if (lf == NULL) return 0;
    s->overlong = 0;
    if (s->exchange) {
      *line = NULL;
      *len = 0;
      return 1;
    }
    if (refuse(s, "line too long") != 0) return POP3_ENOMEM;
  }
}

static int message_number (pop3_span s, int64_t *n) {
  uint64_t u;
  if (!pop3_number(s.p, s.n, MAXNUMBER, &u) || u == 0) return 0;
  *n = (int64_t)u;
  return 1;
}

/* Remove one space at the start; 0: it does not begin with a space. */
static int skip_space (pop3_span *s) {
  if (s->n == 0 || s->p[0] != ' ') return 0;
  s->p++;
  s->n--;
  return 1;
}

/* Two words, the second being the rest of the line. */
static int take_two (pop3_command *cmd, pop3_span rest) {
  cmd->first = pop3_word(&rest);
  if (cmd->first.n == 0) return 0;
  if (!skip_space(&rest)) return 1;
  cmd->second = rest;
  return 1;
}

/* Read the arguments by their type; 'given': there are some. */
static int take_args (pop3_command *cmd, int args, int given, pop3_span rest) {
  pop3_span word = rest;
  uint64_t u;
  switch (args) {
    case POP3_A_NONE: return !given;
    case POP3_A_TEXT: cmd->first = rest; return rest.n > 0;
    case POP3_A_REST: cmd->first = rest; return 1;
    case POP3_A_MSG: return message_number(rest, &cmd->number);
    case POP3_A_MSGOPT:
      return !given || message_number(rest, &cmd->number);
    case POP3_A_TOP:
      rest = pop3_word(&word);
      if (!message_number(rest, &cmd->number) || !skip_space(&word) ||
          !pop3_number(word.p, word.n, MAXNUMBER, &u)) return 0;
      cmd->lines = (int64_t)u;
      return 1;
    case POP3_A_TWO: return take_two(cmd, rest) && cmd->second.n > 0;
    default: return !given || take_two(cmd, rest);  /* MECH */
  }
}

/* Read a line: 1 if it is a command for the caller, 0 if it was answered. */
static int take_command (pop3_server *s, char *p, size_t n,
                         pop3_command *cmd) {
  pop3_span line, rest, word;
  const pop3_verb *v;
  size_t i;
  int given;
  line.p = p;
  line.n = n;
  rest = line;
  word = pop3_word(&rest);
  memset(cmd, 0, sizeof *cmd);
  cmd->verb = pop3_verb_find(word.p, word.n);
  cmd->name = word;
  cmd->number = cmd->lines = -1;
  if (trace_command(s, cmd->verb, line) != 0) return POP3_ENOMEM;
  if (s->plain) {
    skip_space(&rest);
    cmd->first = rest;
    cmd->second = line;
    return 1;
  }
  for (i = 0; i < word.n; i++) p[i] = pop3_upper(p[i]);
  if (word.n == 0) return refuse(s, "no command");
  v = pop3_verb_row(cmd->verb);
  if ((v->phases & (1 << s->phase)) == 0)
    return refuse(s, "command not valid in this state");
  given = skip_space(&rest);
  if (!take_args(cmd, v->args, given, rest))
    return refuse(s, v->args == POP3_A_NONE ? "no arguments expected"
                                            : "invalid arguments");
  return 1;
}

/* The response to a challenge; 'p' is NULL if it was too long. */
static int take_response (pop3_server *s, const char *p, size_t n,
                          pop3_command *cmd) {
  memset(cmd, 0, sizeof *cmd);
  cmd->verb = POP3_V_RESPONSE;
  cmd->name.p = "+";
  cmd->name.n = 1;
  cmd->number = cmd->lines = -1;
  cmd->first.p = p;
  cmd->first.n = n;
  s->exchange = 0;
  return p == NULL || trace_command(s, cmd->verb, cmd->first) == 0
         ? 1 : POP3_ENOMEM;
}

int pop3_server_next (pop3_server *s, pop3_command *cmd) {
  char *line;
  size_t n;
  int got = 0;
  while (got == 0) {
    if (s->busy != POP3_IDLE || pending(s) >= s->lim->output ||
        (s->phase != POP3_AUTHORIZATION && s->phase != POP3_TRANSACTION))
      return 0;
    got = take_line(s, &line, &n);
    if (got <= 0) return got;
    got = s->exchange ? take_response(s, line, n, cmd)
                      : take_command(s, line, n, cmd);
  }
  if (got == 1) s->due = 1;
  return got;
}
