/*
** peer.h - the contents of a certificate, without OpenSSL's types.
*/
#ifndef POP3_TLS_PEER_H
#define POP3_TLS_PEER_H

#include "../base/buf.h"

#define POP3_PIN_SIZE 32   /* octets of SHA-256 */

/*
** The buffers are the caller's: made before, freed by it. 'names' holds one
** after another: one octet of kind ('d' DNS, 'i' address, 'e' e-mail), four of
** length, most significant first, and the octets.
*/
typedef struct pop3_tls_peer {
  pop3_buf subject, issuer, common_name, names;
  char not_before[32], not_after[32];   /* "2026-11-24T08:00:00Z" */
  unsigned char pin[POP3_PIN_SIZE];     /* SHA-256 of the public key */
  unsigned char fingerprint[POP3_PIN_SIZE];  /* of the whole certificate */
} pop3_tls_peer;

#endif
