/*
** ldiskfile.c - a disk file: a regular file by its descriptor, with the
** operations that durable storage needs and Lua's own library lacks. The state
** of pop3.sync, and deliveries into Maildirs and mboxes, are written by it. A
** spool is a disk file without a name: it holds one message until all of it
** has come.
**
** The client engine writes the body of RETR to it in C. The octets can be hashed
** and converted to the form of the file (see form.h) while they are written.
** Octets are gathered in a buffer; each call that reads the file or makes it
** durable writes them first.
*/

/***
Files for durable storage.
@engine pop3.core.diskfile
*/
#define _GNU_SOURCE  /* O_TMPFILE, syncfs */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lcache.h"
#include "../open.h"
#include "ldiskread.h"
#include "lsystem.h"


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
  lua_setiuservalue(L, -2, LPOP3_DISKPATH);
  luaL_setmetatable(L, LPOP3_DISKFILE);
  return f;
}

static mode_t check_mode (lua_State *L, int arg) {
  lua_Integer mode = luaL_optinteger(L, arg, 0600);
  luaL_argcheck(L, mode >= 0 && mode <= 07777, arg,
                "the mode must be 0 to 07777");
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
      default: luaL_argerror(L, 2, "unknown letter");
    }
  }
  luaL_argcheck(L, r || w, 2, "r or w is needed");
  return flags | (r && w ? O_RDWR : w ? O_WRONLY : O_RDONLY);
}

/***
Open a file.
@function open
@tparam string path
@tparam string how letters: "r" to read, "w" to write, "a" to write at its end,
"c" create it if it does not exist, "x" create it, and fail if it exists, "t"
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
A file without a name, to be written and then read. It stays in memory while it is
small, then it is in the directory. It is removed when this object is closed.
@function spool
@tparam string directory
@tparam[opt=65536] integer threshold octets that stay in memory
@treturn pop3.diskfile
*/
static int l_spool (lua_State *L) {
  lua_Integer threshold = luaL_optinteger(L, 2, LPOP3_DISKFULL);
  Diskfile *f;
  luaL_checkstring(L, 1);
  luaL_argcheck(L, threshold >= 0 && threshold <= 0x40000000, 2,
                "out of range");
  f = new_file(L);
  f->threshold = (size_t)threshold;
  f->open = 1;
  return 1;
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
  Diskfile *f = lpop3_checkdiskfile(L, 1);
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
  Diskfile *f = lpop3_checkdiskfile(L, 1);
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
  size_t n = h == NULL ? 0 : pop3_hash_value(h, out);
  if (h == NULL) lua_pushnil(L);
  else if (n == 0) luaL_error(L, "not enough memory");
  else lpop3_pushhex(L, out, n);
}

/***
SHA-256 of what was written since `hash`, in hexadecimal.
@function diskfile:digests
@treturn ?string of the header, without the fields that servers change: see
csrc/mail/fingerprint.h
@treturn ?string of all octets
*/
static int f_digests (lua_State *L) {
  Diskfile *f = lpop3_checkdiskfile(L, 1);
  if (!lpop3_diskhashed(f)) return luaL_error(L, "not enough memory");
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
  Diskfile *f = lpop3_checkdiskfile(L, 1);
  size_t n;
  const char *p = luaL_checklstring(L, 2, &n);
  int en = lpop3_disktake(L, 1, f, p, n);
  return en != 0 ? lpop3_diskfail(L, 1, en) : done(L);
}

/***
The message is complete: write the octets that its conversion held back, and with
"dot" the terminator. Later writes are not converted.
@function diskfile:finish
@treturn boolean true, or nil, message, "io", errno
*/
static int f_finish (lua_State *L) {
  Diskfile *f = lpop3_checkdiskfile(L, 1);
  if (f->failed == 0 && pop3_form_end(&f->form, &f->buf) != 0)
    f->failed = ENOMEM;
  pop3_form_init(&f->form, POP3_FORM_OCTETS);
  return f->failed != 0 ? lpop3_diskfail(L, 1, f->failed) : done(L);
}

