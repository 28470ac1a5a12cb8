/*
** hash.c - names and sizes of hash functions.
*/
#include "hash.h"

static const struct { const char *name; size_t size; } hashes[] = {
  { NULL, 0 },
#define POP3_X(id, name, size) { name, size },
  POP3_HASHES (POP3_X)
#undef POP3_X
};

size_t pop3_hash_size (enum pop3_hash h) {
  return hashes[h].size;
}

const char *pop3_hash_name (enum pop3_hash h) {
  return hashes[h].name;
}
