/*
** seal.h - secrets that are kept encrypted: AES-256-GCM (NIST SP 800-38D) by
** OpenSSL. A sealed text is a random nonce, the encrypted text and a tag. It
** opens only by the same key and with the same associated data, which name the
** owner of the text and are not part of it.
*/
#ifndef POP3_SEAL_H
#define POP3_SEAL_H

#include "../base/base.h"

#define POP3_SEAL_KEY 32   /* octets of a key */
#define POP3_SEAL_MORE 28  /* octets by which sealed texts are longer */
#define POP3_SEAL_MAX 65536  /* octets of a text */

/*
** Seal 'text', of at most POP3_SEAL_MAX octets, into 'out', which has room for
** text.n + POP3_SEAL_MORE octets. Returns 0 if OpenSSL fails.
*/
int pop3_seal (const char key[POP3_SEAL_KEY], pop3_span text, pop3_span data,
               unsigned char *out);

/*
** Open 'sealed', of at least POP3_SEAL_MORE octets, into 'out', which has room
** for sealed.n - POP3_SEAL_MORE octets. Returns 0, and 'out' is zeros, if the
** key or the data differ, or an octet has changed.
*/
int pop3_unseal (const char key[POP3_SEAL_KEY], pop3_span sealed,
                 pop3_span data, unsigned char *out);

/* Overwrite n octets at p, also if they are not read again. */
void pop3_seal_wipe (void *p, size_t n);

#endif
