/*
** lterminal.c - the terminal that a program runs on: whether there is one, how
** wide it is, and a prompt for a secret that is not shown.
*/

/***
The terminal.
@engine pop3.core.terminal
*/
#define _DEFAULT_SOURCE
#define _DARWIN_C_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "../lpop3.h"
#include "../open.h"
#include "lsystem.h"

#define PROMPT "pop3.prompt"
#define LINE 4096  /* octets that a terminal gives at once */

/***
Is a descriptor a terminal?
@function isatty
@tparam integer fd
@treturn boolean
*/
static int l_isatty (lua_State *L) {
  lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
  return 1;
}

/***
The width of a terminal.
@function columns
@tparam integer fd
@treturn ?integer nil if it is not a terminal, or its size is unknown
@treturn ?integer its lines
*/
static int l_columns (lua_State *L) {
  int fd = (int)luaL_checkinteger(L, 1);
#ifdef TIOCGWINSZ
  struct winsize size;
  if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    lua_pushinteger(L, size.ws_col);
    if (size.ws_row > 0) lua_pushinteger(L, size.ws_row);
    else lua_pushnil(L);
    return 2;
  }
#else
  (void)fd;
#endif
  return 0;
}

typedef struct Prompt {
  lpop3_object object;
  int fd;      /* -1 when closed */
  int hidden;  /* 'before' is to be restored */
  struct termios before;
} Prompt;

static Prompt *check (lua_State *L) {
  Prompt *p = (Prompt *)luaL_checkudata(L, 1, PROMPT);
  luaL_argcheck(L, p->fd >= 0, 1, "the prompt is closed");
  return p;
}

static int p_close (lua_State *L) {
  Prompt *p = (Prompt *)luaL_checkudata(L, 1, PROMPT);
  if (p->hidden) tcsetattr(p->fd, TCSAFLUSH, &p->before);
  if (p->fd >= 0) close(p->fd);
  p->hidden = 0;
  p->fd = -1;
  return 0;
}

/***
Open a terminal to ask for a secret: it does not show the typed characters until
the object is closed. The keys that quit or stop the program have no effect
meanwhile; the key that interrupts it works.
@function prompt
@tparam string path such as "/dev/tty", the terminal of the process
@treturn pop3.prompt or nil, message, "io"
*/
static int l_prompt (lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  struct termios now;
  Prompt *p = (Prompt *)lpop3_new(L, sizeof *p, 0);
  p->fd = -1;
  luaL_setmetatable(L, PROMPT);
  p->fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (p->fd < 0 || tcgetattr(p->fd, &p->before) != 0)
    return lpop3_sysfail(L, path, errno);
  now = p->before;
  now.c_lflag |= ICANON;
  now.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
  now.c_cc[VQUIT] = now.c_cc[VSUSP] = _POSIX_VDISABLE;
  if (tcsetattr(p->fd, TCSAFLUSH, &now) != 0)
    return lpop3_sysfail(L, path, errno);
  p->hidden = 1;
  return 1;
}

/***
The descriptor, which can be read when a line was typed.
@function prompt:getfd
@treturn integer
*/
static int p_getfd (lua_State *L) {
  lua_pushinteger(L, check(L)->fd);
  return 1;
}

/***
Show text.
@function prompt:write
@tparam string text
@treturn boolean true; or nil, message, "io"
*/
static int p_write (lua_State *L) {
  Prompt *p = check(L);
  size_t n;
  const char *text = luaL_checklstring(L, 2, &n);
  int en = lpop3_writeall(p->fd, text, &n);
  if (en != 0) return lpop3_sysfail(L, "terminal", en);
  lua_pushboolean(L, 1);
  return 1;
}

/***
Read a typed line.
@function prompt:read
@treturn string a line with its end, or less; or nil, "timeout" if no line is
complete yet, "closed" at the end of the input, or message, "io"
*/
static int p_read (lua_State *L) {
  Prompt *p = check(L);
  luaL_Buffer b;
  char *room = luaL_buffinitsize(L, &b, LINE);
  struct pollfd f;
  ssize_t n = 0;
  f.fd = p->fd;
  f.events = POLLIN;
  if (poll(&f, 1, 0) == 0) {
    lua_pushnil(L);
    lua_pushliteral(L, "timeout");
    return 2;
  }
  do n = read(p->fd, room, LINE); while (n < 0 && errno == EINTR);
  if (n < 0) return lpop3_sysfail(L, "terminal", errno);
  if (n == 0) {
    lua_pushnil(L);
    lua_pushliteral(L, "closed");
    return 2;
  }
  luaL_pushresultsize(&b, (size_t)n);
  return 1;
}

static const luaL_Reg methods[] = {
  { "close", p_close },
  { "getfd", p_getfd },
  { "read", p_read },
  { "write", p_write },
  { NULL, NULL }
};

static const luaL_Reg funcs[] = {
  { "columns", l_columns },
  { "isatty", l_isatty },
  { "prompt", l_prompt },
  { NULL, NULL }
};

void lpop3_open_terminal (lua_State *L) {
  lpop3_type(L, PROMPT, methods);
  luaL_setfuncs(L, funcs, 0);
}
