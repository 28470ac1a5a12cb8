/*
** lproc.c - processes, for test servers that run in a child process.
*/

/***
Processes.
@engine pop3.core.proc
*/
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include "../lpop3.h"
#include "../open.h"

/*
** The child does not get the parent's handlers, but keeps the signals that the
** parent ignores (nohup, "&").
*/
static void own_signals (void) {
  static const int all[] = { SIGHUP, SIGINT, SIGTERM };
  struct sigaction a;
  size_t i;
  for (i = 0; i < sizeof all / sizeof *all; i++)
    if (sigaction(all[i], NULL, &a) == 0 && a.sa_handler != SIG_IGN)
      signal(all[i], SIG_DFL);
}

/* The child ends when its parent ends. */
static void die_with (pid_t parent) {
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  if (getppid() != parent) _exit(0);  /* it was too late to ask for that */
}

/***
Fork, after stdio's buffers are written. The child ends when the parent ends.
@function fork
@treturn integer the child's process id, 0 in the child, or nil, message, "io"
*/
static int l_fork (lua_State *L) {
  pid_t parent = getpid(), pid;
  sigset_t all, before;
  int en;
  fflush(NULL);
  sigfillset(&all);  /* the child must not get one by the parent's handlers */
  sigprocmask(SIG_SETMASK, &all, &before);
  pid = fork();
  en = errno;
  if (pid == 0) {
    own_signals();
    die_with(parent);
  }
  sigprocmask(SIG_SETMASK, &before, NULL);
  if (pid < 0) return lpop3_sysfail(L, "fork", en);
  lua_pushinteger(L, (lua_Integer)pid);
  return 1;
}

/* May a process at the other end wait until this descriptor is closed? */
static int has_peer (int fd) {
  struct stat st;
  return fstat(fd, &st) == 0 && (S_ISSOCK(st.st_mode) || S_ISFIFO(st.st_mode));
}

/* Put /dev/null in its place, closed on exec. */
static void put_null (int null, int fd) {
  if (dup2(null, fd) == fd) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/***
In a child: replace every socket and pipe that the parent has open by /dev/null,
except two and the standard ones. So the parent's peers see the end when the parent
closes one: a program that reads from `io.popen` waits for that. Objects that hold
such a number do no harm, since it is still in use.
@function disown
@tparam integer keep
@tparam integer keep
*/
static int l_disown (lua_State *L) {
  int keep1 = (int)luaL_checkinteger(L, 1);
  int keep2 = (int)luaL_checkinteger(L, 2);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC), fd;
  long max = sysconf(_SC_OPEN_MAX);
  DIR *d = opendir("/proc/self/fd");
  struct dirent *e;
  if (max > 65536) max = 65536;
  for (fd = 3; d == NULL && fd < max; fd++)
    if (fd != keep1 && fd != keep2 && has_peer(fd)) put_null(null, fd);
  while (d != NULL && (e = readdir(d)) != NULL) {
    fd = (int)strtol(e->d_name, NULL, 10);
    if (fd > 2 && fd != keep1 && fd != keep2 && has_peer(fd))
      put_null(null, fd);
  }
  if (d != NULL) closedir(d);
  if (null >= 0) close(null);
  return 0;
}

/***
Wait for a child to end.
@function waitpid
@tparam integer pid
@tparam[opt=false] boolean nohang do not wait
@treturn integer the exit status, or 128 plus the number of the signal that
ended it; nil if it has not ended; nil, "none" if there is no such child
*/
static int l_waitpid (lua_State *L) {
  pid_t pid = (pid_t)luaL_checkinteger(L, 1), got;
  int st = 0, flags = lua_toboolean(L, 2) ? WNOHANG : 0;
  luaL_argcheck(L, pid > 0, 1, "not a process id");
  do got = waitpid(pid, &st, flags); while (got < 0 && errno == EINTR);
  if (got < 0) {
    lua_pushnil(L);
    lua_pushliteral(L, "none");
    return 2;
  }
  if (got == 0) return 0;
  lua_pushinteger(L, WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st));
  return 1;
}

/***
End a process at once.
@function kill
@tparam integer pid of a child
*/
static int l_kill (lua_State *L) {
  pid_t pid = (pid_t)luaL_checkinteger(L, 1);
  luaL_argcheck(L, pid > 1, 1, "not a process id");
  kill(pid, SIGKILL);
  return 0;
}

/***
End this process at once, without finalizers and exit handlers: for a child.
@function exit
@tparam integer status
*/
static int l_exit (lua_State *L) {
  int status = (int)luaL_checkinteger(L, 1);
  fflush(NULL);
  _exit(status);
}

/***
@function getpid
@treturn integer
*/
static int l_getpid (lua_State *L) {
  lua_pushinteger(L, (lua_Integer)getpid());
  return 1;
}

/***
@function getppid
@treturn integer the process that started this one, or another one once it has
ended
*/
static int l_getppid (lua_State *L) {
  lua_pushinteger(L, (lua_Integer)getppid());
  return 1;
}

/***
A descriptor that can be read when the parent of this process has ended. Linux
5.3 or later has this.
@function parent
@treturn integer; or nil, message, "io"
*/
static int l_parent (lua_State *L) {
  int en = ENOSYS;
#if defined(SYS_pidfd_open)
  pid_t parent = getppid();
  long fd = syscall(SYS_pidfd_open, parent, 0);
  if (fd >= 0) {
    lua_pushinteger(L, (lua_Integer)fd);
    return 1;
  }
  en = errno;
#endif
  return lpop3_sysfail(L, "pidfd_open", en);
}

/***
Raise the limit of open descriptors of this process as far as it may be raised.
@function maxfiles
@treturn integer how many
*/
static int l_maxfiles (lua_State *L) {
  struct rlimit r;
  if (getrlimit(RLIMIT_NOFILE, &r) != 0)
    return lpop3_sysfail(L, "getrlimit", errno);
  if (r.rlim_cur < r.rlim_max) {
    rlim_t old = r.rlim_cur;
    r.rlim_cur = r.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &r) != 0) r.rlim_cur = old;
  }
  lpop3_pushu64(L, (uint64_t)r.rlim_cur);
  return 1;
}

static const luaL_Reg funcs[] = {
  { "disown", l_disown },
  { "exit", l_exit },
  { "fork", l_fork },
  { "getpid", l_getpid },
  { "getppid", l_getppid },
  { "kill", l_kill },
  { "maxfiles", l_maxfiles },
  { "parent", l_parent },
  { "waitpid", l_waitpid },
  { NULL, NULL }
};

void lpop3_open_proc (lua_State *L) {
  luaL_setfuncs(L, funcs, 0);
}
