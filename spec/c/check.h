/*
** check.h - checks for the C tests.
**
** A check that fails prints its file and line, its expression and the subject
** of the test ('check_about'); the program goes on. 'check_end' prints the
** counts and returns the exit status for 'main'.
*/
#ifndef CHECK_H
#define CHECK_H

#include "base.h"

#define CHECK(x) check_that((x) != 0, __FILE__, __LINE__, #x)

/* Check that two strings of octets are equal; both are printed if not. */
#define CHECK_SAME(a, an, b, bn) \
  check_same((a), (an), (b), (bn), __FILE__, __LINE__)

int check_that (int ok, const char *file, int line, const char *what);
int check_same (const char *a, size_t an, const char *b, size_t bn,
                const char *file, int line);

/* Set the subject of the checks that follow; arguments as for printf. */
void check_about (const char *fmt, ...);

/* The octets of a string. */
pop3_span check_span (const char *s);

int check_end (void);

#endif
