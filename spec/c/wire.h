/*
** wire.h - the golden transcripts in spec/wire, and how to play them.
**
** The format is told in spec/wire/README.md. A script is read as it stands:
** expected events stay text, and what the engines say is written in the same
** words ('say_...'), so that two lines are compared and nothing is parsed
** but what goes in.
*/
#ifndef WIRE_H
#define WIRE_H

#include <stddef.h>

#include "session.h"

typedef struct wire_line {
  int number;        /* in the file */
  char key[16];      /* "C", "S", "=", ">", "left", ... */
  const char *text;  /* as in the file */
  char *octets;      /* of C and S: the escapes undone, lines joined */
  size_t n;
} wire_line;

typedef struct wire_case {
  const char *file;
  const char *title;
  wire_line *line;
  size_t lines;
  size_t octets;     /* that the other side sends in all of the case */
} wire_case;

typedef struct wire_file {
  wire_case *c;
  size_t n;
  void *text;        /* what all of it points into */
} wire_file;

/* Read a file, 'peer' ('C' or 'S') being who talks to the engine. */
int  wire_read (wire_file *w, const char *name, char peer);
void wire_free (wire_file *w);

/* The value behind 'key' in the case, or NULL. */
const char *wire_value (const wire_case *c, const char *key);

/* The number behind "name=" in a text, or 'def'. */
size_t wire_number (const char *text, const char *name, size_t def);

/* A quoted string at '*p' with its escapes undone; '*p' moves behind it. */
size_t wire_unquote (const char **p, char *out);

/* The states by the names that scripts use; -1 for any other. */
int wire_phase (const char *name);

/* Check what a journal holds against the "log:" lines, if there are any. */
struct pop3_journal;
void wire_check_log (const wire_case *c, const struct pop3_journal *j);

/* ------------------------------------------------------- text that grows */

typedef struct say {
  char *p;
  size_t n, cap;
} say;

void say_text (say *s, const char *fmt, ...);
void say_octets (say *s, const char *p, size_t n);
void say_escaped (say *s, const char *p, size_t n);
void say_quoted (say *s, const char *p, size_t n);
void say_clear (say *s);
void say_drop (say *s, size_t n);  /* the first 'n' octets */
void say_free (say *s);

/* --------------------------------------------------------------- playing */

/*
** How the octets arrive. They are numbered through the whole case; there is
** an end of a piece before number 'cut' and before 'cut2', and before each
** one if 'each'. The engine is asked for events after each piece, or, if
** 'lazy', only when all that the script gives at once is there.
*/
typedef struct wire_cuts {
  size_t cut, cut2;
  int each;
  int lazy;
  size_t output;  /* the server's limit of that name */
  size_t take;    /* octets that its reader takes at once */
} wire_cuts;

/* How many octets arrive in the next piece, of those from 'at' to 'end'. */
size_t wire_piece (const wire_cuts *cuts, size_t at, size_t end);

/*
** Play a case. Returns 0, or POP3_ENOMEM if that is where it stopped: with
** no memory nothing more is checked, unless 'mem' had all it asked for.
*/
int wire_client (const wire_case *c, const wire_cuts *cuts, pop3_mem mem);
int wire_server (const wire_case *c, const wire_cuts *cuts, pop3_mem mem);

/* Play all cases of a file whole, octet by octet, and cut everywhere. */
typedef int (*wire_player) (const wire_case *c, const wire_cuts *cuts,
                            pop3_mem mem);
void wire_sweep (const char *name, char peer, wire_player play);

/* Play each with the first, the second, ... allocation failing. */
void wire_starve (const char *name, char peer, wire_player play);

#endif
