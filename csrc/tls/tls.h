/*
** tls.h - a TLS connection without any input or output, by OpenSSL.
**
**      peer --> room/filled --> read  --> plaintext
**      peer <-- out/sent    <-- write <-- plaintext
**
** Ciphertext from the peer goes in by 'room' and 'filled', ciphertext to send
** comes out of 'out'. OpenSSL also sends and reads handshake messages, alerts
** and tickets: after every call there may be octets to send. No plaintext is
** read or written before the handshake is complete and the peer's certificate
** is verified, by chain, name and pins.
**
** An error sticks. An alert that remains to be sent may still be sent.
*/
#ifndef POP3_TLS_H
#define POP3_TLS_H

#include "../base/base.h"
#include "context.h"
#include "peer.h"

typedef struct pop3_tls pop3_tls;

/* A session that may be resumed; it holds keys. */
typedef struct ssl_session_st pop3_tls_ticket;

/*
** NULL when there is no memory. 'c' must live as long. A client that verifies
** needs 'name': a DNS name as A-labels, or an IP address. In the certificate,
** the left-most label may be a wildcard; the common name does not count (RFC
** 9525). 'ticket' may be NULL.
*/
pop3_tls *pop3_tls_new (pop3_mem mem, const pop3_tls_context *c,
                        const char *name, pop3_tls_ticket *ticket);
void pop3_tls_free (pop3_tls **t);

/* Ciphertext in; see pop3.h for the four ports. 'eof': no more will come. */
char *pop3_tls_room (pop3_tls *t, size_t want, size_t *got);
void  pop3_tls_filled (pop3_tls *t, size_t n);
void  pop3_tls_eof (pop3_tls *t);

/* Ciphertext out. */
pop3_span pop3_tls_out (const pop3_tls *t);
void      pop3_tls_sent (pop3_tls *t, size_t n);

/*
** Continue the handshake; a client begins it with this call. 1 when it is complete,
** 0 when octets of the peer are needed, or an error.
*/
int pop3_tls_shake (pop3_tls *t);

/*
** With POP3_VERIFY_ASK: does the handshake wait for the caller's decision about
** the server's certificate? 'problem' is the problem with it, NULL if it is valid.
** Until 'decide', 'shake' returns 0, and nothing is read or written for the caller.
*/
int         pop3_tls_asks (const pop3_tls *t);
const char *pop3_tls_problem (const pop3_tls *t);
void        pop3_tls_decide (pop3_tls *t, int accept);

/*
** Decrypt up to 'room' octets. 1 with '*n' of them, 0 when octets of the peer
** are needed, or an error: POP3_ECLOSED after close_notify, POP3_ECUT if the
** transport ended without it, POP3_ETLS, POP3_ENOMEM.
*/
int pop3_tls_read (pop3_tls *t, char *p, size_t room, size_t *n);

/* Encrypt; '*n' says how much of it. 0, or an error. */
int pop3_tls_write (pop3_tls *t, const char *p, size_t size, size_t *n);

/* Nothing more will be written: close_notify is to be sent. */
void pop3_tls_shutdown (pop3_tls *t);

/* Free the memory that an idle connection does not need. */
void pop3_tls_rest (pop3_tls *t);

/* The error that sticks, and its text in one line. */
int         pop3_tls_error (const pop3_tls *t);
const char *pop3_tls_why (const pop3_tls *t);

/* ----------------------------------------------- after the handshake */

int         pop3_tls_ready (const pop3_tls *t);
const char *pop3_tls_version (const pop3_tls *t);  /* "TLSv1.3" */
const char *pop3_tls_cipher (const pop3_tls *t);
pop3_span   pop3_tls_alpn (const pop3_tls *t);     /* n 0 without ALPN */
int         pop3_tls_reused (const pop3_tls *t);

/*
** The i-th certificate that the peer sent; 0 is its own one. 1; 0 if it sent fewer;
** or POP3_ENOMEM. In a resumed session there may be only the first.
*/
int pop3_tls_get_peer (const pop3_tls *t, int i, pop3_tls_peer *peer);

/*
** A channel binding: "tls-exporter" (RFC 9266), "tls-server-end-point",
** "tls-unique" (RFC 5929; TLS 1.2 only). How many octets, 0 without such a
** binding.
*/
#define POP3_BINDING_MAX 64
size_t pop3_tls_binding (const pop3_tls *t, const char *type,
                         unsigned char out[POP3_BINDING_MAX]);

/* The latest ticket, for one more connection; or NULL. */
pop3_tls_ticket *pop3_tls_get_ticket (const pop3_tls *t);
void             pop3_tls_ticket_free (pop3_tls_ticket **k);

#endif
