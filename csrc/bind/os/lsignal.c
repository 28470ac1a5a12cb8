/*
** lsignal.c - signals that a loop can wait for by a descriptor.
*/

/***
Signals.
@engine pop3.core.signal
*/
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../lpop3.h"
#include "../open.h"

#define SIGNALS "pop3.signals"

static const struct {
  const char *name;
  int number;
} known[] = {
  { "HUP", SIGHUP }, { "INT", SIGINT }, { "TERM", SIGTERM },
  { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 },
};

#define N_KNOWN ((int)(sizeof known / sizeof *known))

typedef struct Signals {
  lpop3_object object;
  int in, out;  /* a pipe; -1 when closed */
  int caught[N_KNOWN];
  struct sigaction before[N_KNOWN];
} Signals;

/* The descriptor for the handler; handlers, and so this, belong to the process. */
static volatile sig_atomic_t wake = -1;

/* When the first signal came that is not taken yet; 0: no signal came. */
static volatile sig_atomic_t since = 0;

#define PATIENCE 2  /* seconds, as the clock counts them: more than one */

/*
** A pipe that is full has woken its reader already. A reader may hang, in a
** handler of a script that never returns: so a signal that comes some time after
** one that was not taken has its default effect. It does not come at once, since
** a terminal, or timeout(1), may send a signal twice.
*/
static void on_signal (int number) {
  int en = errno;
  sig_atomic_t now = (sig_atomic_t)(time(NULL) & 0x3fffffff) + 1;
  unsigned char c = (unsigned char)number;
  ssize_t n = wake >= 0 ? write((int)wake, &c, 1) : 0;
  (void)n;
  if (since == 0) since = now;
  else if (now - since >= PATIENCE) {
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_handler = SIG_DFL;
    sigaction(number, &a, NULL);
    raise(number);  /* delivered once this returns */
  }
  errno = en;
}

static Signals *check (lua_State *L) {
  Signals *s = (Signals *)luaL_checkudata(L, 1, SIGNALS);
  luaL_argcheck(L, s->in >= 0, 1, "signals are closed");
  return s;
}

/* Open the pipe; 0 or an errno. */
static int open_pipe (Signals *s) {
  int two[2], i;
  if (pipe(two) != 0) return errno;
  s->in = two[0];
  s->out = two[1];
  for (i = 0; i < 2; i++)
    if (fcntl(two[i], F_SETFL, O_NONBLOCK) < 0 ||
        fcntl(two[i], F_SETFD, FD_CLOEXEC) < 0) return errno;
  return 0;
}

static int s_close (lua_State *L) {
  Signals *s = (Signals *)luaL_checkudata(L, 1, SIGNALS);
  int i;
  for (i = 0; i < N_KNOWN; i++)
    if (s->caught[i]) sigaction(known[i].number, &s->before[i], NULL);
  memset(s->caught, 0, sizeof s->caught);
  if (s->out >= 0 && wake == s->out) wake = -1, since = 0;
  if (s->in >= 0) close(s->in);
  if (s->out >= 0) close(s->out);
  s->in = s->out = -1;
  return 0;
}

/* Catch it, unless the process was started to ignore it (nohup, "&"). */
static int catch (Signals *s, int i) {
  struct sigaction a;
  if (s->caught[i]) return 0;
  if (sigaction(known[i].number, NULL, &s->before[i]) != 0) return errno;
  if (s->before[i].sa_handler == SIG_IGN) return 0;
  memset(&a, 0, sizeof a);
  a.sa_handler = on_signal;
  a.sa_flags = SA_RESTART;
  sigemptyset(&a.sa_mask);
  if (sigaction(known[i].number, &a, NULL) != 0) return errno;
  s->caught[i] = 1;
  return 0;
}

/***
Catch signals until the object is closed. A process has one such object at a
time. If no signal is taken for more than a second, the next one has its default
effect.
@function signals
@tparam string ... names: "HUP", "INT", "TERM", "USR1", "USR2"
@treturn pop3.signals or nil, message, "io"
*/
static int l_signals (lua_State *L) {
  Signals *s;
  int wanted[N_KNOWN], n = lua_gettop(L), i, k, en;
  memset(wanted, 0, sizeof wanted);
  for (k = 1; k <= n; k++) {
    const char *name = luaL_checkstring(L, k);
    for (i = 0; i < N_KNOWN && strcmp(known[i].name, name) != 0; i++) ;
    if (i == N_KNOWN) return luaL_argerror(L, k, "unknown signal");
    wanted[i] = 1;
  }
  if (wake >= 0) return luaL_error(L, "another object catches signals already");
  lua_settop(L, 0);
  s = (Signals *)lpop3_new(L, sizeof *s, 0);
  s->in = s->out = -1;
  luaL_setmetatable(L, SIGNALS);
  en = open_pipe(s);
  if (en == 0) wake = s->out;
  for (i = 0; i < N_KNOWN && en == 0; i++)
    if (wanted[i]) en = catch(s, i);
  if (en == 0) return 1;
  s_close(L);
  return lpop3_sysfail(L, "signals", en);
}

/***
The descriptor that can be read when a signal has come.
@function signals:getfd
@treturn integer
*/
static int s_getfd (lua_State *L) {
  lua_pushinteger(L, check(L)->in);
  return 1;
}

/***
Take the next signal.
@function signals:next
@treturn ?string its name, nil if no signal came
*/
static int s_next (lua_State *L) {
  Signals *s = check(L);
  unsigned char c;
  ssize_t n;
  int i;
  since = 0;
  do n = read(s->in, &c, 1); while (n < 0 && errno == EINTR);
  for (i = 0; n == 1 && i < N_KNOWN; i++)
    if (known[i].number == c) {
      lua_pushstring(L, known[i].name);
      return 1;
    }
  return 0;
}

static const luaL_Reg methods[] = {
  { "close", s_close },
  { "getfd", s_getfd },
  { "next", s_next },
  { NULL, NULL }
};

static const luaL_Reg funcs[] = {
  { "signals", l_signals },
  { NULL, NULL }
};

void lpop3_open_signal (lua_State *L) {
  lpop3_type(L, SIGNALS, methods);
  luaL_setfuncs(L, funcs, 0);
}
