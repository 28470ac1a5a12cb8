/*
** ldisk.c - the buffer, the conversion and the descriptor of a disk file, which
** all its methods use. ldiskfile.c says what a disk file is for.
*/
#define _GNU_SOURCE  /* O_TMPFILE */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ldisk.h"
#include "lfile.h"
#include "lsystem.h"

#define SOME 4096   /* octets of a header that are hashed at once */
#define FIRST 8192  /* octets of the first buffer: most mail fits */

Diskfile *lpop3_checkdiskfile (lua_State *L, int arg) {
  Diskfile *f = (Diskfile *)luaL_checkudata(L, arg, LPOP3_DISKFILE);
  luaL_argcheck(L, f->open, arg, "file is closed");
  return f;
}

const char *lpop3_diskpath (lua_State *L, int arg) {
  const char *path;
  lua_getiuservalue(L, arg, LPOP3_DISKPATH);
  path = lua_tostring(L, -1);
  lua_pop(L, 1);  /* the user value keeps it */
  return path;
}

int lpop3_diskfail (lua_State *L, int arg, int en) {
  return lpop3_syserror(L, lpop3_diskpath(L, arg), en);
}

/* A file without a name in the directory: its descriptor, or -1. */
static int nameless (const char *directory) {
  char path[4096];
  int fd = -1;
#ifdef O_TMPFILE
  fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
    return fd;
#endif
  if (snprintf(path, sizeof path, "%s/.lpop3-XXXXXX", directory)
      >= (int)sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  fd = mkstemp(path);
  if (fd >= 0) {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    unlink(path);
  }
  return fd;
}

int lpop3_diskflush (lua_State *L, int arg, Diskfile *f) {
  if (f->failed == 0 && f->fd < 0) {
    f->fd = nameless(lpop3_diskpath(L, arg));
    if (f->fd < 0) f->failed = errno;
  }
  if (f->failed == 0) {
    f->failed = lpop3_writeall(f->fd, f->buf.p, &f->buf.n);
    f->buf.n = 0;
  }
  return f->failed;
}

int lpop3_diskhash (Diskfile *f, const char *p, size_t n) {
  int got = pop3_fingerprint_add(&f->print, &f->head, p, n);
  if (got < 0) return 0;
  if (f->head.n < SOME) return 1;
  n = f->head.n;
  f->head.n = 0;
  return pop3_hash_add(f->header, f->head.p, n);
}

int lpop3_diskhashed (Diskfile *f) {
  size_t n = f->head.n;
  f->head.n = 0;
  return f->header == NULL || n == 0 || pop3_hash_add(f->header, f->head.p, n);
}

int lpop3_disktake (lua_State *L, int arg, Diskfile *f, const char *p,
                    size_t n) {
  if (f->failed != 0) return f->failed;
  if ((f->header != NULL && !lpop3_diskhash(f, p, n)) ||
      (f->whole != NULL && !pop3_hash_add(f->whole, p, n)))
    return f->failed = ENOMEM;
  f->octets += n;
  if (f->form.kind == POP3_FORM_OCTETS && f->buf.n == 0 &&
      n >= LPOP3_DISKFULL &&
      f->fd >= 0) return f->failed = lpop3_writeall(f->fd, p, &n);
  if (f->buf.cap == 0 && pop3_buf_room(&f->buf, n < FIRST ? FIRST : n) != 0)
    return f->failed = ENOMEM;
  if (pop3_form_add(&f->form, &f->buf, p, n) != 0) return f->failed = ENOMEM;
  if (f->buf.n >= LPOP3_DISKFULL && (f->fd >= 0 || f->buf.n > f->threshold))
    return lpop3_diskflush(L, arg, f);
  return 0;
}

void lpop3_checkwriter (lua_State *L, int arg) {
  if (luaL_testudata(L, arg, LPOP3_DISKFILE) != NULL)
    lpop3_checkdiskfile(L, arg);
  else lpop3_checkoutfile(L, arg);
}

int lpop3_writerput (lua_State *L, int arg, const char *p, size_t n) {
  Diskfile *f = (Diskfile *)luaL_testudata(L, arg, LPOP3_DISKFILE);
  if (f == NULL) return lpop3_filewrite(L, arg, p, n);
  return f->open ? lpop3_disktake(L, arg, f, p, n) : EBADF;
}

int lpop3_diskfilefd (lua_State *L, int arg) {
  Diskfile *f = lpop3_checkdiskfile(L, arg);
  errno = lpop3_diskflush(L, arg, f);
  return errno == 0 ? f->fd : -1;
}
