/*
** limits.c - the defaults of limits.h.
*/
#include "limits.h"

void pop3_limits_default (pop3_limits *l) {
  if (l->depth == 0) l->depth = 100;
  if (l->parts == 0) l->parts = 10000;
  if (l->header == 0) l->header = (size_t)1 << 20;
  if (l->fields == 0) l->fields = 10000;
  if (l->params == 0) l->params = 1000;
  if (l->addresses == 0) l->addresses = 100000;
}
