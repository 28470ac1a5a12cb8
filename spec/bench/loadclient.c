/*
** loadclient: drives a POP3 server from one thread.
**
**   loadclient -p PORT [options] retr|sess|idle
**
**   retr   each of CONC sessions logs in, RETRs every message, QUITs
**   sess   N short sessions (USER PASS STAT QUIT), CONC at a time
**   idle   CONC sessions log in and wait; prints "idle CONC" and waits for the
**          end of its standard input, at most 60 s
**
**   -u USER  a %d in it becomes the session's number, modulo -M
**   -w PASS  -c CONC  -n N (sess)
**   -d DEPTH how many RETRs are in flight: 1 is lock-step, 50 is pipelined
**   -R N     how often each session RETRs every message
**   -T SECS  stop early; the rates stay valid
**   -o FILE  retr: write the octets of the bodies to it, as they came
**   -S       TLS from the start, unverified: loopback only
**   -A FILE  TLS from the start; the server must be localhost, by these CAs
**
** It parses only status lines and the end of each message. It prints one
** line: sessions messages octets seconds errors, as key=value; octets are
** those of the bodies on the wire, the final dot line included.
*/
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LOGINS 128      /* sessions that may be logging in at once */

typedef enum State {
  SHAKING, GREETING, USER, PASS, STAT, RETR, IDLE, QUIT, DONE
} State;

typedef struct Session {
  int fd;
  State state;
  long id;
  SSL *ssl;
  long count, next, pending;    /* messages: there, asked for, unanswered */
  int body;                     /* inside a RETR reply */
  char tail[5];                 /* the last octets of the body so far */
  char line[512];
  size_t linelen;
} Session;

static const char *user = "u", *pass = "p", *mode, *cafile;
static int file = -1;   /* where bodies go */
static int port, tls, depth = 1, modulo = 1 << 30, ep;
static long conc = 1, total = 1, rounds = 1;
static long started, ended, errors, messages, idling;
static double octets, limit = 1e9;
static SSL_CTX *ctx;

