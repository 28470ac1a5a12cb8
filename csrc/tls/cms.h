/*
** cms.h - the cryptographic part of S/MIME (RFC 8551): CMS (RFC 5652) by
** OpenSSL. lua/pop3/message/smime.lua finds the octets in a message.
*/
#ifndef POP3_SMIME_H
#define POP3_SMIME_H

#include "../base/buf.h"
#include "peer.h"
#include "why.h"

typedef struct pop3_smime pop3_smime;

enum pop3_smime_kind {
  POP3_SMIME_OTHER,      /* compressed, certificates only, ... */
  POP3_SMIME_SIGNED,     /* by one signer at least */
  POP3_SMIME_ENVELOPED   /* encrypted, authenticated or not */
};

/*
** Read the content of a part of type application/pkcs7-mime or -signature, DER.
** NULL with 'why' if it is not CMS, NULL without it if there is no memory.
*/
pop3_smime *pop3_smime_new (pop3_mem mem, pop3_span der,
                            char why[POP3_WHY_MAX]);
void pop3_smime_free (pop3_smime **s);

int pop3_smime_kind (const pop3_smime *s);

/* The trusted CAs; all NULL is the system's store. */
typedef struct pop3_smime_trust {
  int verify;            /* 0: any certificate will do */
  const char *cafile, *capath;
} pop3_smime_trust;

/*
** Are the signatures right? For a detached signature, 'content' has the signed
** octets, exactly, with CRLF line ends; p NULL when they are inside, and then they
** are appended to 'out'. 0, POP3_ENOMEM, or POP3_EAUTH with 'why'; then 'out' does
** not change.
*/
int pop3_smime_verify (pop3_smime *s, const pop3_smime_trust *trust,
                       pop3_span content, pop3_buf *out,
                       char why[POP3_WHY_MAX]);

/*
** Append the content that is inside, without any verification. 1; 0 if it is
** not inside; POP3_ENOMEM.
*/
int pop3_smime_content (const pop3_smime *s, pop3_buf *out);

/* The i-th signer, from 0, after 'verify': 1, 0 after the last, or ENOMEM. */
int pop3_smime_signer (const pop3_smime *s, int i, pop3_tls_peer *who);

/*
** Decrypt by a certificate and its key (paths, or PEM; the key may be in the
** file of the certificate). Appends to 'out'; errors as above.
*/
int pop3_smime_decrypt (pop3_smime *s, const char *cert, const char *key,
                        pop3_buf *out, char why[POP3_WHY_MAX]);

#endif
