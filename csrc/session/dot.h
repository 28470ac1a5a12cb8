/*
** dot.h - the body of a multi-line reply, to the wire and back.
**
** RFC 1939 section 3: every line ends in CRLF, a line that begins with a dot
** gets a second one, and a line of one dot ends the body. Nothing else is
** changed: the CRLF before the final dot belongs to the last line, so what
** was stored is what arrives.
*/
#ifndef POP3_DOT_H
#define POP3_DOT_H

#include "session.h"

/*
** From the wire. Lines end in CRLF and nothing else, unless 'loose' is set:
** then LF is enough (for a peer whose status line ended so). One zeroed
** struct a body.
*/
typedef struct pop3_undot {
  unsigned char state;  /* TEXT, after CR, or at the start of a line */
  unsigned char loose;
  unsigned char done;   /* the terminator has been passed */
} pop3_undot;

void pop3_undot_init (pop3_undot *d, int loose);

/*
** Take octets of src[0 .. n) and move the plain ones to 'dst', which may be
** 'src' or lie anywhere before it. Returns how many were put there; '*used'
** is how many were taken. Up to two octets at the end stay untaken while
** they may yet be the terminator: come again with them and more. After the
** terminator 'done' is set and what follows is left alone.
*/
size_t pop3_undot_run (pop3_undot *d, char *dst, char *src, size_t n,
                       size_t *used);

/*
** To the wire. Bare LFs become CRLF on the way, so that any text makes a
** correct body; mail in canonical form passes unchanged but for the dots.
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
