/*
** dot.h - the body of a multi-line reply, to the wire and back.
**
** RFC 1939 section 3: every line ends in CRLF, a line that begins with a dot
** gets a second one, and a line of one dot ends the body. Nothing else is
** changed: the CRLF before the final dot belongs to the last line, so the stored
** octets arrive.
*/
#ifndef POP3_DOT_H
#define POP3_DOT_H

#include "session.h"

/*
** From the wire: which line ends count. A terminator or a stuffed dot is found
** only at the start of a line.
**
** STRICT: CRLF ends a line, a bare LF does not. A message may hold LF dot CRLF,
** which is not its end (RFC 1939 section 3), however long the connection stalls
** after it.
**
** LOOSE: a bare LF ends a line, too. For a server that ended the status line
** so.
**
** AUTO: STRICT, unless all lines of the body so far ended in a bare LF, and
** they are two at least: then it is LOOSE. Some servers end their own lines in
** CRLF and send bodies as they are stored. A message of theirs has two lines
** before any line with a dot (a field, and the empty line after the header),
** and it has no CRLF. A message of a correct server has CRLFs, and the first
** one makes the body STRICT to its end. So does a line of a dot that comes too
** early to be the terminator of such a server, if more follows it. The decision
** never depends on how the octets were cut.
**
** In AUTO, such an early line of one dot is not taken while no octets follow it: it
** is 'doubtful'. If octets follow, it is text. After a pause without octets, it is
** the terminator of an empty message or of a message of one line; see
** 'pop3_undot_settle'. This cannot cut a message of a correct server: its first
** line, a field that the server adds, ends in CRLF. A body with a CRLF is never
** doubtful: a sender could put lines of one dot after bare LFs into it, and a
** connection that stalls at one of them would cut the message.
**
** LISTING: LOOSE, and CR CR LF ends a line, too: no line of a listing contains a
** CR or LF. Some servers translate LF to CRLF twice.
*/
enum pop3_undot_mode {
  POP3_UNDOT_STRICT, POP3_UNDOT_LOOSE, POP3_UNDOT_AUTO, POP3_UNDOT_LISTING
};

/* One for each body; see 'pop3_undot_init'. */
typedef struct pop3_undot {
  unsigned char state;  /* see dot.c */
  unsigned char mode;   /* AUTO becomes STRICT */
  unsigned char done;   /* the terminator has been passed */
  unsigned char lines;  /* AUTO: lines so far that ended in LF, at most 2 */
  unsigned char doubtful;  /* all untaken octets are a line of one dot */
} pop3_undot;

void pop3_undot_init (pop3_undot *d, int mode);

/*
** Take octets of src[0 .. n) and move the plain ones to 'dst', which may be
** 'src' or lie anywhere before it. Returns how many were put there; '*used'
** is how many were taken. Up to three octets at the end stay untaken while
** they may become the terminator: call again with them and more. After the
** terminator 'done' is set, and the octets after it stay untaken.
*/
size_t pop3_undot_run (pop3_undot *d, char *dst, char *src, size_t n,
                       size_t *used);

/*
** After a pause without octets: take the doubtful ones as the terminator. 1 if
** there are any; then 'done' is set.
*/
int pop3_undot_settle (pop3_undot *d);

/*
** To the wire. Bare LFs become CRLF on the way, so that any text makes a
** correct body; mail in canonical form passes unchanged, except for the dots.
*/
typedef struct pop3_endot {
  unsigned char state;
} pop3_endot;

void pop3_endot_init (pop3_endot *e);

/*
** Encode from src[0 .. n) into dst[0 .. cap), cap at least 3. Returns octets
** written; '*used' octets were taken, less than 'n' only when 'dst' is full.
*/
size_t pop3_endot_run (pop3_endot *e, char *dst, size_t cap, const char *src,
                       size_t n, size_t *used);

/* The end: a CRLF if the last line lacks one, and the dot. At most 5. */
#define POP3_ENDOT_TAIL 5
size_t pop3_endot_end (pop3_endot *e, char *dst);

#endif
