/*
** messages_all.h - a program that reads a set of messages by a library of C.
** The file is "LENGTH\n" and as many octets, repeated. Prints the
** messages, the octets decoded, and the processor seconds without reading the
** file.
**
**   PROGRAM parse|decode FILE
**
** The program defines 'begin' and 'one'.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Initialize the library. */
static void begin (void);

/* Read a message; the octets decoded. */
static size_t one (const char *p, size_t n, int decoding);

static double now (void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char *load (const char *path, size_t *n) {
  FILE *f = fopen(path, "rb");
  char *p;
  if (f == NULL) exit(1);
  fseek(f, 0, SEEK_END);
  *n = (size_t)ftell(f);
  rewind(f);
  p = malloc(*n + 1);
  if (p == NULL || fread(p, 1, *n, f) != *n) exit(1);
  p[*n] = '\0';
  fclose(f);
  return p;
}

int main (int argc, char **argv) {
  size_t n, at = 0, messages = 0, octets = 0;
  char *set, *end;
  double start;
  if (argc != 3) return 2;
  set = load(argv[2], &n);
  begin();
  start = now();
  while (at < n) {
    size_t length = strtoul(set + at, &end, 10);
    at = (size_t)(end - set) + 1;
    octets += one(set + at, length, argv[1][0] == 'd');
    at += length;
    messages++;
  }
  printf("%zu %zu %.6f\n", messages, octets, now() - start);
  return 0;
}
