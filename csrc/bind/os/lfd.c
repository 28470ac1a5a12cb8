/*
** lfd.c - stream sockets by their descriptor: octets between the kernel and an
** engine, without a Lua string in between. No function waits.
*/

/***
Stream sockets by their descriptor.
@engine pop3.core.fd
*/
#define _GNU_SOURCE  /* accept4 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lpop3.h"
#include "../open.h"

#define LPOP3_FD "pop3.fd"

#if defined(__linux__) && !defined(SIOCOUTQNSD)
#define SIOCOUTQNSD 0x894B  /* as <linux/sockios.h>, which not all have */
#endif

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

typedef struct Fd {
  lpop3_object object;
  int fd;  /* -1 when closed */
} Fd;

/* The descriptor of the object at 1, whose type lpop3_type checks. */
static int check_fd (lua_State *L) {
  Fd *f = (Fd *)lua_touserdata(L, 1);
  luaL_argcheck(L, f->fd >= 0, 1, "descriptor is closed");
  return f->fd;
}

/* A closed descriptor that is collectable, on the top of the stack. */
static Fd *newfd (lua_State *L) {
  Fd *f = (Fd *)lpop3_new(L, sizeof *f, 0);
  f->fd = -1;
  luaL_setmetatable(L, LPOP3_FD);
  return f;
}

/* Make it non-blocking, closed on exec, without Nagle; 0 or an errno. */
static int prepare (int fd) {
  int one = 1, fl = fcntl(fd, F_GETFL);
  if (fl < 0 || fcntl(fd, F_SETFL, fl | O_NONBLOCK) < 0 ||
      fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) return errno;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);  /* if TCP */
#ifdef SO_NOSIGPIPE
  setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &one, sizeof one);
#endif
  return 0;
}

/***
Make an object that owns the descriptor of a stream socket, and closes it.
@function fd
@tparam integer fd
@treturn pop3.fd or nil, message, "io"
*/
static int l_fd (lua_State *L) {
  lua_Integer n = luaL_checkinteger(L, 1);
  Fd *f;
  int en;
  luaL_argcheck(L, n >= 0 && n <= INT32_MAX, 1, "not a descriptor");
  f = newfd(L);
  en = prepare((int)n);
  if (en != 0) return lpop3_sysfail(L, "descriptor", en);
  f->fd = (int)n;
  return 1;
}

/***
Two connected stream sockets.
@function socketpair
@treturn pop3.fd
@treturn pop3.fd
*/
static int l_socketpair (lua_State *L) {
  int two[2], en;
  Fd *a = newfd(L), *b = newfd(L);
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, two) != 0)
    return lpop3_sysfail(L, "socketpair", errno);
  a->fd = two[0];
  b->fd = two[1];
  en = prepare(two[0]);
  if (en == 0) en = prepare(two[1]);
  return en != 0 ? lpop3_sysfail(L, "socketpair", en) : 2;
}

/* nil, "timeout" when it would block; nil, "closed" when the peer has closed. */
static int notnow (lua_State *L, int en) {
  lua_pushnil(L);
  if (en == EAGAIN || en == EWOULDBLOCK) lua_pushliteral(L, "timeout");
  else if (en == 0 || en == EPIPE || en == ECONNRESET)
    lua_pushliteral(L, "closed");
  else {
    lua_pushliteral(L, "closed");
    lua_pushstring(L, strerror(en));
    return 3;
  }
  return 2;
}

/***
Read from the socket, at most once, directly into an engine.
@function fd:recv
@param engine
@treturn integer octets, or nil, "timeout" (there are none) or nil, "closed"
@treturn boolean true if there may be more octets now
*/
static int fd_recv (lua_State *L) {
  int fd = check_fd(L);
  lpop3_port *port = lpop3_checkport(L, 2);
  size_t got;
  char *p = port->room(port->engine, port->want, &got);
  ssize_t n;
  if (p == NULL) return lpop3_fail(L, POP3_ENOMEM);
  do n = recv(fd, p, got, 0); while (n < 0 && errno == EINTR);
  if (n <= 0) return notnow(L, n == 0 ? 0 : errno);
  port->filled(port->engine, (size_t)n);
  lua_pushinteger(L, (lua_Integer)n);
  lua_pushboolean(L, (size_t)n == got);
  return 2;
}

/* Is there an octet to read? */
static int readable (int fd) {
  char octet;
  ssize_t n;
  do n = recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  return n > 0;
}

