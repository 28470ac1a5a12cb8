/*
** status.h - reading of status lines (RFC 1939 section 3) and of the numbers in
** listings. The client engine uses it; nothing here has a state.
*/
#ifndef POP3_STATUS_H
#define POP3_STATUS_H

#include "session.h"

/*
** Read "+OK" or "-ERR", which ends the line or is followed by a blank: 'ok' and
** 'text' of '*ev'. Returns 0 or POP3_ESTATUS.
*/
int pop3_status_read (pop3_event *ev, pop3_span line);

/* The octets of "[CODE] " at the start of a text; 0 if there is no code. */
size_t pop3_status_code (pop3_span text);

/*
** Move a code of 'n' octets (RFC 2449 section 8) from the start of 'ev->text',
** which is at 'p', to 'ev->code', in upper case.
*/
void pop3_status_take_code (pop3_event *ev, char *p, size_t n);

/*
** Does the line contain a CR that is not at its end? If a body follows, this is
** refused: the server may end its lines with CR alone, and then the body and the
** next reply follow the CR.
*/
int pop3_status_bare_cr (pop3_span line);

/* Replace control characters by blanks, C1 of UTF-8 included. */
void pop3_status_clean (char *p, size_t n);

/*
** Read the message number, and the size or the unique-id, of a line of a
** listing, or of the +OK to STAT, LIST n and UIDL n. 'ev->valid' says which of
** the two are valid; 'ev->err' is POP3_EENTRY if one is not.
*/
void pop3_status_numbers (pop3_event *ev, pop3_span s);

#endif
