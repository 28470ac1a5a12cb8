/*
** random.c - numbers by chance.
*/
#include <stdint.h>

#include "random.h"

static uint32_t seed = 1939;

size_t random_below (size_t n) {
  seed = seed * 1664525u + 1013904223u;
  return (seed >> 16) % n;
}
