/*
** random.h - numbers by chance, the same ones on every machine and run.
*/
#ifndef RANDOM_H
#define RANDOM_H

#include <stddef.h>

/* A number below 'n', which is below 65536. */
size_t random_below (size_t n);

#endif
