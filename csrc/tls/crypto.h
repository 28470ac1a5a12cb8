/*
** crypto.h - OpenSSL's hash functions in the form that SASL needs.
*/
#ifndef POP3_CRYPTO_H
#define POP3_CRYPTO_H

#include "../sasl/hash.h"

extern const pop3_crypto pop3_openssl;

#endif
