/*
** lpoll.c - waiting for descriptors: one by poll(2), many by a poller (epoll
** where it exists, otherwise poll), and the clock.
*/

/***
Waiting for descriptors.
@engine pop3.core.poll
*/
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__) && !defined(LPOP3_USE_POLL)
#define USE_EPOLL 1
#include <sys/epoll.h>
#else
#define USE_EPOLL 0
#endif

#include "../lpop3.h"
#include "../open.h"

#define LPOP3_POLLER "pop3.poller"

/* Seconds (nil or negative: for ever) as poll's milliseconds, rounded up. */
static int millis (lua_State *L, int arg) {
  lua_Number s = luaL_optnumber(L, arg, -1);
  if (s < 0) return -1;
  if (s > INT_MAX / 1000) return INT_MAX;
  s *= 1000;
  return (int)s + ((lua_Number)(int)s < s);
}

/***
Seconds on a clock that only goes forward.
@function now
@treturn number
*/
static int l_now (lua_State *L) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  lua_pushnumber(L, (lua_Number)t.tv_sec + (lua_Number)t.tv_nsec / 1e9);
  return 1;
}

/***
Seconds since 1970, with fractions.
@function time
@treturn number
*/
static int l_time (lua_State *L) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  lua_pushnumber(L, (lua_Number)t.tv_sec + (lua_Number)t.tv_nsec / 1e9);
  return 1;
}

/*
** A wait polls LOOKS times before it blocks, which takes about as many
** microseconds. A peer in lock-step, on this machine or near, answers within
** some ten of them, and to block and to wake up costs as much. Other processes
** may run between two polls. After polls without success, the next waits block
** at once; the number of such waits doubles each time.
*/
#define LOOKS 50
#define PATIENT 64  /* waits without polls, at most, before polls are tried */

typedef struct Looks {
  int skip;  /* waits that block at once */
  int vain;  /* their number the last time, 0 after a success */
} Looks;

static int looks_now (Looks *s) {
  if (s->skip == 0) return LOOKS;
  s->skip--;
  return 0;
}

/* After 'looks' polls: did one of them find something? */
static void looked (Looks *s, int looks, int found) {
  if (looks < LOOKS) return;
  if (found) s->vain = 0;
  else if (s->vain < PATIENT) s->vain = s->vain == 0 ? 1 : s->vain * 2;
  s->skip = s->vain;
}

