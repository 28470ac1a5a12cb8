/*
** ldiskfile.c - a disk file: a regular file by its descriptor, with the
** operations that durable storage needs and Lua's own library lacks. The state
** of pop3.sync, and deliveries into Maildirs and mboxes, are written by it. A
** spool is a disk file without a name: it holds one message until all of it
** has come.
**
** The client engine writes the body of RETR to it in C. On that way the octets
** can be hashed, and converted to the form that the file has (see form.h).
** Octets are gathered in a buffer; each call that reads the file or makes it
** durable writes them first.
*/

/***
Files for durable storage.
@engine pop3.core.diskfile
*/
#define _GNU_SOURCE  /* F_OFD_SETLK, O_TMPFILE, syncfs */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../mail/fingerprint.h"
#include "../../session/form.h"
#include "../../tls/digest.h"
#include "../lcache.h"
#include "../open.h"
#include "ldiskfile.h"
#include "lfile.h"
#include "lsystem.h"

#define DISKFILE_T "pop3.diskfile"
#define FULL 65536  /* octets in the buffer that are worth a write */
#define SOME 4096   /* octets of a header that are worth a hash */

/* User values. */
enum { PATH = 1 };

typedef struct Diskfile {
  lpop3_object object;
  int open;          /* it is closed otherwise */
  int fd;            /* -1: closed, or a spool that is still in memory */
  size_t threshold;  /* a spool: octets that stay in memory */
  uint64_t octets;   /* taken, before the conversion */
  uint64_t stored;   /* written to the descriptor by this object */
  pop3_form form;
  pop3_buf buf;      /* to be written */
  pop3_hash *header; /* NULL: not wanted */
  pop3_hash *whole;
  pop3_fingerprint print;
  pop3_buf head;     /* of the fingerprint, not hashed yet */
  int failed;        /* the errno of the first write that failed: it sticks */
} Diskfile;

static Diskfile *check (lua_State *L, int arg) {
  Diskfile *f = (Diskfile *)luaL_checkudata(L, arg, DISKFILE_T);
  luaL_argcheck(L, f->open, arg, "file is closed");
  return f;
}

/* The path of the file at 1, for messages. */
static const char *path_of (lua_State *L, int arg) {
  const char *path;
  lua_getiuservalue(L, arg, PATH);
  path = lua_tostring(L, -1);
  lua_pop(L, 1);  /* the user value keeps it */
  return path;
}

static int fail (lua_State *L, int arg, int en) {
  return lpop3_syserror(L, path_of(L, arg), en);
}

static int done (lua_State *L) {
  lua_pushboolean(L, 1);
  return 1;
}

/* A closed file, collectable, with the string at 1 as its path. */
static Diskfile *new_file (lua_State *L) {
  Diskfile *f = (Diskfile *)lpop3_new(L, sizeof *f, 1);
  f->fd = -1;
  pop3_buf_init(&f->buf, lpop3_cache(L));
  pop3_buf_init(&f->head, lpop3_cache(L));
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, PATH);
  luaL_setmetatable(L, DISKFILE_T);
  return f;
}

static mode_t check_mode (lua_State *L, int arg) {
  lua_Integer mode = luaL_optinteger(L, arg, 0600);
  luaL_argcheck(L, mode >= 0 && mode <= 07777, arg, "not a file's mode");
  return (mode_t)mode;
}

static int flags_of (lua_State *L, const char *how) {
  int flags = 0, r = 0, w = 0;
  for (; *how != '\0'; how++) {
    switch (*how) {
      case 'r': r = 1; break;
      case 'w': w = 1; break;
      case 'a': w = 1; flags |= O_APPEND; break;
      case 'c': flags |= O_CREAT; break;
      case 'x': flags |= O_CREAT | O_EXCL; break;
      case 't': flags |= O_TRUNC; break;
      case 'n': flags |= O_NOFOLLOW; break;
      default: luaL_argerror(L, 2, "an unknown letter");
    }
  }
  luaL_argcheck(L, r || w, 2, "neither to read nor to write");
  return flags | (r && w ? O_RDWR : w ? O_WRONLY : O_RDONLY);
}