static double now (void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void end (Session *c, int failed) {
  if (c->state == DONE) return;
  if (failed) errors++;
  c->state = DONE;
  if (c->ssl) SSL_free(c->ssl);
  c->ssl = NULL;
  close(c->fd);
  ended++;
}

static void waitwrite (const Session *c) {
  struct pollfd p;
  p.fd = c->fd;
  p.events = POLLOUT;
  poll(&p, 1, 1000);
}

static ssize_t cwrite (Session *c, const char *b, size_t n) {
  int r, e;
  if (c->ssl == NULL) {
    ssize_t k = write(c->fd, b, n);
    return k > 0 ? k : k < 0 && errno == EAGAIN ? 0 : -1;
  }
  ERR_clear_error();
  r = SSL_write(c->ssl, b, (int)n);
  if (r > 0) return r;
  e = SSL_get_error(c->ssl, r);
  return e == SSL_ERROR_WANT_WRITE || e == SSL_ERROR_WANT_READ ? 0 : -1;
}

static ssize_t cread (Session *c, char *b, size_t n) {
  int r;
  if (c->ssl == NULL) {
    ssize_t k = read(c->fd, b, n);
    return k > 0 ? k : k < 0 && errno == EAGAIN ? 0 : -1;
  }
  ERR_clear_error();
  r = SSL_read(c->ssl, b, (int)n);
  if (r > 0) return r;
  return SSL_get_error(c->ssl, r) == SSL_ERROR_WANT_READ ? 0 : -1;
}

static void sendn (Session *c, const char *b, size_t n) {
  while (n > 0) {
    ssize_t r = cwrite(c, b, n);
    if (r < 0) {
      end(c, 1);
      return;
    }
    if (r == 0) waitwrite(c);
    b += r;
    n -= (size_t)r;
  }
}

static void sendline (Session *c, const char *s) {
  char b[512];
  int n = snprintf(b, sizeof b, "%s\r\n", s);
  sendn(c, b, (size_t)n);
}

static void quit (Session *c) {
  c->state = QUIT;
  sendline(c, "QUIT");
}

/* tops up the window of RETRs in one write, once half of it is used up */
static void fill (Session *c) {
  char b[8192];
  size_t n = 0;
  if (c->pending > depth / 2) return;
  while (c->pending < depth && c->next < c->count * rounds &&
         n < sizeof b - 32) {
    n += (size_t)sprintf(b + n, "RETR %ld\r\n", c->next++ % c->count + 1);
    c->pending++;
  }
  if (n > 0) sendn(c, b, n);
  else if (c->pending == 0) quit(c);
}

static void login (Session *c) {
  char b[256] = "USER ";
  const char *d = strstr(user, "%d");
  if (d == NULL) snprintf(b + 5, sizeof b - 5, "%s", user);
  else snprintf(b + 5, sizeof b - 5, "%.*s%ld", (int)(d - user), user,
                c->id % modulo);
  c->state = USER;
  sendline(c, b);
}

static void password (Session *c) {
  char b[256];
  snprintf(b, sizeof b, "PASS %s", pass);
  c->state = PASS;
  sendline(c, b);
}

static void counted (Session *c) {
  c->count = atol(c->line + 4);
  if (*mode == 'i') {
    c->state = IDLE;
    idling++;
  }
  else if (*mode == 's' || c->count == 0) quit(c);
  else {
    c->state = RETR;
    fill(c);
  }
}

/* a status line */
static void reply (Session *c) {
  if (c->line[0] != '+') {
    if (errors < 3)
      fprintf(stderr, "loadclient: state %d: %s", c->state, c->line);
    end(c, 1);
    return;
  }
  switch (c->state) {
    case GREETING: login(c); break;
    case USER: password(c); break;
    case PASS:
      c->state = STAT;
      sendline(c, "STAT");
      break;
    case STAT: counted(c); break;
    case RETR:
      c->body = 1;
      memcpy(c->tail, "xxx\r\n", 5);
      break;
    case QUIT: end(c, 0); break;
    default: end(c, 1);         /* nothing was asked */
  }
}

/*
** Looks for the end of a body in b[0..n); returns how much of it belongs to
** the body and sets '*last'. A terminator that began in the octets before is
** found in a small window that joins both.
*/
static size_t scan (Session *c, const char *b, size_t n, int *last) {
  char join[9];
  size_t few = n < 4 ? n : 4;
  const char *p;
  *last = 1;
  memcpy(join, c->tail, 5);
  memcpy(join + 5, b, few);
  p = memmem(join, 5 + few, "\r\n.\r\n", 5);
  if (p != NULL && p > join) return (size_t)(p - join);
  p = memmem(b, n, "\r\n.\r\n", 5);
  if (p != NULL) return (size_t)(p + 5 - b);
  if (n >= 5) memcpy(c->tail, b + n - 5, 5);
  else {
    memmove(c->tail, c->tail + n, 5 - n);
    memcpy(c->tail + 5 - n, b, n);
  }
  *last = 0;
  return n;
}

static void keep (const char *b, size_t n) {
  while (n > 0) {
    ssize_t k = write(file, b, n);
    if (k < 0) {
      perror("loadclient: write");
      exit(1);
    }
    b += k;
    n -= (size_t)k;
  }
}

static size_t gatherline (Session *c, const char *b, size_t n) {
  const char *nl = memchr(b, '\n', n);
  size_t used = nl ? (size_t)(nl + 1 - b) : n;
  size_t room = sizeof c->line - 1 - c->linelen;
  size_t k = used < room ? used : room;
  memcpy(c->line + c->linelen, b, k);
  c->linelen += k;
  if (nl) {
    c->line[c->linelen] = '\0';
    c->linelen = 0;
    reply(c);
  }
  return used;
}

static void data (Session *c, const char *b, size_t n) {
  while (n > 0 && c->state != DONE) {
    size_t used;
    if (c->body) {
      int last;
      used = scan(c, b, n, &last);
      octets += (double)used;
      if (file >= 0) keep(b, used);
      if (last) {
        c->body = 0;
        messages++;
        c->pending--;
        fill(c);
      }
    }
    else used = gatherline(c, b, n);
    b += used;
    n -= used;
  }
}

static int shake (Session *c) {
  int r, e;
  ERR_clear_error();
  r = SSL_connect(c->ssl);
  if (r == 1) {
    c->state = GREETING;
    return 1;
  }
  e = SSL_get_error(c->ssl, r);
  if (e != SSL_ERROR_WANT_READ && e != SSL_ERROR_WANT_WRITE) end(c, 1);
  return 0;
}

static void ready (Session *c) {
  static char in[256 * 1024];
  if (c->state == SHAKING && !shake(c)) return;
  while (c->state != DONE) {
    ssize_t r = cread(c, in, sizeof in);
    if (r < 0) end(c, 1);
    if (r <= 0) return;
    data(c, in, (size_t)r);
    if (c->ssl == NULL && r < (ssize_t)sizeof in) return;
  }
}

static void start (void) {
  Session *c = calloc(1, sizeof *c);
  struct sockaddr_in a;
  struct epoll_event e;
  int one = 1;
  if (c == NULL) exit(1);
  memset(&a, 0, sizeof a);
  a.sin_family = AF_INET;
  a.sin_port = htons((unsigned short)port);
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  c->id = started++;
  c->state = tls ? SHAKING : GREETING;
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c->fd < 0 || connect(c->fd, (void *)&a, sizeof a) != 0) {
    perror("loadclient: connect");
    end(c, 1);
    return;
  }
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  e.events = EPOLLIN;
  e.data.ptr = c;
  epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e);
  if (tls) {
    c->ssl = SSL_new(ctx);
    SSL_set_fd(c->ssl, c->fd);
    if (cafile != NULL) SSL_set1_host(c->ssl, "localhost");
    ready(c);
  }
}

