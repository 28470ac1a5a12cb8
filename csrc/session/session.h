/*
** session.h - POP3 sessions, both sides of them, without any input or output.
**
** A client session and a server session are engines. Neither opens, reads,
** writes or waits. Octets that came from the peer go in ('room' and 'filled',
** or 'feed'), events come out ('next'), octets for the peer come out ('out'),
** and the caller says how many of them are sent ('sent'). The caller keeps the
** control flow; there are no callbacks.
**
**      peer --> room/filled --> next --> events
**      peer <-- out/sent   <-- ask, reply <-- caller
**
** One thread at a time may use an engine; there is no global state.
** Functions that can fail return 0 (or a count) on success and a negative
** POP3_E code on failure. An error that "sticks" is returned by every later
** call.
**
** States
** ------
** Both sessions go through the states of RFC 1939:
**
**                +OK               login               QUIT
**      GREETING -----> AUTHORIZATION ----> TRANSACTION -----> UPDATE
**         |             ^  |       |                            |
**         |             +--+       | QUIT                       | its reply
**         | -ERR        STLS       v                            v
**         +--------------------> ENDED <------------------------+
**
**   state           the client is in it
**   GREETING        before the server's first line
**   AUTHORIZATION   after a +OK greeting
**   TRANSACTION     after +OK to PASS, APOP or AUTH
**   UPDATE          from QUIT in TRANSACTION to its reply
**   ENDED           after that reply, or after a -ERR greeting
**
** The server is in the state that its caller entered last ('enter').
**
** Within a state, each session waits for one thing:
**
**   client   IDLE         no command is under way: 'ask'
**            STATUS       the status line of the first command under way
**            BODY         more of its body, up to the terminator
**            CHALLENGED   'answer': AUTH goes on (RFC 5034)
**            BROKEN       nothing: an error sticks
**   server   LINE         the next command
**            RESPONSE     the client's response to 'challenge'
**            REPLY        'reply', 'challenge' or 'raw': a command was handed
**            out ENCODING     that the octets of a body be sent
**            HUNGRY       'body': more of a body
**
** Rules
** -----
**   - The table in verb.c says which command is valid in which state, the form
**     of its reply and the state after it. No other code repeats it. The client
**     refuses a command that is not valid (STATE), the server answers -ERR.
**   - One function of the client moves it to another state ('advance'). Only its
**     caller moves the server, since it knows whether the login was right.
**   - Commands may be pipelined (RFC 2449 section 6.6); replies are matched in
**     their order. Nothing can be asked after STLS or AUTH before its reply.
**   - Octets that are unread after the +OK of STLS came before TLS began. Both
**     callers must refuse the connection then ('unread').
**   - A body ends at its terminator, never at a size that the server announced.
**   - A limit or a malformed line in a body ends that body with an error, and
**     the session goes on; in a status line it ends the session.
**
** Known weaknesses
** ----------------
**   - An unsolicited reply is noticed if it comes before the next command is sent
**     ('quiet'). If it comes later, it is taken for the reply to that command:
**     POP3 has no tags.
**   - After an unknown verb, only the caller knows whether a body follows.
**   - A server that ends its lines with LF alone is recognised by its status
**     line or by the lines of the body, as dot.h says; a body that mixes both
**     is not.
*/
#ifndef POP3_SESSION_H
#define POP3_SESSION_H

#include "../base/base.h"

/* ---------------------------------------------------------------- verbs */

/* Session states of RFC 1939; GREETING is before the server has spoken. */
enum pop3_phase {
  POP3_GREETING, POP3_AUTHORIZATION, POP3_TRANSACTION, POP3_UPDATE, POP3_ENDED
};

/* The arguments of a command. */
enum pop3_args {
  POP3_A_NONE,    /* nothing */
  POP3_A_TEXT,    /* the rest of the line, spaces and all */
  POP3_A_REST,    /* the same, may be absent */
  POP3_A_MSG,     /* a message number */
  POP3_A_MSGOPT,  /* a message number, may be absent */
  POP3_A_TOP,     /* a message number and a count of lines */
  POP3_A_TWO,     /* a word and the rest of the line */
  POP3_A_MECH     /* a word, may be absent, and the rest, may be absent */
};

/* The form of a +OK reply. */
enum pop3_shape {
  POP3_S_LINE,     /* the status line */
  POP3_S_BODY,     /* a body follows */
  POP3_S_LISTING   /* a body of lines "number value" follows */
};

/* Other properties of a verb, bits. */
enum pop3_verb_flags {
  POP3_VF_LOGIN = 1,    /* part of a login: its reply may repeat a secret */
  POP3_VF_TURN = 2,     /* no command may follow before its reply came, since
                           TLS or a SASL exchange may begin after it */
  POP3_VF_MAIL = 4,     /* the body is a message or a part of one */
  POP3_VF_NUMBERS = 8,  /* a +OK without a body begins with two numbers */
  POP3_VF_UID = 16      /* of these, the second is a unique-id */
};

