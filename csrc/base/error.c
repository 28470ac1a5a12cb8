/*
** error.c - codes and texts of the one error list in pop3.h.
*/
#include "base.h"

static const char *const codes[] = {
  "",
#define POP3_X(name, code, text) code,
  POP3_ERRORS (POP3_X)
#undef POP3_X
};

static const char *const texts[] = {
  "no error",
#define POP3_X(name, code, text) text,
  POP3_ERRORS (POP3_X)
#undef POP3_X
};

const char *pop3_errcode (int err) {
  return err <= 0 && err > -POP3_N_LAST ? codes[-err] : "proto";
}

const char *pop3_errtext (int err) {
  return err <= 0 && err > -POP3_N_LAST ? texts[-err] : "unknown error";
}
