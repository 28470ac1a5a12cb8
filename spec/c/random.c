/*
** random.c - random numbers and the sampling of sweeps.
*/
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "random.h"

static uint32_t state;
static int seeded;

static void seed (void) {
  const char *given = getenv("LPOP3_SEED");
  state = given != NULL ? (uint32_t)strtoul(given, NULL, 10)
                        : (uint32_t)time(NULL);
  seeded = 1;
  printf("LPOP3_SEED=%lu\n", (unsigned long)state);
}

size_t random_below (size_t n) {
  if (!seeded) seed();
  state = state * 1664525u + 1013904223u;
  return (state >> 16) % n;
}

int random_sample (size_t n) {
  const char *all = getenv("LPOP3_ALL");
  return (all != NULL && strcmp(all, "1") == 0) || random_below(n) == 0;
}
