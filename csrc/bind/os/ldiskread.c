/*
** ldiskread.c - the methods of a disk file that read, cut and lock it. See
** ldiskfile.c.
*/

/***
Disk files: reading, cutting, locking.
@engine pop3.core.diskread
*/
#define _GNU_SOURCE  /* F_OFD_SETLK */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ldiskread.h"
#include "lsystem.h"

static int done (lua_State *L) {
  lua_pushboolean(L, 1);
  return 1;
}

/***
How long the file is.
@function diskfile:size
@treturn integer octets, or nil, message, "io", errno
*/
int lpop3_disk_size (lua_State *L) {
  Diskfile *f = lpop3_checkdiskfile(L, 1);
  struct stat st;
  int en = f->failed;
  if (f->fd < 0 && en == 0) lpop3_pushu64(L, f->buf.n);
  else {
    if (en == 0) en = lpop3_diskflush(L, 1, f);
    if (en == 0 && fstat(f->fd, &st) != 0) en = errno;
    if (en != 0) return lpop3_diskfail(L, 1, en);
    lpop3_pushu64(L, (uint64_t)st.st_size);
  }
  return 1;
}

/***
The identity of the file: it is the same for all names of one file.
@function diskfile:identity
@treturn integer device
@treturn integer inode; or nil, message, "io", errno
*/
int lpop3_disk_identity (lua_State *L) {
  Diskfile *f = lpop3_checkdiskfile(L, 1);
  struct stat st;
  if (f->fd < 0 || fstat(f->fd, &st) != 0)
    return lpop3_diskfail(L, 1, f->fd < 0 ? EBADF : errno);
  lua_pushinteger(L, (lua_Integer)st.st_dev);
  lua_pushinteger(L, (lua_Integer)st.st_ino);
  return 2;
}

/* Up to 'n' octets from 'at' on into 'to'; less only at the end. */
static ssize_t pread_all (int fd, char *to, size_t n, off_t at) {
  size_t have = 0;
  while (have < n) {
    ssize_t k = pread(fd, to + have, n - have, at + (off_t)have);
    if (k < 0 && errno == EINTR) continue;
    if (k < 0) return -1;
    if (k == 0) break;
    have += (size_t)k;
  }
  return (ssize_t)have;
}

/* Octets of a spool that is in memory. */
static size_t slice (const Diskfile *f, lua_Integer at, size_t n,
                     const char **p) {
  size_t left;
  if ((lua_Unsigned)at >= f->buf.n) return 0;
  left = f->buf.n - (size_t)at;
  *p = f->buf.p + at;
  return n < left ? n : left;
}

/***
Read octets at a place.
@function diskfile:pread
@tparam integer offset 0 is the first octet
@tparam integer count at the most; up to 16 MiB
@treturn string fewer octets only at the end of the file, where it is empty;
or nil, message, "io", errno
*/
int lpop3_disk_pread (lua_State *L) {
  Diskfile *f = lpop3_checkdiskfile(L, 1);
  lua_Integer at = luaL_checkinteger(L, 2), n = luaL_checkinteger(L, 3);
  luaL_Buffer b;
  const char *p = "";
  char *to;
  ssize_t k;
  int en;
  luaL_argcheck(L, at >= 0, 2, "must not be negative");
  luaL_argcheck(L, n >= 0 && n <= 16 * 1024 * 1024, 3, "out of range");
  if (f->fd < 0 && f->failed == 0) {
    size_t got = slice(f, at, (size_t)n, &p);
    lua_pushlstring(L, p, got);
    return 1;
  }
  en = lpop3_diskflush(L, 1, f);
  if (en != 0) return lpop3_diskfail(L, 1, en);
  to = luaL_buffinitsize(L, &b, n > 0 ? (size_t)n : 1);
  k = pread_all(f->fd, to, (size_t)n, (off_t)at);
  if (k < 0) return lpop3_diskfail(L, 1, errno);
  luaL_pushresultsize(&b, (size_t)k);
  return 1;
}