/*
** One row of the table of verbs. It is the only place that says how a verb
** behaves: both engines and, as 'core.verbs', all Lua code read it. To add a
** verb, add its row and its id.
*/
typedef struct pop3_verb {
  const char *name;
  unsigned char args;    /* enum pop3_args */
  unsigned char bare;    /* enum pop3_shape of the +OK without an argument */
  unsigned char full;    /* and with an argument */
  unsigned char phases;  /* bits 1 << enum pop3_phase where it is valid */
  unsigned char then;    /* phase after +OK; 0: it does not change */
  unsigned char secret;  /* the first secret argument: 1, 2, or 0: none */
  unsigned char flags;   /* enum pop3_verb_flags */
  const char *capa;      /* the capability that announces it (RFC 2449, 2595,
                            5034, 6856); NULL: it is always there */
} pop3_verb;

enum pop3_verb_id {
  POP3_V_APOP, POP3_V_AUTH, POP3_V_CAPA, POP3_V_DELE, POP3_V_LANG,
  POP3_V_LIST, POP3_V_NOOP, POP3_V_PASS, POP3_V_QUIT, POP3_V_RETR,
  POP3_V_RSET, POP3_V_STAT, POP3_V_STLS, POP3_V_TOP, POP3_V_UIDL,
  POP3_V_USER, POP3_V_UTF8,
  POP3_V_OTHER,     /* a verb that is not in the table */
  POP3_V_GREETING,  /* no verb: the server's first line */
  POP3_V_RESPONSE   /* no verb: the client's answer to a challenge */
};

/* The row of a verb; ids from OTHER on have a row without a name. */
const pop3_verb *pop3_verb_row (int id);

/* The id of the verb p[0 .. n), whatever its case; POP3_V_OTHER if new. */
int pop3_verb_find (const char *p, size_t n);

/*
** Where the secret of a command line of that verb begins, or 'n' when it
** has no secret. Traces mask everything from there on.
*/
size_t pop3_verb_secret (int id, const char *p, size_t n);

/* --------------------------------------------------------------- client */

typedef struct pop3_client pop3_client;

struct pop3_journal;
struct pop3_buf;

/*
** Limits; each is inclusive, and enforced while reading.
*/
typedef struct pop3_client_limits {
  size_t line;       /* octets of a status or listing line, without its end;
                        8192: RFC 2449 says 512, servers send more */
  size_t listing;    /* entries of a listing; 4194304: a maildrop of 20 years
                        of a busy list has less */
  uint64_t message;  /* octets of one body; no limit */
  uint64_t drain;    /* octets dropped to stay in step after a body that is
                        not wanted; 16 MiB: most mail, in little time */
} pop3_client_limits;

extern const pop3_client_limits pop3_client_defaults;

/*
** Octets of a command, without its end. RFC 2449 allows 255, RFC 5034 more for
** a login; no known server accepts as many as this.
*/
#define POP3_COMMAND_MAX 65536

/* How the body of a reply is handed out. */
enum pop3_mode {
  POP3_WHOLE,   /* in one piece with END */
  POP3_STREAM   /* in pieces, as they come, with DATA; then END */
};

enum pop3_event_type {
  POP3_EV_REPLY,   /* a status line; 'more' when a body follows */
  POP3_EV_CHALLENGE,  /* AUTH goes on: 'text' is base64, to be answered; 'ok'
                         when it was a +OK before any response, which counts
                         as an empty challenge and never as a login */
  POP3_EV_DATA,    /* octets of a streamed body */
  POP3_EV_ENTRY,   /* one line of a LIST or UIDL listing */
  POP3_EV_DEFECT,  /* a line of a listing that lacks its number or its value */
  POP3_EV_END      /* the body has ended */
};

/* 'valid' of an event: which of the two of "number value" are there. */
enum { POP3_NUMBER = 1, POP3_VALUE = 2 };

typedef struct pop3_event {
  int type;
  int verb;         /* of the command that is answered */
  int ok;           /* REPLY: it was +OK */
  int more;         /* REPLY: a body follows */
  int shape;        /* REPLY with 'more', END: what the body is */
  int body;         /* the same two: 'body' of the command */
  int mode;         /* END: how the body was handed out */
  int err;          /* END: 0, or why the body is not whole; REPLY: ENTRY
                       when a +OK lacks the numbers that it must hold */
  int valid;        /* ENTRY, DEFECT, REPLY to STAT, LIST n, UIDL n */
  pop3_span text;   /* REPLY: the text without its response code and without
                       control characters; DEFECT: the line as it came */
  pop3_span code;   /* REPLY: the response code, upper case, p NULL if none */
  pop3_span data;   /* DATA; END of a WHOLE body; ENTRY of UIDL, REPLY to
                       UIDL n: the unique-id */
  uint64_t number;  /* ENTRY, and REPLY to LIST n, UIDL n: the message number
                       (0 if UIDL n was answered without it); REPLY to STAT:
                       the count; END of a listing: its lines with a number */
  uint64_t octets;  /* ENTRY of LIST, REPLY to STAT, LIST n: the size;
                       END: octets of the body */
} pop3_event;

