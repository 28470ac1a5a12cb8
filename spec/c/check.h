/*
** check.h - checks for small test programs, and nothing more.
**
** A check that fails prints where it stands, what it said and what the test
** was about; the program goes on. 'check_end' prints the sums and returns
** what 'main' should return.
*/
#ifndef CHECK_H
#define CHECK_H

#include <stddef.h>

#define CHECK(x) check_that((x) != 0, __FILE__, __LINE__, #x)

/* Are two runs of octets the same? Both are shown when they are not. */
#define CHECK_SAME(a, an, b, bn) \
  check_same((a), (an), (b), (bn), __FILE__, __LINE__)

int check_that (int ok, const char *file, int line, const char *what);
int check_same (const char *a, size_t an, const char *b, size_t bn,
                const char *file, int line);

/* What the checks that follow are about, as for printf. */
void check_about (const char *fmt, ...);

int check_end (void);

#endif