/***
Append another file, without a string of Lua in between.
@function diskfile:copy
@tparam pop3.diskfile source all of it, from its first octet on
@treturn boolean true, or nil, message, "io", errno
*/
int lpop3_disk_copy (lua_State *L) {
  Diskfile *f = lpop3_checkdiskfile(L, 1), *s = lpop3_checkdiskfile(L, 2);
  int en = 0;
  luaL_argcheck(L, f != s, 2, "a file cannot be appended to itself");
  if (s->failed != 0) return lpop3_diskfail(L, 2, s->failed);
  if (s->fd < 0) en = lpop3_disktake(L, 1, f, s->buf.p, s->buf.n);
  else {
    char piece[LPOP3_DISKFULL];
    off_t at = 0;
    ssize_t k = 0;
    en = lpop3_diskflush(L, 2, s);
    if (en != 0) return lpop3_diskfail(L, 2, en);
    while (en == 0 && (k = pread_all(s->fd, piece, sizeof piece, at)) > 0) {
      en = lpop3_disktake(L, 1, f, piece, (size_t)k);
      at += k;
    }
    if (k < 0) return lpop3_diskfail(L, 2, errno);
  }
  return en != 0 ? lpop3_diskfail(L, 1, en) : done(L);
}

/***
Truncate the file, or make it longer. The next octets are written at its end. A
failure of an earlier write is forgotten, with the octets that it left.
@function diskfile:truncate
@tparam integer octets
@treturn boolean true, or nil, message, "io", errno
*/
int lpop3_disk_truncate (lua_State *L) {
  Diskfile *f = lpop3_checkdiskfile(L, 1);
  lua_Integer n = luaL_checkinteger(L, 2);
  int r;
  luaL_argcheck(L, n >= 0, 2, "must not be negative");
  if (f->failed == 0 && lpop3_diskflush(L, 1, f) != 0 && f->fd < 0)
    return lpop3_diskfail(L, 1, f->failed);
  f->buf.n = 0;
  if (f->fd < 0) return lpop3_diskfail(L, 1, f->failed);
  do r = ftruncate(f->fd, (off_t)n); while (r != 0 && errno == EINTR);
  if (r != 0 || lseek(f->fd, 0, SEEK_END) < 0)
    return lpop3_diskfail(L, 1, errno);
  f->failed = 0;
  return done(L);
}

/* ------------------------------------------------------------------ locks */

/*
** Lock or unlock the whole file. An OFD lock belongs to this open file, not to
** the process: two objects of one process exclude each other, and so do an OFD
** lock and a lock of fcntl(2) of another program.
*/
static int set_lock (int fd, short type) {
#ifdef F_OFD_SETLK
  struct flock lock;
  memset(&lock, 0, sizeof lock);
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return fcntl(fd, F_OFD_SETLK, &lock);
#else
  int how = type == F_UNLCK ? LOCK_UN : type == F_RDLCK ? LOCK_SH : LOCK_EX;
  return flock(fd, how | LOCK_NB);
#endif
}

/***
Lock the file against other programs (fcntl(2), a lock of the open file). It
does not wait. The lock is released when the file is closed, also by the end of
the process.
@function diskfile:lock
@tparam[opt=false] boolean shared others may have a shared lock as well
@treturn boolean true; false when another program has it; or nil, message, "io",
errno
*/
int lpop3_disk_lock (lua_State *L) {
  Diskfile *f = lpop3_checkdiskfile(L, 1);
  int r, en;
  if (f->fd < 0) return lpop3_diskfail(L, 1, EBADF);
  do r = set_lock(f->fd, lua_toboolean(L, 2) ? F_RDLCK : F_WRLCK);
  while (r != 0 && errno == EINTR);
  en = errno;
  if (r != 0 && en != EAGAIN && en != EACCES) return lpop3_diskfail(L, 1, en);
  lua_pushboolean(L, r == 0);
  return 1;
}

/***
Release the lock.
@function diskfile:unlock
@treturn boolean true, or nil, message, "io", errno
*/
int lpop3_disk_unlock (lua_State *L) {
  Diskfile *f = lpop3_checkdiskfile(L, 1);
  int en = lpop3_diskflush(L, 1, f);
  if (en == 0 && set_lock(f->fd, F_UNLCK) != 0) en = errno;
  return en != 0 ? lpop3_diskfail(L, 1, en) : done(L);
}

/***
Give a spool a name, if the file system can do that: the whole file appears at
once.
@function diskfile:link
@tparam string path
@treturn boolean true; false when the name exists; or nil, message, "io",
errno
*/
int lpop3_disk_link (lua_State *L) {
  Diskfile *f = lpop3_checkdiskfile(L, 1);
  const char *path = luaL_checkstring(L, 2);
  char self[64];
  int en = lpop3_diskflush(L, 1, f);
  if (en != 0) return lpop3_diskfail(L, 1, en);
  snprintf(self, sizeof self, "/proc/self/fd/%d", f->fd);
  if (linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0)
    return done(L);
  if (errno != EEXIST) return lpop3_syserror(L, path, errno);
  lua_pushboolean(L, 0);
  return 1;
}
