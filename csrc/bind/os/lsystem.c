/*
** lsystem.c - the names of errnos, calls that several files make, the name of this
** host, and whether a process exists.
*/

/***
This host and its processes.
@engine pop3.core.system
*/
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../open.h"
#include "lsystem.h"

const char *lpop3_errname (int en) {
  static const struct { int en; const char *name; } rows[] = {
    { EACCES, "EACCES" }, { EAGAIN, "EAGAIN" }, { EBADF, "EBADF" },
    { EBUSY, "EBUSY" }, { EDQUOT, "EDQUOT" }, { EEXIST, "EEXIST" },
    { EFBIG, "EFBIG" }, { EINVAL, "EINVAL" }, { EIO, "EIO" },
    { EISDIR, "EISDIR" }, { ELOOP, "ELOOP" }, { EMFILE, "EMFILE" },
    { EMLINK, "EMLINK" }, { ENAMETOOLONG, "ENAMETOOLONG" },
    { ENFILE, "ENFILE" }, { ENOENT, "ENOENT" }, { ENOLCK, "ENOLCK" },
    { ENOMEM, "ENOMEM" }, { ENOSPC, "ENOSPC" }, { ENOSYS, "ENOSYS" },
    { ENOTDIR, "ENOTDIR" }, { ENOTEMPTY, "ENOTEMPTY" },
    { EOPNOTSUPP, "EOPNOTSUPP" }, { EPERM, "EPERM" }, { EROFS, "EROFS" },
    { ESTALE, "ESTALE" }, { EXDEV, "EXDEV" }
  };
  size_t i;
  for (i = 0; i < sizeof rows / sizeof *rows; i++)
    if (rows[i].en == en) return rows[i].name;
  return "EOTHER";
}

int lpop3_writeall (int fd, const char *p, size_t *n) {
  while (*n > 0) {
    ssize_t k = write(fd, p, *n);
    if (k < 0 && errno == EINTR) continue;
    if (k < 0) return errno;
    p += k;
    *n -= (size_t)k;
  }
  return 0;
}

int lpop3_syserror (lua_State *L, const char *what, int en) {
  int n = lpop3_sysfail(L, what, en);
  lua_pushstring(L, lpop3_errname(en));
  return n + 1;
}

int lpop3_fsync (int fd) {
#ifdef F_FULLFSYNC
  if (fcntl(fd, F_FULLFSYNC) == 0) return 0;  /* some file systems lack it */
#endif
  return fsync(fd);
}

/***
The name of this host, as uname(2) has it.
@function hostname
@treturn string
*/
static int l_hostname (lua_State *L) {
  char name[256];
  if (gethostname(name, sizeof name) != 0 || name[0] == '\0')
    strcpy(name, "localhost");
  name[sizeof name - 1] = '\0';
  lua_pushstring(L, name);
  return 1;
}

/* The time when a process began, in ticks since the boot; 0 if unknown. */
static unsigned long long started (long pid) {
  char path[64], text[1024];
  const char *p;
  size_t n;
  int field;
  FILE *f;
  snprintf(path, sizeof path, "/proc/%ld/stat", pid);
  f = fopen(path, "re");
  if (f == NULL) return 0;
  n = fread(text, 1, sizeof text - 1, f);
  fclose(f);
  text[n] = '\0';
  p = strrchr(text, ')');  /* the name of the program may hold anything */
  for (field = 2; p != NULL && field < 22; field++) p = strchr(p + 1, ' ');
  return p == NULL ? 0 : strtoull(p, NULL, 10);
}

/***
Is there a process of that number on this host? Numbers are used again: two
processes with one number differ in their start time.
@function process
@tparam integer pid
@treturn integer when it began, in clock ticks since the boot (0 where the
system does not tell); nil when there is no such process
*/
static int l_process (lua_State *L) {
  lua_Integer pid = luaL_checkinteger(L, 1);
  luaL_argcheck(L, pid > 0 && pid <= 0x7fffffff, 1, "not a process id");
  if (kill((pid_t)pid, 0) != 0 && errno != EPERM) return 0;
  lua_pushinteger(L, (lua_Integer)started((long)pid));
  return 1;
}

static const luaL_Reg funcs[] = {
  { "hostname", l_hostname },
  { "process", l_process },
  { NULL, NULL }
};

void lpop3_open_system (lua_State *L) {
  luaL_setfuncs(L, funcs, 0);
}