/***
Write the octets that an engine has to send.
@function fd:send
@param engine
@tparam[opt] integer max the most octets to return octets
@tparam[opt=false] boolean look write nothing when there is something to read:
nil, "input"
@treturn boolean true when all (or `max`) are sent, or nil, "timeout" (the
reader is slow) or nil, "closed"
@treturn integer octets that were sent; after a "timeout", the third value
*/
static int fd_send (lua_State *L) {
  int fd = check_fd(L);
  lpop3_port *port = lpop3_checkport(L, 2);
  lua_Integer max = luaL_optinteger(L, 3, LUA_MAXINTEGER), total = 0;
  if (lua_toboolean(L, 4) && readable(fd)) {
    lua_pushnil(L);
    lua_pushliteral(L, "input");
    return 2;
  }
  while (total < max) {
    pop3_span o = port->out(port->engine);
    ssize_t n;
    if (o.n == 0) break;
    if ((lua_Unsigned)(max - total) < o.n) o.n = (size_t)(max - total);
    do n = send(fd, o.p, o.n, MSG_NOSIGNAL); while (n < 0 && errno == EINTR);
    if (n < 0) {
      int en = errno, results = notnow(L, en);
      if (en != EAGAIN && en != EWOULDBLOCK) return results;
      lua_pushinteger(L, total);
      return 3;
    }
    port->sent(port->engine, (size_t)n);
    total += n;
  }
  lua_pushboolean(L, 1);
  lua_pushinteger(L, total);
  return 2;
}