/*
** NULL when there is no memory. 'lim' is copied. Commands and status lines
** go to 'j', secrets masked, unless it is NULL.
*/
pop3_client *pop3_client_new (pop3_mem mem, const pop3_client_limits *lim,
                              struct pop3_journal *j);
void pop3_client_free (pop3_client **c);

/*
** Room for at least 'want' octets from the peer; '*got' is how many fit.
** NULL when there is no memory. 'filled' then says how many came. The data of
** the last event is not valid after 'room'. 'feed' is both with a copy; 'eof'
** says that the peer has closed.
*/
char *pop3_client_room (pop3_client *c, size_t want, size_t *got);
void  pop3_client_filled (pop3_client *c, size_t n);
int   pop3_client_feed (pop3_client *c, const char *p, size_t n);
void  pop3_client_eof (pop3_client *c);

/*
** The storage of a large body, or of a piece of one, may become the caller's, so that
** it is not copied. 'front', before any octets: how many octets the caller needs before
** a body. 'take', after END of a whole body or after DATA: a block of '*size' octets,
** which are those, the data of the event, and one more; the caller frees it by the
** allocator of the session. The data of the event is not valid then. NULL if a copy
** costs less or there is no memory; then nothing has changed.
*/
void  pop3_client_front (pop3_client *c, size_t n);
char *pop3_client_take (pop3_client *c, size_t *size);

/*
** Send a command, without its CRLF. Many may be under way at once; replies
** come in their order. 'body' says that +OK is followed by a body when the
** verb is not in the table, and makes a listing a body like any. Errors,
** nothing being sent: ARG, LONG, STATE, or the one that stuck; and when no
** command is under way, what 'pop3_client_quiet' says, 1 too.
*/
int pop3_client_ask (pop3_client *c, const char *line, size_t n, int body,
                     int mode);

/*
** Answer a challenge of AUTH: base64, or "*" to give up (RFC 5034 section 4).
** STATE without a challenge. While AUTH or STLS is under way no other command
** can be asked for: a command after them belongs to another state.
*/
int pop3_client_answer (pop3_client *c, const char *p, size_t n);

/*
** The next event: 1 with '*ev' set, 0 when more octets are needed, or an
** error, which sticks: the connection cannot be used any more. The data of 'ev'
** is valid until the next call.
*/
int pop3_client_next (pop3_client *c, pop3_event *ev);

/* One more secret to mask in replies, besides those in commands. */
int pop3_client_secret (pop3_client *c, const char *p, size_t n);

/* Commands whose replies have not ended. */
size_t pop3_client_asked (const pop3_client *c);

/*
** Read and drop the replies to all outstanding commands, at most 'drain' octets
** of them; they give no events.
*/
void pop3_client_discard (pop3_client *c);

/* The octets to send, 'n' 0 if there are none; 'sent': 'n' of them are sent. */
pop3_span pop3_client_out (const pop3_client *c);
void      pop3_client_sent (pop3_client *c, size_t n);

int pop3_client_phase (const pop3_client *c);

/*
** The line that is not a POP3 reply, after POP3_ESTATUS, or the unsolicited line,
** after POP3_EUNASKED; secrets are masked.
*/
pop3_span pop3_client_culprit (const pop3_client *c);

/*
** To be called when no reply can be due: the next command is not sent yet, or a
** challenge waits for its answer. Returns 0 if no octets came. UNASKED if octets
** came, which sticks: a second reply to the previous command would become the
** reply to the next one, and a refused DELE would succeed. It checks only octets
** that were fed. One empty line is allowed, as it is before the reply to the only
** outstanding command. 1 if the octets are one line -ERR, the server's reason to
** end the session; it becomes the reply to the next command, and the session is to
** be closed after it.
*/
int pop3_client_quiet (pop3_client *c);

/*
** Does the body end in a line of one dot after a bare LF that may be its terminator
** (see dot.h), while no other command is outstanding? 'settle' takes that line as
** the end: 1, and 'next' has the event. Call it after a pause. It also ends the
** session: if the rest of the body came later, it would answer the next command. So
** every later command is POP3_EPAUSE.
*/
int pop3_client_doubtful (const pop3_client *c);
int pop3_client_settle (pop3_client *c);