/***
Wait until a descriptor can be read or written.
@function poll
@tparam integer fd
@tparam string mode "r" or "w"
@tparam[opt] number seconds for ever if nil
@treturn boolean true, or nil, "timeout"
*/
static int l_poll (lua_State *L) {
  struct pollfd p;
  const char *mode = luaL_checkstring(L, 2);
  Looks *state = (Looks *)lua_touserdata(L, lua_upvalueindex(1));
  int n = 0, k, looks, ms = millis(L, 3);
  p.fd = (int)luaL_checkinteger(L, 1);
  p.events = *mode == 'w' ? POLLOUT : POLLIN;
  p.revents = 0;
  looks = ms == 0 ? 0 : looks_now(state);
  for (k = 0; k < looks && n == 0; k++) {
    if (k > 0) sched_yield();
    n = poll(&p, 1, 0);
  }
  looked(state, looks, n != 0);
  if (n == 0) n = poll(&p, 1, ms);
  if (n > 0 || (n < 0 && errno != EINTR)) {  /* an error shows on use */
    lua_pushboolean(L, 1);
    return 1;
  }
  if (n < 0) {  /* a signal: its Lua handler wants to run; ask again */
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_pushliteral(L, "timeout");
  return 2;
}

#define BATCH 256  /* events taken at once */

typedef struct Poller {
  lpop3_object object;
  int ep;              /* -1 when closed, or without epoll */
  Looks looks;
  struct pollfd *set;  /* without epoll: what is watched */
  size_t n, cap;
  pop3_mem mem;
} Poller;

/* The object at 1, whose type lpop3_type checks. */
static Poller *check (lua_State *L) {
  return (Poller *)lua_touserdata(L, 1);
}

#if USE_EPOLL

static int open_poller (Poller *p) {
  p->ep = epoll_create1(EPOLL_CLOEXEC);
  return p->ep < 0 ? errno : 0;
}

static void close_poller (Poller *p) {
  if (p->ep >= 0) close(p->ep);
  p->ep = -1;
}

/*
** Watch for some of 'r', 'w', 'h', and the end of both directions; 'known' if
** it was watched, 'gone' if it is not to be any more.
*/
static int watch (Poller *p, int fd, int r, int w, int h, int known,
                  int gone) {
  struct epoll_event e;
  int op = known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  memset(&e, 0, sizeof e);
  if (r) e.events |= EPOLLIN;
  if (w) e.events |= EPOLLOUT;
  if (h) e.events |= EPOLLRDHUP;
  e.data.fd = fd;
  if (gone) op = EPOLL_CTL_DEL;
  return epoll_ctl(p->ep, op, fd, &e) != 0 ? errno : 0;
}

/* Descriptors that are ready, to the list at 'list'; -1 on failure. */
static int wait_poller (lua_State *L, Poller *p, int ms, int list) {
  struct epoll_event ev[BATCH];
  int i, n = epoll_wait(p->ep, ev, BATCH, ms);
  for (i = 0; i < n; i++) {
    lua_pushinteger(L, ev[i].data.fd);
    lua_rawseti(L, list, i + 1);
  }
  return n;
}

#else

static int open_poller (Poller *p) {
  (void)p;
  return 0;
}

static void close_poller (Poller *p) {
  if (p->set != NULL)
    p->mem.f(p->mem.ud, p->set, p->cap * sizeof *p->set, 0);
  p->set = NULL;
  p->n = p->cap = 0;
}

#ifndef POLLRDHUP
#define POLLRDHUP 0  /* only the end of both directions shows then */
#endif

static int watch (Poller *p, int fd, int r, int w, int h, int known,
                  int gone) {
  size_t i;
  short events = (short)((r ? POLLIN : 0) | (w ? POLLOUT : 0) |
                         (h ? POLLRDHUP : 0));
  for (i = 0; known && i < p->n && p->set[i].fd != fd; i++) ;
  if (!known) i = p->n;
  if (known && i == p->n) return ENOENT;
  if (gone) {
    p->set[i] = p->set[--p->n];
    return 0;
  }
  if (i == p->cap) {
    size_t cap = p->cap ? p->cap * 2 : 16;
    struct pollfd *set = (struct pollfd *)p->mem.f(p->mem.ud, p->set,
      p->cap * sizeof *set, cap * sizeof *set);
    if (set == NULL) return ENOMEM;
    p->set = set;
    p->cap = cap;
  }
  if (i == p->n) p->n++;
  p->set[i].fd = fd;
  p->set[i].events = events;
  p->set[i].revents = 0;
  return 0;
}

static int wait_poller (lua_State *L, Poller *p, int ms, int list) {
  int got = poll(p->set, p->n, ms), k = 0;
  size_t i;
  if (got < 0) return got;
  for (i = 0; i < p->n && k < BATCH; i++)
    if (p->set[i].revents != 0) {
      lua_pushinteger(L, p->set[i].fd);
      lua_rawseti(L, list, ++k);
    }
  return k;
}

#endif

/***
An object that waits for many descriptors.
@function poller
@treturn pop3.poller or nil, message, "io"
*/
static int l_poller (lua_State *L) {
  Poller *p = (Poller *)lpop3_new(L, sizeof *p, 0);
  int en;
  p->ep = -1;
  p->mem = lpop3_mem(L);
  luaL_setmetatable(L, LPOP3_POLLER);
  en = open_poller(p);
  return en != 0 ? lpop3_sysfail(L, "poller", en) : 1;
}

/***
Set the events to wait for.
@function poller:watch
@tparam integer fd
@tparam string modes letters: "r" to read, "w" to write, "h" for the end of
what the peer sends, "e" for the end of both directions, which the others show
too; "" for no more
@tparam boolean known whether it is being watched
@treturn boolean true, or nil, message, "io"
*/
static int p_watch (lua_State *L) {
  Poller *p = check(L);
  int fd = (int)luaL_checkinteger(L, 2);
  const char *modes = luaL_checkstring(L, 3);
  int en = watch(p, fd, strchr(modes, 'r') != NULL,
                 strchr(modes, 'w') != NULL, strchr(modes, 'h') != NULL,
                 lua_toboolean(L, 4), lua_toboolean(L, 4) && *modes == '\0');
  if (en != 0) return lpop3_sysfail(L, "poller", en);
  lua_pushboolean(L, 1);
  return 1;
}

/* Ready descriptors without sleeping, if there are some very soon. */
static int look (lua_State *L, Poller *p, int list) {
  int k, n = 0, looks = looks_now(&p->looks);
  for (k = 0; k < looks && n == 0; k++) {
    if (k > 0) sched_yield();
    n = wait_poller(L, p, 0, list);
  }
  looked(&p->looks, looks, n != 0);
  return n;
}

/***
Wait.
@function poller:wait
@tparam table list where the descriptors that are ready are put
@tparam[opt] number seconds for ever if nil
@treturn integer how many there are; 0 after a timeout or a signal
*/
static int p_wait (lua_State *L) {
  Poller *p = check(L);
  int n, ms = millis(L, 3);
  luaL_checktype(L, 2, LUA_TTABLE);
  n = ms == 0 ? 0 : look(L, p, 2);
  if (n == 0) n = wait_poller(L, p, ms, 2);
  if (n < 0 && errno != EINTR) return lpop3_sysfail(L, "poller", errno);
  lua_pushinteger(L, n < 0 ? 0 : n);
  return 1;
}

/***
A descriptor that can be read when one of those that are watched is ready. Nil
where the system has no epoll.
@function poller:getfd
@treturn ?integer
*/
static int p_getfd (lua_State *L) {
  Poller *p = check(L);
  if (p->ep < 0) return 0;
  lua_pushinteger(L, p->ep);
  return 1;
}

static int p_close (lua_State *L) {
  close_poller(check(L));
  return 0;
}

static const luaL_Reg methods[] = {
  { "close", p_close },
  { "getfd", p_getfd },
  { "wait", p_wait },
  { "watch", p_watch },
  { NULL, NULL }
};

static const luaL_Reg funcs[] = {
  { "now", l_now },
  { "poller", l_poller },
  { "time", l_time },
  { NULL, NULL }
};

void lpop3_open_poll (lua_State *L) {
  lpop3_type(L, LPOP3_POLLER, methods);
  luaL_setfuncs(L, funcs, 0);
  memset(lua_newuserdatauv(L, sizeof(Looks), 0), 0, sizeof(Looks));
  lua_pushcclosure(L, l_poll, 1);
  lua_setfield(L, -2, "poll");
}