/***
Write octets, at most once.
@function fd:write
@tparam string octets
@tparam[opt=1] integer from
@treturn integer how many were sent, or nil, "timeout" or "closed"
*/
static int fd_write (lua_State *L) {
  int fd = check_fd(L);
  size_t len;
  const char *p = luaL_checklstring(L, 2, &len);
  lua_Integer from = luaL_optinteger(L, 3, 1);
  ssize_t n;
  luaL_argcheck(L, from >= 1 && (lua_Unsigned)from <= len + 1, 3,
                "out of bounds");
  from--;
  do n = send(fd, p + from, len - (size_t)from, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  if (n < 0) return notnow(L, errno);
  lua_pushinteger(L, (lua_Integer)n);
  return 1;
}

/***
Read octets, at most once.
@function fd:read
@tparam integer max
@treturn string 1 to max octets, or nil, "timeout" or "closed"
*/
static int fd_read (lua_State *L) {
  int fd = check_fd(L);
  lua_Integer max = luaL_checkinteger(L, 2);
  luaL_Buffer b;
  char *p;
  ssize_t n;
  luaL_argcheck(L, max > 0 && max <= 16 * 1024 * 1024, 2, "out of range");
  p = luaL_buffinitsize(L, &b, (size_t)max);
  do n = recv(fd, p, (size_t)max, 0); while (n < 0 && errno == EINTR);
  if (n < 0 && errno == ECONNRESET) {
    lua_pushnil(L);
    lua_pushliteral(L, "closed");
    lua_pushliteral(L, "reset");
    return 3;
  }
  if (n <= 0) return notnow(L, n == 0 ? 0 : errno);
  luaL_pushresultsize(&b, (size_t)n);
  return 1;
}

/* "host:port", host and port; "local" for AF_UNIX; nothing for others. */
static int push_address (lua_State *L, const struct sockaddr_storage *a,
                         socklen_t n) {
  char host[NI_MAXHOST], port[NI_MAXSERV];
  if (a->ss_family == AF_UNIX) {
    lua_pushliteral(L, "local");
    return 1;
  }
  if ((a->ss_family != AF_INET && a->ss_family != AF_INET6) ||
      getnameinfo((const struct sockaddr *)a, n, host, sizeof host, port,
                  sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return 0;
  lua_pushfstring(L, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
  lua_pushstring(L, host);
  lua_pushinteger(L, (lua_Integer)strtoul(port, NULL, 10));
  return 3;
}

/***
Take the next connection of a listening socket.
@function fd:accept
@treturn pop3.fd or nil, "timeout" (no connection waits), or nil, message, "io"
@treturn string the other end, and its host and port, as of `peer`
*/
static int fd_accept (lua_State *L) {
  int fd = check_fd(L), en;
  struct sockaddr_storage peer;
  socklen_t size = sizeof peer;
  Fd *f = newfd(L);
  peer.ss_family = AF_UNSPEC;  /* some systems write nothing for AF_UNIX */
#ifdef SOCK_NONBLOCK
  f->fd = accept4(fd, (struct sockaddr *)&peer, &size,
                  SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
  f->fd = accept(fd, (struct sockaddr *)&peer, &size);
#endif
  if (f->fd < 0) {
    f->fd = -1;
    if (errno == ECONNABORTED || errno == EINTR) errno = EAGAIN;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return notnow(L, EAGAIN);
    return lpop3_sysfail(L, "accept", errno);
  }
#ifdef SOCK_NONBLOCK
  en = 0;  /* without Nagle, like the socket that listens */
#else
  en = prepare(f->fd);
#endif
  if (en != 0) return lpop3_sysfail(L, "accept", en);
  return 1 + push_address(L, &peer, size);
}

/***
Make the kernel acknowledge at once the octets that came: a server that writes a
reply in small pieces may wait for that (Nagle). It does nothing on systems
without such an option.
@function fd:quickack
*/
static int fd_quickack (lua_State *L) {
  int fd = check_fd(L);
#ifdef TCP_QUICKACK
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one);
#else
  (void)fd;
#endif
  return 0;
}

/* The address of one end. */
static int push_name (lua_State *L,
                      int (*get) (int, struct sockaddr *, socklen_t *)) {
  struct sockaddr_storage a;
  socklen_t n = sizeof a;
  if (get(check_fd(L), (struct sockaddr *)&a, &n) != 0) return 0;
  return push_address(L, &a, n);
}

/***
The other end.
@function fd:peer
@treturn string "host:port"; "local" alone for AF_UNIX; nil for others
@treturn string host
@treturn integer port
*/
static int fd_peer (lua_State *L) {
  return push_name(L, getpeername);
}

/***
This end, as `peer`.
@function fd:name
*/
static int fd_name (lua_State *L) {
  return push_name(L, getsockname);
}

/***
The number; this object still owns it.
@function fd:getfd
@treturn integer
*/
static int fd_getfd (lua_State *L) {
  lua_pushinteger(L, check_fd(L));
  return 1;
}

/***
Return the number and close this object: the caller owns the descriptor then.
@function fd:detach
@treturn integer
*/
static int fd_detach (lua_State *L) {
  Fd *f = (Fd *)lua_touserdata(L, 1);
  lua_pushinteger(L, check_fd(L));
  f->fd = -1;
  return 1;
}

/***
End this direction: nothing more will be sent.
@function fd:shutdown
@tparam[opt=false] boolean both end reading, too: a thread that waits for this
descriptor wakes up
*/
static int fd_shutdown (lua_State *L) {
  shutdown(check_fd(L), lua_toboolean(L, 2) ? SHUT_RDWR : SHUT_WR);
  return 0;
}

/***
How many octets the kernel still has to send; a reset would drop them. It is 0
on systems without this count, and after the peer closed.
@function fd:unsent
@treturn integer
*/
static int fd_unsent (lua_State *L) {
  int fd = check_fd(L), n = 0;
#ifdef SIOCOUTQNSD
  struct tcp_info info;
  socklen_t size = sizeof info;
  /* of a link that was reset it counts octets that will never be sent */
  if (ioctl(fd, SIOCOUTQNSD, &n) != 0 ||
      (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
       info.tcpi_state == TCP_CLOSE)) n = 0;
#else
  (void)fd;
#endif
  lua_pushinteger(L, n);
  return 1;
}

/***
Drop the octets that came: closing a connection with unread octets sends a RST
in place of a FIN.
@function fd:drain
*/
static int fd_drain (lua_State *L) {
  int fd = check_fd(L), i;
  char sink[16384];
  ssize_t n = 1;
  for (i = 0; i < 1024 && n > 0; i++)  /* the peer may never be done */
    do n = recv(fd, sink, sizeof sink, 0); while (n < 0 && errno == EINTR);
  return 0;
}

/***
Close it.
@function fd:close
@tparam[opt=false] boolean reset end the connection by a RST
*/
static int fd_close (lua_State *L) {
  Fd *f = (Fd *)lua_touserdata(L, 1);
  if (f->fd < 0) return 0;
  if (lua_toboolean(L, 2) && lua_isboolean(L, 2)) {
    struct linger lg;
    lg.l_onoff = 1;
    lg.l_linger = 0;
    setsockopt(f->fd, SOL_SOCKET, SO_LINGER, &lg, sizeof lg);
  }
  close(f->fd);
  f->fd = -1;
  return 0;
}

static int fd_gc (lua_State *L) {
  lua_settop(L, 1);
  return fd_close(L);
}

static int fd_tostring (lua_State *L) {
  Fd *f = (Fd *)lua_touserdata(L, 1);
  if (f->fd < 0) lua_pushliteral(L, LPOP3_FD " (closed)");
  else lua_pushfstring(L, LPOP3_FD " (%d)", f->fd);
  return 1;
}

static const luaL_Reg methods[] = {
  { "__gc", fd_gc },
  { "__close", fd_gc },
  { "__tostring", fd_tostring },
  { "accept", fd_accept },
  { "close", fd_close },
  { "detach", fd_detach },
  { "drain", fd_drain },
  { "getfd", fd_getfd },
  { "name", fd_name },
  { "peer", fd_peer },
  { "quickack", fd_quickack },
  { "read", fd_read },
  { "recv", fd_recv },
  { "send", fd_send },
  { "shutdown", fd_shutdown },
  { "unsent", fd_unsent },
  { "write", fd_write },
  { NULL, NULL }
};

static const luaL_Reg funcs[] = {
  { "fd", l_fd },
  { "socketpair", l_socketpair },
  { NULL, NULL }
};

void lpop3_open_fd (lua_State *L) {
  lpop3_type(L, LPOP3_FD, methods);
  luaL_setfuncs(L, funcs, 0);
}
