/*
** fuzz_sasl.h - code that the targets for SASL share: cheap hash functions whose
** results differ for different input.
*/
#ifndef FUZZ_SASL_H
#define FUZZ_SASL_H

#include "fuzz.h"

#include "sasl.h"

#include "../support/fake_gss.h"

static void mix (unsigned char *out, size_t n, pop3_span s, unsigned seed) {
  uint32_t h = 2166136261u ^ seed;
  size_t i;
  for (i = 0; i < s.n; i++) h = (h ^ (unsigned char)s.p[i]) * 16777619u;
  for (i = 0; i < n; i++) {
    h = h * 1664525u + 1013904223u;
    out[i] = (unsigned char)(h >> 24);
  }
}

static int fuzz_digest (enum pop3_hash h, pop3_span in, unsigned char *out) {
  mix(out, pop3_hash_size(h), in, 1);
  return 1;
}

static int fuzz_hmac (enum pop3_hash h, pop3_span key, pop3_span in,
                      unsigned char *out) {
  unsigned char k[POP3_HASH_MAX];
  mix(k, sizeof k, key, 2);
  mix(out, pop3_hash_size(h), in, k[0] + 256u * k[1]);
  return 1;
}

/* A peer must not make the machine hash more often than its limit. */
static int fuzz_pbkdf2 (enum pop3_hash h, pop3_span password, pop3_span salt,
                        uint32_t iterations, unsigned char *out) {
  if (iterations == 0 || iterations > 5000000 || salt.n == 0) abort();
  mix(out, pop3_hash_size(h), password, iterations);
  return 1;
}

static int fuzz_random (unsigned char *p, size_t n) {
  memset(p, 7, n);
  return 1;
}

static int fuzz_equal (const void *a, const void *b, size_t n) {
  return memcmp(a, b, n) == 0;
}

static const pop3_crypto fuzz_crypto = {
  fuzz_digest, fuzz_hmac, fuzz_pbkdf2, fuzz_random, fuzz_equal
};

/* The peer's next message: the input up to the next octet 0xFF. */
static inline pop3_span fuzz_message (const uint8_t **p, size_t *n) {
  const uint8_t *end = *n > 0 ? memchr(*p, 0xff, *n) : NULL;
  pop3_span s;
  s.p = (const char *)*p;
  s.n = end != NULL ? (size_t)(end - *p) : *n;
  *p += end != NULL ? s.n + 1 : s.n;
  *n -= end != NULL ? s.n + 1 : s.n;
  return s;
}

#endif
