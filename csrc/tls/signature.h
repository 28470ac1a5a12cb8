/*
** signature.h - signatures by a public key without a certificate, as DKIM has them
** (RFC 6376, RFC 8463).
*/
#ifndef POP3_SIGNATURE_H
#define POP3_SIGNATURE_H

#include "../base/base.h"

enum pop3_signature {
  POP3_SIGNATURE_BAD_KEY = -2,   /* the key cannot be read */
  POP3_SIGNATURE_WEAK = -1,      /* an RSA key of less than 1024 bits */
  POP3_SIGNATURE_WRONG = 0,
  POP3_SIGNATURE_RIGHT = 1
};

/*
** Is 'signature' one of 'text' by 'key'? RSA: PKCS #1 v1.5 with SHA-256; the
** key is a SubjectPublicKeyInfo or an RSAPublicKey in DER. Ed25519: of the
** SHA-256 hash of the text (RFC 8463 3); the key has 32 octets.
*/
enum pop3_signature pop3_signature_rsa (pop3_span key, pop3_span text,
                                        pop3_span signature);
enum pop3_signature pop3_signature_ed25519 (pop3_span key, pop3_span text,
                                            pop3_span signature);

#endif
