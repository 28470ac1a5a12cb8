/*
** lspawn.c - a command of the shell as an object: started with a file as its
** standard input, waited for without blocking, ended with all that it has
** started. Deliveries into a pipe use it. lproc.c has the processes of the
** test server, which run Lua.
*/

/***
Commands of the shell.
@engine pop3.core.spawn
*/
#define _GNU_SOURCE  /* pipe2, syscall */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "../open.h"
#include "ldisk.h"
#include "lsystem.h"

#define COMMAND_T "pop3.command"

#ifdef __APPLE__
#include <crt_externs.h>  /* a library cannot use the variable there */
#define environ (*_NSGetEnviron())
#else
extern char **environ;
#endif

typedef struct Command {
  lpop3_object object;
  pid_t pid;    /* 0: it has ended, or never began */
  int out;      /* its standard output and error; -1: closed */
  int end;      /* can be read when it has ended; -1: the system has no such */
  int status;   /* as waitpid has it, when pid is 0 */
  int known;    /* 'status' is */
} Command;

static Command *check (lua_State *L) {
  return (Command *)luaL_checkudata(L, 1, COMMAND_T);
}

static void shut (int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

/* ------------------------------------------------------------ in the child */

/* Only the standard descriptors are passed on. */
static void close_others (void) {
  long fd, max = sysconf(_SC_OPEN_MAX);
#ifdef SYS_close_range
  if (syscall(SYS_close_range, 3U, ~0U, 0U) == 0) return;
#endif
  if (max < 0 || max > 65536) max = 65536;
  for (fd = 3; fd < max; fd++) close((int)fd);
}

/*
** Only calls that are safe after fork() in a program with threads. The command
** gets the default signals, as from a shell, a new process group, and a SIGTERM
** when this process ends before it.
*/
static void run (const char *command, char **env, int in, int out,
                 pid_t parent) {
  char *argv[4];
  char shell[] = "sh", option[] = "-c";
  struct sigaction a;
  sigset_t none;
  int sig;
  memset(&a, 0, sizeof a);
  a.sa_handler = SIG_DFL;
  for (sig = 1; sig < NSIG; sig++)
    if (sig != SIGKILL && sig != SIGSTOP) sigaction(sig, &a, NULL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setpgid(0, 0);
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
  if (getppid() != parent) _exit(75);
  if (in < 3) in = fcntl(in, F_DUPFD, 3);
  if (out < 3) out = fcntl(out, F_DUPFD, 3);
  if (in < 0 || out < 0 || lseek(in, 0, SEEK_SET) < 0 || dup2(in, 0) < 0 ||
      dup2(out, 1) < 0 || dup2(out, 2) < 0) _exit(75);
  close_others();
  argv[0] = shell;
  argv[1] = option;
  argv[2] = (char *)(size_t)command;
  argv[3] = NULL;
  execve("/bin/sh", argv, env);
  _exit(75);
}

/* ----------------------------------------------------------- in the parent */

/* A pipe whose ends are closed on exec; 0 or -1. */
static int make_pipe (int two[2]) {
#ifdef __linux__
  return pipe2(two, O_CLOEXEC);
#else
  if (pipe(two) != 0) return -1;
  fcntl(two[0], F_SETFD, FD_CLOEXEC);
  fcntl(two[1], F_SETFD, FD_CLOEXEC);
  return 0;
#endif
}

/* Are the names of two entries NAME=value the same? */
static int same_name (const char *a, const char *b) {
  size_t n = strcspn(a, "=");
  return strncmp(a, b, n) == 0 && b[n] == '=';
}

/* The entry 'i' of the table at 'arg', which keeps it. */
static const char *variable (lua_State *L, int arg, size_t i) {
  size_t len;
  const char *entry;
  if (lua_rawgeti(L, arg, (lua_Integer)i) != LUA_TSTRING)
    luaL_error(L, "a variable must be a string NAME=value");
  entry = lua_tolstring(L, -1, &len);
  if (strchr(entry, '=') == NULL || strlen(entry) != len)
    luaL_error(L, "a variable must be a string NAME=value");
  lua_pop(L, 1);
  return entry;
}

/*
** The environment: this process's, with the variables of the table at 'arg' in
** place of those of the same name. It is one block on the top of the stack;
** its strings stay in the table and in 'environ'.
*/
static char **environment (lua_State *L, int arg) {
  size_t n = 0, extra, i, k, used;
  char **env;
  luaL_checktype(L, arg, LUA_TTABLE);
  extra = (size_t)luaL_len(L, arg);
  while (environ[n] != NULL) n++;
  env = (char **)lua_newuserdatauv(L, (n + extra + 1) * sizeof *env, 0);
  for (i = 0; i < extra; i++)
    env[i] = (char *)(size_t)variable(L, arg, i + 1);
  used = extra;
  for (i = 0; i < n; i++) {
    for (k = 0; k < extra && !same_name(env[k], environ[i]); k++) ;
    if (k == extra) env[used++] = environ[i];
  }
  env[used] = NULL;
  return env;
}

static int end_of (pid_t pid) {
#ifdef SYS_pidfd_open
  return (int)syscall(SYS_pidfd_open, pid, 0);  /* it is close-on-exec */
#else
  (void)pid;
  return -1;
#endif
}

/***
Run a command by /bin/sh. Its standard input is a file, from the first octet
on; what it prints on standard output and standard error can be read.
@function spawn
@tparam string command
@tparam pop3.diskfile input opened to read, or a spool
@tparam {string,...} env variables to set, "NAME=value", in the environment of
this process
@treturn pop3.command or nil, message, "io", errno
*/
static int l_spawn (lua_State *L) {
  size_t n;
  const char *command = luaL_checklstring(L, 1, &n);
  int in = lpop3_diskfilefd(L, 2), two[2];
  pid_t parent = getpid();
  sigset_t all, before;
  char **env;
  Command *c;
  luaL_argcheck(L, strlen(command) == n, 1, "the command holds a NUL");
  if (in < 0) return lpop3_syserror(L, "standard input", errno);
  env = environment(L, 3);
  c = (Command *)lpop3_new(L, sizeof *c, 0);
  c->out = c->end = -1;
  luaL_setmetatable(L, COMMAND_T);
  if (make_pipe(two) != 0) return lpop3_syserror(L, "pipe", errno);
  c->out = two[0];
  fcntl(c->out, F_SETFL, O_NONBLOCK);
  sigfillset(&all);  /* the child must not run a handler of the parent */
  sigprocmask(SIG_SETMASK, &all, &before);
  c->pid = fork();
  if (c->pid == 0) run(command, env, in, two[1], parent);
  n = (size_t)errno;
  sigprocmask(SIG_SETMASK, &before, NULL);
  close(two[1]);
  if (c->pid < 0) {
    c->pid = 0;
    return lpop3_syserror(L, "fork", (int)n);
  }
  setpgid(c->pid, c->pid);  /* both call it: either may be first */
  c->end = end_of(c->pid);
  return 1;
}

/* Reap it if it has ended. */
static void reap (Command *c, int flags) {
  pid_t got;
  if (c->pid == 0) return;
  do got = waitpid(c->pid, &c->status, flags);
  while (got < 0 && errno == EINTR);
  if (got == 0) return;
  c->known = got == c->pid;
  c->pid = 0;
}

/***
How the command has ended. This does not wait.
@function command:status
@treturn string "exit" or "signal"; "unknown" when other code has waited for the
process (SIGCHLD is ignored); nil while it runs
@treturn integer the exit status, or the number of the signal
*/
static int c_status (lua_State *L) {
  Command *c = check(L);
  reap(c, WNOHANG);
  if (c->pid != 0) return 0;
  if (!c->known) {
    lua_pushliteral(L, "unknown");
    return 1;
  }
  if (WIFEXITED(c->status)) {
    lua_pushliteral(L, "exit");
    lua_pushinteger(L, WEXITSTATUS(c->status));
  }
  else {
    lua_pushliteral(L, "signal");
    lua_pushinteger(L, WTERMSIG(c->status));
  }
  return 2;
}

/***
Descriptors to wait for; this object closes them.
@function command:getfd
@treturn ?integer can be read when the command has ended; nil where the system
has no such descriptor
@treturn ?integer can be read when it has printed something; nil after the end
*/
static int c_getfd (lua_State *L) {
  Command *c = check(L);
  if (c->end >= 0) lua_pushinteger(L, c->end);
  else lua_pushnil(L);
  if (c->out >= 0) lua_pushinteger(L, c->out);
  else lua_pushnil(L);
  return 2;
}

/***
Read the output of the command. This does not wait.
@function command:read
@treturn string octets; or nil, "timeout" when there are no more now, or nil,
"closed" when there will be no more
*/
static int c_read (lua_State *L) {
  Command *c = check(L);
  char piece[4096];
  ssize_t n = 0;
  if (c->out >= 0) {
    do n = read(c->out, piece, sizeof piece); while (n < 0 && errno == EINTR);
  }
  if (n > 0) {
    lua_pushlstring(L, piece, (size_t)n);
    return 1;
  }
  lua_pushnil(L);
  if (n < 0 && errno == EAGAIN) lua_pushliteral(L, "timeout");
  else {
    shut(&c->out);
    lua_pushliteral(L, "closed");
  }
  return 2;
}

/***
End the command, and the processes that it has started in its process group.
@function command:kill
@tparam[opt=false] boolean hard by SIGKILL; SIGTERM otherwise
*/
static int c_kill (lua_State *L) {
  Command *c = check(L);
  if (c->pid > 0) kill(-c->pid, lua_toboolean(L, 2) ? SIGKILL : SIGTERM);
  return 0;
}

/***
Close the object. A command that still runs is ended by SIGKILL, and waited for.
@function command:close
*/
static int c_close (lua_State *L) {
  Command *c = check(L);
  reap(c, WNOHANG);
  if (c->pid > 0) {
    kill(-c->pid, SIGKILL);
    kill(c->pid, SIGKILL);
    reap(c, 0);
  }
  shut(&c->out);
  shut(&c->end);
  return 0;
}

static const luaL_Reg methods[] = {
  { "close", c_close },
  { "getfd", c_getfd },
  { "kill", c_kill },
  { "read", c_read },
  { "status", c_status },
  { NULL, NULL }
};

static const luaL_Reg funcs[] = {
  { "spawn", l_spawn },
  { NULL, NULL }
};

void lpop3_open_spawn (lua_State *L) {
  lpop3_type(L, COMMAND_T, methods);
  luaL_setfuncs(L, funcs, 0);
}