/* runs all sessions; returns the seconds it took */
static double run (void) {
  double t = now(), last = t, sum = -1;
  struct epoll_event ev[512];
  while (ended < total) {
    double moved;
    int i, n;
    while (started < total && started - ended < conc &&
           started - ended - idling < LOGINS)
      start();
    if (*mode == 'i' && idling + ended == conc) break;
    n = epoll_wait(ep, ev, 512, 100);
    for (i = 0; i < n; i++) ready(ev[i].data.ptr);
    moved = (double)(ended + messages + idling) + octets;
    if (moved > sum) {
      sum = moved;
      last = now();
    }
    if (now() - t > limit) break;
    if (now() - last > 30) {
      fprintf(stderr, "loadclient: no progress for 30 s\n");
      errors += total - ended;
      break;
    }
  }
  return now() - t;
}

static void options (int argc, char **argv) {
  int o;
  while ((o = getopt(argc, argv, "p:SA:u:w:c:n:d:M:R:T:o:")) != -1) {
    switch (o) {
      case 'p': port = atoi(optarg); break;
      case 'S': tls = 1; break;
      case 'A': tls = 1; cafile = optarg; break;
      case 'u': user = optarg; break;
      case 'w': pass = optarg; break;
      case 'c': conc = atol(optarg); break;
      case 'n': total = atol(optarg); break;
      case 'd': depth = atoi(optarg); break;
      case 'M': modulo = atoi(optarg); break;
      case 'R': rounds = atol(optarg); break;
      case 'T': limit = atof(optarg); break;
      case 'o':
        file = open(optarg, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (file < 0) {
          perror(optarg);
          exit(1);
        }
        break;
      default: exit(2);
    }
  }
  if (optind >= argc || port == 0) exit(2);
  mode = argv[optind];
  if (*mode != 's') total = conc;
}

static void manyfiles (void) {
  struct rlimit r;
  getrlimit(RLIMIT_NOFILE, &r);
  r.rlim_cur = r.rlim_max;
  setrlimit(RLIMIT_NOFILE, &r);
}

int main (int argc, char **argv) {
  double took;
  options(argc, argv);
  manyfiles();
  setvbuf(stdout, NULL, _IOLBF, 0);
  signal(SIGPIPE, SIG_IGN);
  ep = epoll_create1(0);
  if (tls) {
    ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
                          SSL_MODE_RELEASE_BUFFERS);
    if (cafile != NULL) {
      if (SSL_CTX_load_verify_file(ctx, cafile) != 1) return 2;
      SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    }
  }
  took = run();
  if (*mode == 'i') {
    struct pollfd p;
    printf("idle %ld errors %ld seconds %.3f\n", idling, errors, took);
    p.fd = 0;
    p.events = POLLIN;
    poll(&p, 1, 60000);
    return errors != 0;
  }
  printf("sessions=%ld messages=%ld octets=%.0f seconds=%.6f errors=%ld\n",
         ended, messages, octets, took, errors);
  return errors != 0;
}
