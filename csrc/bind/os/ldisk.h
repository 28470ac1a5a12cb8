/*
** ldisk.h - a disk file, as the files that define its methods see it, and what
** others may do with one. See ldiskfile.c.
*/
#ifndef LDISK_H
#define LDISK_H

#include "../../mail/fingerprint.h"
#include "../../session/form.h"
#include "../../tls/digest.h"
#include "../lpop3.h"

/* Raise an error unless an open outfile or disk file is at 'arg'. */
void lpop3_checkwriter (lua_State *L, int arg);

/* Write all octets to the file at 'arg', which is open; 0 or an errno. */
int lpop3_writerput (lua_State *L, int arg, const char *p, size_t n);

/*
** The descriptor of the disk file at 'arg', after all octets were written to it.
** Returns -1 with errno on failure; misuse is raised.
*/
int lpop3_diskfilefd (lua_State *L, int arg);

/* ------------------------------------------------- for its methods alone */

#define LPOP3_DISKFILE "pop3.diskfile"
#define LPOP3_DISKPATH 1      /* its user value: the path */
#define LPOP3_DISKFULL 65536  /* octets in the buffer that are worth a write */

typedef struct Diskfile {
  lpop3_object object;
  int open;          /* it is closed otherwise */
  int fd;            /* -1: closed, or a spool that is still in memory */
  size_t threshold;  /* a spool: octets that stay in memory */
  uint64_t octets;   /* taken, before the conversion */
  pop3_form form;
  pop3_buf buf;      /* to be written */
  pop3_hash *header; /* NULL: not wanted */
  pop3_hash *whole;
  pop3_fingerprint print;
  pop3_buf head;     /* of the fingerprint, not hashed yet */
  int failed;        /* the errno of the first write that failed: it sticks */
} Diskfile;

/* The open file at 'arg'; misuse is raised. */
Diskfile *lpop3_checkdiskfile (lua_State *L, int arg);

/* The path of the file at 'arg', for messages; the directory of a spool. */
const char *lpop3_diskpath (lua_State *L, int arg);

/* Write what is in the buffer of the file at 'arg'; 0 or an errno. */
int lpop3_diskflush (lua_State *L, int arg, Diskfile *f);

/* Write octets to the file at 'arg'; 0 or an errno. */
int lpop3_disktake (lua_State *L, int arg, Diskfile *f, const char *p,
                    size_t n);

/* Add a piece of a message to the hash of its header; 0 on failure. */
int lpop3_diskhash (Diskfile *f, const char *p, size_t n);

/* Hash the octets of the header that wait; 0 on failure. */
int lpop3_diskhashed (Diskfile *f);

/* nil, message, "io", errno for the file at 'arg'. */
int lpop3_diskfail (lua_State *L, int arg, int en);

#endif