/* Octets that came and are not part of any event yet. */
size_t pop3_client_unread (const pop3_client *c);

/* --------------------------------------------------------------- server */

typedef struct pop3_server pop3_server;

typedef struct pop3_server_limits {
  size_t line;    /* octets of a command line, without its end; 8192: RFC 2449
                     asks for 255, long tokens and names need more */
  size_t output;  /* octets of replies encoded ahead of the reader; 262144:
                     fills a fast link, bounds a slow reader's memory */
} pop3_server_limits;

extern const pop3_server_limits pop3_server_defaults;

typedef struct pop3_command {
  int verb;          /* enum pop3_verb_id */
  pop3_span name;    /* the verb in upper case, as it came in a plain session */
  int64_t number;    /* message number, -1 without a number */
  int64_t lines;     /* of TOP, else -1 */
  pop3_span first;   /* first word of TWO and MECH; TEXT and REST: the rest */
  pop3_span second;  /* what follows it; p NULL if there is nothing; in a plain
                        session all of the line */
} pop3_command;

/*
** NULL when there is no memory. 'lim' is not copied: it must live as long. The
** lines of the session go to 'j', unless it is NULL, with the number 'id'.
*/
pop3_server *pop3_server_new (pop3_mem mem, const pop3_server_limits *lim,
                              struct pop3_journal *j, uint32_t id);
void pop3_server_free (pop3_server **s);

/*
** From now on the engine refuses overlong lines only. It hands out each command
** in any state, as a verb and, in 'first', the rest of its line.
*/
void pop3_server_plain (pop3_server *s);

char *pop3_server_room (pop3_server *s, size_t want, size_t *got);
void  pop3_server_filled (pop3_server *s, size_t n);
int   pop3_server_feed (pop3_server *s, const char *p, size_t n);

/*
** The next command: 1 with '*cmd' set, 0 when more octets are needed or
** replies must be sent first (see 'output'), or POP3_ENOMEM. Lines that are
** wrong in syntax, state or length are answered here and not handed out. After
** 1 the caller must reply before the next call.
*/
int pop3_server_next (pop3_server *s, pop3_command *cmd);

/*
** A reply's status line: "+OK" or "-ERR", "[code] " if there is one, text.
** Control characters in 'code' and 'text' become spaces.
*/
int pop3_server_reply (pop3_server *s, int ok, pop3_span code, pop3_span text);

/*
** In place of a reply, a challenge of a SASL exchange: "+ " and base64. The
** client's next line is its response, not a command. It is handed out with the
** verb RESPONSE: 'first' is the line, p NULL if it was too long. More
** challenges may follow; the exchange ends with a reply.
*/
int pop3_server_challenge (pop3_server *s, pop3_span text);

/* The same, by octets that are sent unchanged, with "+" and line end. */
int pop3_server_rawchallenge (pop3_server *s, pop3_span octets);

/* One more secret to mask in the next reply, besides those in commands. */
int pop3_server_secret (pop3_server *s, const char *p, size_t n);

/* Append a text; the secrets of the last login are masked as in its reply. */
int pop3_server_mask (const pop3_server *s, struct pop3_buf *out,
                      pop3_span text);

/*
** The body of the reply, or a piece of it. The octets must stay where they are
** until 'pop3_server_busy' returns IDLE or HUNGRY: they are encoded as they are
** sent. 'last' 0 means that more pieces follow; the terminator comes after the
** last.
*/
int pop3_server_body (pop3_server *s, const char *p, size_t n, int last);

/* ENCODING: a body is not encoded to its end. HUNGRY: pieces must follow. */
enum pop3_busy { POP3_IDLE, POP3_ENCODING, POP3_HUNGRY };
int pop3_server_busy (const pop3_server *s);

/* Octets that are sent unchanged, in place of a reply. */
int pop3_server_raw (pop3_server *s, const char *p, size_t n);

/* More of them; these do not go to the journal. */
int pop3_server_more (pop3_server *s, const char *p, size_t n);

/*
** The client no longer reads, but the commands that came are still executed: drop
** all replies from now on.
*/
void pop3_server_mute (pop3_server *s);

/* The octets to send. 'fill' encodes more of a body, up to the limit. */
int       pop3_server_fill (pop3_server *s);
pop3_span pop3_server_out (const pop3_server *s);
void      pop3_server_sent (pop3_server *s, size_t n);

/* Free the memory that an idle session does not need. */
void pop3_server_rest (pop3_server *s);

/* Has the last command, or the connection, had no reply yet? */
int  pop3_server_due (const pop3_server *s);
int  pop3_server_phase (const pop3_server *s);
void pop3_server_enter (pop3_server *s, int phase);

/* Octets that came and are not a complete command yet. */
size_t pop3_server_unread (const pop3_server *s);

#endif
