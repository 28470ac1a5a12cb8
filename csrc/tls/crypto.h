/*
** crypto.h - OpenSSL's hash functions, as SASL wants them handed in.
*/
#ifndef POP3_CRYPTO_H
#define POP3_CRYPTO_H

#include "../sasl/hash.h"

extern const pop3_crypto pop3_openssl;

#endif
