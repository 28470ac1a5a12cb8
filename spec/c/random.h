/*
** random.h - random numbers and the sampling of sweeps.
**
** All numbers follow from one seed: LPOP3_SEED if it is set, else the time.
** The seed is printed when it is first used; the same seed repeats the run.
*/
#ifndef RANDOM_H
#define RANDOM_H

#include <stddef.h>

/* A number below 'n', which is below 65536. */
size_t random_below (size_t n);

/*
** Does a sweep run its next case? Always if LPOP3_ALL is "1", else for one
** case out of 'n' on average.
*/
int random_sample (size_t n);

#endif