/***
Octets that were written, before their conversion.
@function diskfile:octets
@treturn integer
*/
static int f_octets (lua_State *L) {
  lpop3_pushu64(L, lpop3_checkdiskfile(L, 1)->octets);
  return 1;
}

/***
Write the octets in the buffer. They are not durable yet.
@function diskfile:flush
@treturn boolean true, or nil, message, "io", errno
*/
static int f_flush (lua_State *L) {
  Diskfile *f = lpop3_checkdiskfile(L, 1);
  int en = f->buf.n > 0 || f->failed != 0 ? lpop3_diskflush(L, 1, f) : 0;
  pop3_buf_trim(&f->buf, 0);  /* the next file takes it */
  return en != 0 ? lpop3_diskfail(L, 1, en) : done(L);
}

#ifdef __linux__
#define sync_system syncfs
#else
#define sync_system lpop3_fsync
#endif

#if defined(_POSIX_SYNCHRONIZED_IO) && _POSIX_SYNCHRONIZED_IO > 0
#define sync_data fdatasync
#else
#define sync_data lpop3_fsync
#endif

/* 0 or the errno of a call on the descriptor, after a flush. */
static int durable (lua_State *L, Diskfile *f, const char *how) {
  int en = lpop3_diskflush(L, 1, f), r;
  if (en != 0) return en;
  do {
    r = how[0] == 'd' ? sync_data(f->fd)
      : how[0] == 's' ? sync_system(f->fd) : lpop3_fsync(f->fd);
  } while (r != 0 && errno == EINTR);
  return r == 0 ? 0 : errno;
}

/***
Wait until the file is on the disk. The name of a new file is not: see
`syncdir`.
@function diskfile:sync
@tparam[opt="file"] string how "file" (fsync), "data" (fdatasync: without the times
of the file), "system" (syncfs: all files of the file
system; fsync of this file on systems that do not have it)
@treturn boolean true, or nil, message, "io", errno
*/
static int f_sync (lua_State *L) {
  static const char *const names[] = { "file", "data", "system", NULL };
  Diskfile *f = lpop3_checkdiskfile(L, 1);
  int en = durable(L, f, names[luaL_checkoption(L, 2, "file", names)]);
  return en != 0 ? lpop3_diskfail(L, 1, en) : done(L);
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
  Diskfile *f = (Diskfile *)luaL_checkudata(L, 1, LPOP3_DISKFILE);
  int fd = f->fd;
  if (!f->open) return done(L);
  f->open = 0;
  f->fd = -1;
  release(f);
  if (fd >= 0 && close(fd) != 0 && errno != EINTR)
    return lpop3_diskfail(L, 1, errno);
  return done(L);
}

static int f_tostring (lua_State *L) {
  Diskfile *f = (Diskfile *)luaL_checkudata(L, 1, LPOP3_DISKFILE);
  lua_pushfstring(L, LPOP3_DISKFILE " (%s)",
                  f->open ? lpop3_diskpath(L, 1) : "closed");
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
  if (f->header == NULL || !lpop3_diskhash(f, p, n) || !lpop3_diskhashed(f))
    return luaL_error(L, "OpenSSL has no SHA-256 here");
  push_hash(L, f->header);
  release(f);
  return 1;
}

static const luaL_Reg methods[] = {
  { "__tostring", f_tostring },
#define LPOP3_X(name) { #name, lpop3_disk_##name },
  LPOP3_DISKREADING (LPOP3_X)
#undef LPOP3_X
  { "close", f_close },
  { "digests", f_digests },
  { "finish", f_finish },
  { "flush", f_flush },
  { "form", f_form },
  { "hash", f_hash },
  { "octets", f_octets },
  { "sync", f_sync },
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
  lpop3_type(L, LPOP3_DISKFILE, methods);
  luaL_setfuncs(L, funcs, 0);
}