/***
Open a file.
@function open
@tparam string path
@tparam string how letters: "r" to read, "w" to write, "a" to write at its end,
"c" create it if there is none, "x" create it, and fail if there is one, "t"
empty it first, "n" fail if the path is a symbolic link
@tparam[opt=0600] integer mode permissions of a new file, less the umask
@treturn pop3.diskfile or nil, message, "io", errno such as "ENOENT"
@usage
local core = require "pop3.core"
local path = os.tmpname()
local file <close> = assert(core.open(path, "ac"))
assert(file:write "one line\n")
assert(file:sync())
*/
static int l_open (lua_State *L) {
  size_t n;
  const char *path = luaL_checklstring(L, 1, &n);
  int flags = flags_of(L, luaL_checkstring(L, 2));
  mode_t mode = check_mode(L, 3);
  Diskfile *f;
  if (strlen(path) != n) return lpop3_syserror(L, path, EINVAL);
  f = new_file(L);
  do f->fd = open(path, flags | O_CLOEXEC | O_NOCTTY, mode);
  while (f->fd < 0 && errno == EINTR);
  if (f->fd < 0) return lpop3_syserror(L, path, errno);
  f->open = 1;
  return 1;
}

/***
A file without a name, to be written and then read. It stays in memory while
it is small, and is in the directory afterwards; it goes with this object.
@function spool
@tparam string directory
@tparam[opt=65536] integer threshold octets that stay in memory
@treturn pop3.diskfile
*/
static int l_spool (lua_State *L) {
  lua_Integer threshold = luaL_optinteger(L, 2, FULL);
  Diskfile *f;
  luaL_checkstring(L, 1);
  luaL_argcheck(L, threshold >= 0 && threshold <= 0x40000000, 2,
                "out of range");
  f = new_file(L);
  f->threshold = (size_t)threshold;
  f->open = 1;
  return 1;
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

/* --------------------------------------------------------------- writing */

/* Write all of it; 0 or an errno. */
static int put (Diskfile *f, const char *p, size_t n) {
  while (n > 0) {
    ssize_t k = write(f->fd, p, n);
    if (k < 0 && errno == EINTR) continue;
    if (k < 0) return errno;
    p += k;
    n -= (size_t)k;
    f->stored += (uint64_t)k;
  }
  return 0;
}

/* Write what is in the buffer; 0 or an errno, which sticks. */
static int flush (lua_State *L, int arg, Diskfile *f) {
  if (f->failed == 0 && f->fd < 0) {
    f->fd = nameless(path_of(L, arg));
    if (f->fd < 0) f->failed = errno;
  }
  if (f->failed == 0) {
    f->failed = put(f, f->buf.p, f->buf.n);
    f->buf.n = 0;
  }
  return f->failed;
}

/* Add a piece of the message to the hash of its header; 0 on failure. */
static int hash_header (Diskfile *f, const char *p, size_t n) {
  int got = pop3_fingerprint_add(&f->print, &f->head, p, n);
  if (got < 0) return 0;
  if (f->head.n < SOME) return 1;
  n = f->head.n;
  f->head.n = 0;
  return pop3_hash_add(f->header, f->head.p, n);
}

/* The hash of the header as far as it came; 0 on failure. */
static int finish_header (Diskfile *f) {
  size_t n = f->head.n;
  f->head.n = 0;
  return f->header == NULL || n == 0 || pop3_hash_add(f->header, f->head.p, n);
}

static int take (lua_State *L, int arg, Diskfile *f, const char *p, size_t n) {
  if (f->failed != 0) return f->failed;
  if ((f->header != NULL && !hash_header(f, p, n)) ||
      (f->whole != NULL && !pop3_hash_add(f->whole, p, n)))
    return f->failed = ENOMEM;
  f->octets += n;
  if (f->form.kind == POP3_FORM_OCTETS && f->buf.n == 0 && n >= FULL &&
      f->fd >= 0) return f->failed = put(f, p, n);
  if (pop3_form_add(&f->form, &f->buf, p, n) != 0) return f->failed = ENOMEM;
  if (f->buf.n >= FULL && (f->fd >= 0 || f->buf.n > f->threshold))
    return flush(L, arg, f);
  return 0;
}

void lpop3_checkwriter (lua_State *L, int arg) {
  if (luaL_testudata(L, arg, DISKFILE_T) != NULL) check(L, arg);
  else lpop3_checkoutfile(L, arg);
}

int lpop3_writerput (lua_State *L, int arg, const char *p, size_t n) {
  Diskfile *f = (Diskfile *)luaL_testudata(L, arg, DISKFILE_T);
  if (f == NULL) return lpop3_filewrite(L, arg, p, n);
  return f->open ? take(L, arg, f, p, n) : EBADF;
}

int lpop3_diskfilefd (lua_State *L, int arg) {
  Diskfile *f = check(L, arg);
  errno = flush(L, arg, f);
  return errno == 0 ? f->fd : -1;
}

/***
How the octets that are written from now on are converted. One message is
written; its first octet is at the start of a line.
@function diskfile:form
@tparam string kind "octets" (not at all), "lf" (CRLF becomes LF), "mbox" (the
same, with the quoting of mboxrd) or "dot" (dot-stuffing, RFC 5321 4.5.2)
*/
static int f_form (lua_State *L) {
  static const char *const names[] = { "octets", "lf", "mbox", "dot", NULL };
  Diskfile *f = check(L, 1);
  pop3_form_init(&f->form, (enum pop3_form_kind)luaL_checkoption(L, 2, NULL,
                                                                  names));
  return 0;
}

/***
Hash the octets that are written from now on, before their conversion.
@function diskfile:hash
@tparam boolean header hash the header of the message
@tparam[opt=false] boolean whole hash all of it
*/
static int f_hash (lua_State *L) {
  Diskfile *f = check(L, 1);
  pop3_hash_free(&f->header);
  pop3_hash_free(&f->whole);
  memset(&f->print, 0, sizeof f->print);
  f->head.n = 0;
  if (lua_toboolean(L, 2)) f->header = pop3_hash_new("sha256");
  if (lua_toboolean(L, 3)) f->whole = pop3_hash_new("sha256");
  if ((lua_toboolean(L, 2) && f->header == NULL) ||
      (lua_toboolean(L, 3) && f->whole == NULL))
    return luaL_error(L, "OpenSSL has no SHA-256 here");
  return 0;
}

static void push_hash (lua_State *L, const pop3_hash *h) {
  unsigned char out[POP3_DIGEST_MAX];
  char hex[2 * POP3_DIGEST_MAX + 1];
  size_t n, i;
  if (h == NULL) {
    lua_pushnil(L);
    return;
  }
  n = pop3_hash_value(h, out);
  if (n == 0) luaL_error(L, "not enough memory");
  for (i = 0; i < n; i++) snprintf(hex + 2 * i, 3, "%02x", out[i]);
  lua_pushlstring(L, hex, 2 * n);
}

/***
SHA-256 of what was written since `hash`, in hexadecimal.
@function diskfile:digests
@treturn ?string of the header, without what servers change in it: see
csrc/mail/fingerprint.h
@treturn ?string of all octets
*/
static int f_digests (lua_State *L) {
  Diskfile *f = check(L, 1);
  if (!finish_header(f)) return luaL_error(L, "not enough memory");
  push_hash(L, f->header);
  push_hash(L, f->whole);
  return 2;
}

/***
Append octets. They may stay in a buffer: see `flush` and `sync`. After a
failure each later call fails as well.
@function diskfile:write
@tparam string octets
@treturn boolean true, or nil, message, "io", errno
*/
static int f_write (lua_State *L) {
  Diskfile *f = check(L, 1);
  size_t n;
  const char *p = luaL_checklstring(L, 2, &n);
  int en = take(L, 1, f, p, n);
  return en != 0 ? fail(L, 1, en) : done(L);
}

/***
The message is complete: write what its conversion held back, and with "dot"
the terminator. What is written after it is not converted.
@function diskfile:finish
@treturn boolean true, or nil, message, "io", errno
*/
static int f_finish (lua_State *L) {
  Diskfile *f = check(L, 1);
  if (f->failed == 0 && pop3_form_end(&f->form, &f->buf) != 0)
    f->failed = ENOMEM;
  pop3_form_init(&f->form, POP3_FORM_OCTETS);
  return f->failed != 0 ? fail(L, 1, f->failed) : done(L);
}

/***
Octets that were written, before their conversion.
@function diskfile:octets
@treturn integer
*/
static int f_octets (lua_State *L) {
  lpop3_pushu64(L, check(L, 1)->octets);
  return 1;
}

/***
Write what is in the buffer. It is not durable yet.
@function diskfile:flush
@treturn boolean true, or nil, message, "io", errno
*/
static int f_flush (lua_State *L) {
  Diskfile *f = check(L, 1);
  int en = f->buf.n > 0 || f->failed != 0 ? flush(L, 1, f) : 0;
  return en != 0 ? fail(L, 1, en) : done(L);
}

/* 0 or the errno of a call on the descriptor, after a flush. */
static int durable (lua_State *L, Diskfile *f, const char *how) {
  int en = flush(L, 1, f), r;
  if (en != 0) return en;
  do {
    if (how[0] == 'd') r = fdatasync(f->fd);
    else if (how[0] == 's') {
#ifdef __linux__
      r = syncfs(f->fd);
#else
      r = fsync(f->fd);
#endif
    }
    else r = fsync(f->fd);
  } while (r != 0 && errno == EINTR);
  return r == 0 ? 0 : errno;
}

/***
Wait until the file is on the disk. The name of a new file is not: see
`syncdir`.
@function diskfile:sync
@tparam[opt="file"] string how "file" (fsync), "data" (fdatasync: without what
no reader needs, such as times), "system" (syncfs: all files of the file
system; fsync of this file on systems that do not have it)
@treturn boolean true, or nil, message, "io", errno
*/
static int f_sync (lua_State *L) {
  static const char *const names[] = { "file", "data", "system", NULL };
  Diskfile *f = check(L, 1);
  int en = durable(L, f, names[luaL_checkoption(L, 2, "file", names)]);
  return en != 0 ? fail(L, 1, en) : done(L);
}

/***
How long the file is.
@function diskfile:size
@treturn integer octets, or nil, message, "io", errno
*/
static int f_size (lua_State *L) {
  Diskfile *f = check(L, 1);
  struct stat st;
  int en = f->failed;
  if (f->fd < 0 && en == 0) lpop3_pushu64(L, f->buf.n);
  else {
    if (en == 0) en = flush(L, 1, f);
    if (en == 0 && fstat(f->fd, &st) != 0) en = errno;
    if (en != 0) return fail(L, 1, en);
    lpop3_pushu64(L, (uint64_t)st.st_size);
  }
  return 1;
}

/***
What file it is: two names of one file have the same.
@function diskfile:identity
@treturn integer device
@treturn integer inode; or nil, message, "io", errno
*/
static int f_identity (lua_State *L) {
  Diskfile *f = check(L, 1);
  struct stat st;
  if (f->fd < 0 || fstat(f->fd, &st) != 0)
    return fail(L, 1, f->fd < 0 ? EBADF : errno);
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
static int f_pread (lua_State *L) {
  Diskfile *f = check(L, 1);
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
  en = flush(L, 1, f);
  if (en != 0) return fail(L, 1, en);
  to = luaL_buffinitsize(L, &b, n > 0 ? (size_t)n : 1);
  k = pread_all(f->fd, to, (size_t)n, (off_t)at);
  if (k < 0) return fail(L, 1, errno);
  luaL_pushresultsize(&b, (size_t)k);
  return 1;
}

/***
Append another file, without a string of Lua in between.
@function diskfile:copy
@tparam pop3.diskfile source all of it, from its first octet on
@treturn boolean true, or nil, message, "io", errno
*/
static int f_copy (lua_State *L) {
  Diskfile *f = check(L, 1), *s = check(L, 2);
  int en = 0;
  luaL_argcheck(L, f != s, 2, "a file cannot be appended to itself");
  if (s->failed != 0) return fail(L, 2, s->failed);
  if (s->fd < 0) en = take(L, 1, f, s->buf.p, s->buf.n);
  else {
    char piece[FULL];
    off_t at = 0;
    ssize_t k = 0;
    en = flush(L, 2, s);
    if (en != 0) return fail(L, 2, en);
    while (en == 0 && (k = pread_all(s->fd, piece, sizeof piece, at)) > 0) {
      en = take(L, 1, f, piece, (size_t)k);
      at += k;
    }
    if (k < 0) return fail(L, 2, errno);
  }
  return en != 0 ? fail(L, 1, en) : done(L);
}

/***
Cut the file, or make it longer. The next octets are written at its end. A
failure of an earlier write is forgotten, with the octets that it left.
@function diskfile:truncate
@tparam integer octets
@treturn boolean true, or nil, message, "io", errno
*/
static int f_truncate (lua_State *L) {
  Diskfile *f = check(L, 1);
  lua_Integer n = luaL_checkinteger(L, 2);
  int r;
  luaL_argcheck(L, n >= 0, 2, "must not be negative");
  if (f->failed == 0 && flush(L, 1, f) != 0 && f->fd < 0)
    return fail(L, 1, f->failed);
  f->buf.n = 0;
  if (f->fd < 0) return fail(L, 1, f->failed);
  do r = ftruncate(f->fd, (off_t)n); while (r != 0 && errno == EINTR);
  if (r != 0 || lseek(f->fd, 0, SEEK_END) < 0) return fail(L, 1, errno);
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
does not wait. The lock goes when the file is closed, also by the end of the
process.
@function diskfile:lock
@tparam[opt=false] boolean shared others may have a shared lock as well
@treturn boolean true; false when somebody else has it; or nil, message, "io",
errno
*/
static int f_lock (lua_State *L) {
  Diskfile *f = check(L, 1);
  int r, en;
  if (f->fd < 0) return fail(L, 1, EBADF);
  do r = set_lock(f->fd, lua_toboolean(L, 2) ? F_RDLCK : F_WRLCK);
  while (r != 0 && errno == EINTR);
  en = errno;
  if (r != 0 && en != EAGAIN && en != EACCES) return fail(L, 1, en);
  lua_pushboolean(L, r == 0);
  return 1;
}

/***
Give the lock back.
@function diskfile:unlock
@treturn boolean true, or nil, message, "io", errno
*/
static int f_unlock (lua_State *L) {
  Diskfile *f = check(L, 1);
  int en = flush(L, 1, f);
  if (en == 0 && set_lock(f->fd, F_UNLCK) != 0) en = errno;
  return en != 0 ? fail(L, 1, en) : done(L);
}

/***
Give a file that was opened as a spool a name, if the file system can: all of
the file is there at once.
@function diskfile:link
@tparam string path
@treturn boolean true; false when the name exists; or nil, message, "io",
errno
*/
static int f_link (lua_State *L) {
  Diskfile *f = check(L, 1);
  const char *path = luaL_checkstring(L, 2);
  char self[64];
  int en = flush(L, 1, f);
  if (en != 0) return fail(L, 1, en);
  snprintf(self, sizeof self, "/proc/self/fd/%d", f->fd);
  if (linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0)
    return done(L);
  if (errno != EEXIST) return lpop3_syserror(L, path, errno);
  lua_pushboolean(L, 0);
  return 1;
}

/* -------------------------------------------------------------------- ends */

static void release (Diskfile *f) {
  pop3_buf_free(&f->buf);
  pop3_buf_free(&f->head);
  pop3_hash_free(&f->header);
  pop3_hash_free(&f->whole);
}

/***
Close the file; closing it twice does nothing. Octets that are still in the
buffer are lost: `flush` or `sync` writes them.
@function diskfile:close
@treturn boolean true, or nil, message, "io", errno
*/
static int f_close (lua_State *L) {
  Diskfile *f = (Diskfile *)luaL_checkudata(L, 1, DISKFILE_T);
  int fd = f->fd;
  if (!f->open) return done(L);
  f->open = 0;
  f->fd = -1;
  release(f);
  if (fd >= 0 && close(fd) != 0 && errno != EINTR) return fail(L, 1, errno);
  return done(L);
}

static int f_tostring (lua_State *L) {
  Diskfile *f = (Diskfile *)luaL_checkudata(L, 1, DISKFILE_T);
  lua_pushfstring(L, DISKFILE_T " (%s)", f->open ? path_of(L, 1) : "closed");
  return 1;
}

/***
SHA-256 of the header of a message, as `diskfile:digests` has it.
@function header_digest
@tparam string octets a message, or what TOP n 0 returned
@treturn string 64 hexadecimal digits
*/
static int l_header_digest (lua_State *L) {
  size_t n;
  const char *p = luaL_checklstring(L, 1, &n);
  Diskfile *f;
  lua_settop(L, 1);
  f = new_file(L);  /* it is collected if an error is raised */
  f->header = pop3_hash_new("sha256");
  if (f->header == NULL || !hash_header(f, p, n) || !finish_header(f))
    return luaL_error(L, "OpenSSL has no SHA-256 here");
  push_hash(L, f->header);
  release(f);
  return 1;
}

static const luaL_Reg meta[] = {
  { "__gc", f_close },
  { "__close", f_close },
  { "__tostring", f_tostring },
  { NULL, NULL }
};

static const luaL_Reg methods[] = {
  { "close", f_close },
  { "copy", f_copy },
  { "digests", f_digests },
  { "finish", f_finish },
  { "flush", f_flush },
  { "form", f_form },
  { "hash", f_hash },
  { "identity", f_identity },
  { "link", f_link },
  { "lock", f_lock },
  { "octets", f_octets },
  { "pread", f_pread },
  { "size", f_size },
  { "sync", f_sync },
  { "truncate", f_truncate },
  { "unlock", f_unlock },
  { "write", f_write },
  { NULL, NULL }
};

static const luaL_Reg funcs[] = {
  { "header_digest", l_header_digest },
  { "open", l_open },
  { "spool", l_spool },
  { NULL, NULL }
};

void lpop3_open_diskfile (lua_State *L) {
  lpop3_type(L, DISKFILE_T, meta, methods);
  luaL_setfuncs(L, funcs, 0);
}
