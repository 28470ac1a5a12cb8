/*
** wire.h - read the transcripts in spec/wire and play them to an engine.
**
** spec/wire/README.md describes the format. Expected events stay text: the
** events of the engine are written in the same words ('say_...'), and the two
** lines are compared.
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
  size_t octets;     /* of the peer in the whole case */
} wire_case;

typedef struct wire_file {
  wire_case *c;
  size_t n;
  void *text;        /* the file's text, which the cases point into */
} wire_file;

/* Read a file; 'peer' ('C' or 'S') is the side that talks to the engine. */
int  wire_read (wire_file *w, const char *name, char peer);
void wire_free (wire_file *w);

/* The value of 'key' in the case, or NULL. */
const char *wire_value (const wire_case *c, const char *key);

/* The number after "name=" in a text, or 'def'. */
size_t wire_number (const char *text, const char *name, size_t def);

/* Decode the quoted string at '*p' and move '*p' to its end. */
size_t wire_unquote (const char **p, char *out);

/* The state of a name used in scripts, or -1. */
int wire_phase (const char *name);

/* Compare a journal with the "log:" lines of the case, if it has any. */
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
** How the octets arrive. They are counted over the whole case. A piece ends
** before octets 'cut' and 'cut2', or, if 'each' is set, before every octet. The
** engine is asked for events after each piece, or, if 'lazy' is set, after all
** octets that one line of the script sends.
*/
typedef struct wire_cuts {
  size_t cut, cut2;
  int each;
  int lazy;
  size_t output;  /* the limit 'output' of the server engine */
  size_t take;    /* octets that the client takes at once */
} wire_cuts;

/* The size of the next piece of the octets from 'at' to 'end'. */
size_t wire_piece (const wire_cuts *cuts, size_t at, size_t end);

/*
** Play a case. Returns 0, or POP3_ENOMEM if an allocation failed; the rest of
** the case is then not played.
*/
int wire_client (const wire_case *c, const wire_cuts *cuts, pop3_mem mem);
int wire_server (const wire_case *c, const wire_cuts *cuts, pop3_mem mem);

/* Play all cases of a file whole, octet by octet, and cut everywhere. */
typedef int (*wire_player) (const wire_case *c, const wire_cuts *cuts,
                            pop3_mem mem);
void wire_sweep (const char *name, char peer, wire_player play);

/* Play each case with the first, the second, ... allocation failing. */
void wire_starve (const char *name, char peer, wire_player play);

#endif
