/*
** blaster: a POP3 server that answers from memory, so fast that the client is
** the slow side.
**
**   blaster [-p port] [-P tlsport -c cert.pem -k key.pem] NAME=COUNTxBYTES...
**
** One thread, epoll, loopback only. Any password is accepted. The user name
** without its digits picks the maildrop; an unknown one is empty. Every
** message of a maildrop is the same prepared, dot-stuffed reply, so RETR costs
** one write. Lines have 76 characters and every 40th begins with a dot. DELE
** and RSET are answered and change nothing. Ends on SIGTERM or SIGINT.
*/
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAXBOXES 32
#define INMAX 8192              /* a command line, or many pipelined ones */
#define OUTMAX (256 * 1024)     /* replies gathered into one write */
#define BIG 65536               /* larger replies are written from the box */

typedef struct Text {
  const char *p;
  size_t n;
} Text;

typedef struct Box {
  char name[32];
  long count;
  size_t size;
  Text retr, list, uidl, stat;
} Box;

typedef struct Conn {
  int fd;
  int tls;                      /* of a listener: whether it speaks TLS */
  int listening, shaking, blocked, quit;
  SSL *ssl;
  const Box *box;
  char user[32];
  char *in, *out;               /* freed while idle */
  size_t inlen, outlen, outoff;
  Text big;                     /* what remains of a large reply */
} Conn;

static Box boxes[MAXBOXES];
static int nboxes;
static const Box nobox = {"", 0, 0, {"", 0}, {"+OK\r\n.\r\n", 8},
                          {"+OK\r\n.\r\n", 8}, {"+OK 0 0\r\n", 9}};
static SSL_CTX *ctx;
static int ep;
static volatile sig_atomic_t stopped;

static void onsignal (int s) {
  (void)s;
  stopped = 1;
}

static void die (const char *what) {
  perror(what);
  exit(1);
}

static void *need (void *p) {
  if (p == NULL) die("memory");
  return p;
}

/* ---- mailboxes ---- */

static const char head[] =
  "From: a@example.org\r\nTo: b@example.org\r\nSubject: bench\r\n"
  "Message-ID: <1@example.org>\r\nDate: Mon, 16 Nov 2026 00:00:00 +0000\r\n\r\n";

/* line 'k' of 'n' characters and its CRLF, stuffed; returns its end */
static char *putline (char *p, long k, size_t n) {
  static const char alphabet[] =
    "abcdefghijklmnopqrstuvwxyz0123456789+/ABCDEFGHIJ";
  size_t i;
  for (i = 0; i < n; i++) {
    if (i > 0) *p++ = alphabet[(i + (size_t)k) % 48];
    else if (k % 40 != 0) *p++ = (char)('A' + k % 26);
    else { *p++ = '.'; *p++ = '.'; }
  }
  *p++ = '\r';
  *p++ = '\n';
  return p;
}

static Text message (size_t size) {
  char *start = need(malloc(size + size / 40 + 512)), *p = start;
  size_t n = sizeof head - 1;
  long k = 0;
  Text t;
  p += sprintf(p, "+OK %zu octets\r\n%s", size, head);
  while (n < size) {
    size_t l = size - n < 78 ? size - n : 78;
    if (l < 2) l = 2;
    p = putline(p, ++k, l - 2);
    n += l;
  }
  memcpy(p, ".\r\n", 3);
  t.p = start;
  t.n = (size_t)(p + 3 - start);
  return t;
}

static Text listing (long count, size_t size, int uids) {
  char *start = need(malloc((size_t)count * 48 + 64)), *p = start;
  long i;
  Text t;
  p += sprintf(p, "+OK\r\n");
  for (i = 1; i <= count; i++)
    p += uids ? sprintf(p, "%ld uid%010ld\r\n", i, i)
              : sprintf(p, "%ld %zu\r\n", i, size);
  p += sprintf(p, ".\r\n");
  t.p = start;
  t.n = (size_t)(p - start);
  return t;
}

static void addbox (const char *spec) {
  Box *b = &boxes[nboxes];
  char *stat = need(malloc(80));
  if (nboxes == MAXBOXES ||
      sscanf(spec, "%31[^=]=%ldx%zu", b->name, &b->count, &b->size) != 3) {
    fprintf(stderr, "blaster: bad mailbox %s\n", spec);
    exit(2);
  }
  nboxes++;
  b->retr = message(b->size);
  b->list = listing(b->count, b->size, 0);
  b->uidl = listing(b->count, b->size, 1);
  b->stat.p = stat;
  b->stat.n = (size_t)sprintf(stat, "+OK %ld %zu\r\n", b->count,
                              (size_t)b->count * b->size);
}

static const Box *findbox (const char *user) {
  size_t n = strcspn(user, "0123456789");
  int i;
  for (i = 0; i < nboxes; i++)
    if (strlen(boxes[i].name) == n && memcmp(boxes[i].name, user, n) == 0)
      return &boxes[i];
  return &nobox;
}

/* ---- connections ---- */

static void watch (const Conn *c, int op) {
  struct epoll_event e;
  e.events = c->blocked ? EPOLLOUT : EPOLLIN;
  e.data.ptr = (void *)c;
  epoll_ctl(ep, op, c->fd, &e);
}

static void setblocked (Conn *c, int blocked) {
  if (c->blocked == blocked) return;
  c->blocked = blocked;
  watch(c, EPOLL_CTL_MOD);
}

static void drop (Conn *c) {
  if (c->ssl) {
    SSL_shutdown(c->ssl);
    SSL_free(c->ssl);
  }
  close(c->fd);
  free(c->in);
  free(c->out);
  free(c);
}

/* octets read, 0 for none now, -1 when the peer is gone */
static ssize_t cread (Conn *c, void *p, size_t n) {
  int r;
  if (c->ssl == NULL) {
    ssize_t k = read(c->fd, p, n);
    return k > 0 ? k : k < 0 && errno == EAGAIN ? 0 : -1;
  }
  ERR_clear_error();
  r = SSL_read(c->ssl, p, (int)n);
  if (r > 0) return r;
  return SSL_get_error(c->ssl, r) == SSL_ERROR_WANT_READ ? 0 : -1;
}

static ssize_t cwrite (Conn *c, const void *p, size_t n) {
  int r;
  if (c->ssl == NULL) {
    ssize_t k = write(c->fd, p, n);
    return k > 0 ? k : k < 0 && errno == EAGAIN ? 0 : -1;
  }
  ERR_clear_error();
  r = SSL_write(c->ssl, p, n > 16384 ? 16384 : (int)n);
  if (r > 0) return r;
  return SSL_get_error(c->ssl, r) == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

/* 1 when all is written, 0 when the socket is full, -1 when it is gone */
static int flush (Conn *c) {
  ssize_t r;
  while (c->outoff < c->outlen) {
    r = cwrite(c, c->out + c->outoff, c->outlen - c->outoff);
    if (r <= 0) return (int)r;
    c->outoff += (size_t)r;
  }
  c->outoff = c->outlen = 0;
  while (c->big.n > 0) {
    r = cwrite(c, c->big.p, c->big.n);
    if (r <= 0) return (int)r;
    c->big.p += r;
    c->big.n -= (size_t)r;
  }
  return 1;
}

static void put (Conn *c, const char *s, size_t n) {
  if (c->out == NULL) c->out = need(malloc(OUTMAX));
  if (n <= BIG && n <= OUTMAX - c->outlen) {
    memcpy(c->out + c->outlen, s, n);
    c->outlen += n;
  }
  else {
    c->big.p = s;
    c->big.n = n;
  }
}

static void puts_ (Conn *c, const char *s) {
  put(c, s, strlen(s));
}

static void command (Conn *c, char *verb) {
  const Box *b = c->box;
  char *arg = strchr(verb, ' ');
  char one[80];
  if (arg) *arg++ = '\0';
  else arg = verb + strlen(verb);
  if (!strcasecmp(verb, "RETR") || !strcasecmp(verb, "TOP")) {
    long n = atol(arg);
    if (n < 1 || n > b->count) puts_(c, "-ERR no such message\r\n");
    else put(c, b->retr.p, b->retr.n);
  }
  else if (!strcasecmp(verb, "USER")) {
    snprintf(c->user, sizeof c->user, "%s", arg);
    puts_(c, "+OK\r\n");
  }
  else if (!strcasecmp(verb, "PASS")) {
    c->box = findbox(c->user);
    puts_(c, "+OK logged in\r\n");
  }
  else if (!strcasecmp(verb, "STAT")) put(c, b->stat.p, b->stat.n);
  else if (!strcasecmp(verb, "LIST") && *arg == '\0') put(c, b->list.p, b->list.n);
  else if (!strcasecmp(verb, "UIDL") && *arg == '\0') put(c, b->uidl.p, b->uidl.n);
  else if (!strcasecmp(verb, "LIST")) {
    snprintf(one, sizeof one, "+OK %ld %zu\r\n", atol(arg), b->size);
    puts_(c, one);
  }
  else if (!strcasecmp(verb, "UIDL")) {
    snprintf(one, sizeof one, "+OK %ld uid%010ld\r\n", atol(arg), atol(arg));
    puts_(c, one);
  }
  else if (!strcasecmp(verb, "CAPA"))
    puts_(c, "+OK\r\nUSER\r\nUIDL\r\nTOP\r\nPIPELINING\r\nRESP-CODES\r\n.\r\n");
  else if (!strcasecmp(verb, "DELE") || !strcasecmp(verb, "NOOP") ||
           !strcasecmp(verb, "RSET"))
    puts_(c, "+OK\r\n");
  else if (!strcasecmp(verb, "QUIT")) {
    puts_(c, "+OK bye\r\n");
    c->quit = 1;
  }
  else puts_(c, "-ERR unknown command\r\n");
}

/* answers the complete lines in the buffer; returns how much it used */
static size_t commands (Conn *c) {
  size_t used = 0;
  char *nl;
  while (!c->quit && c->big.n == 0 && c->outlen < OUTMAX - BIG - 128 &&
         c->inlen > used &&
         (nl = memchr(c->in + used, '\n', c->inlen - used)) != NULL) {
    char *line = c->in + used;
    used = (size_t)(nl + 1 - c->in);
    if (nl > line && nl[-1] == '\r') nl--;
    *nl = '\0';
    command(c, line);
  }
  memmove(c->in, c->in + used, c->inlen - used);
  c->inlen -= used;
  return used;
}

/* 1 when done, 0 when it waits, -1 when it failed */
static int handshake (Conn *c) {
  int r, e;
  ERR_clear_error();
  r = SSL_accept(c->ssl);
  if (r == 1) {
    c->shaking = 0;
    setblocked(c, 0);
    puts_(c, "+OK blaster ready\r\n");
    return 1;
  }
  e = SSL_get_error(c->ssl, r);
  if (e != SSL_ERROR_WANT_READ && e != SSL_ERROR_WANT_WRITE) return -1;
  setblocked(c, e == SSL_ERROR_WANT_WRITE);
  return 0;
}

static void idle (Conn *c) {
  if (c->inlen == 0) {
    free(c->in);
    c->in = NULL;
  }
  free(c->out);
  c->out = NULL;
}

/* does what can be done without waiting; -1 when the connection is over */
static int serve (Conn *c) {
  int r;
  if (c->shaking && (r = handshake(c)) <= 0) return r;
  for (;;) {
    ssize_t n;
    if ((r = flush(c)) < 0) return -1;
    setblocked(c, r == 0);
    if (r == 0) return 0;
    if (c->quit) return -1;
    if (c->in == NULL) c->in = need(malloc(INMAX));
    if (commands(c) > 0) continue;
    if (c->inlen == INMAX) return -1;
    n = cread(c, c->in + c->inlen, INMAX - c->inlen);
    if (n < 0) return -1;
    if (n == 0) {
      idle(c);
      return 0;
    }
    c->inlen += (size_t)n;
  }
}

static void listen_on (int port, int tls) {
  Conn *c = need(calloc(1, sizeof *c));
  struct sockaddr_in a;
  int one = 1;
  memset(&a, 0, sizeof a);
  a.sin_family = AF_INET;
  a.sin_port = htons((unsigned short)port);
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(c->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(c->fd, (void *)&a, sizeof a) || listen(c->fd, 4096)) die("listen");
  c->listening = 1;
  c->tls = tls;
  watch(c, EPOLL_CTL_ADD);
}

static void accept_all (const Conn *l) {
  int fd, one = 1;
  while ((fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    Conn *c = need(calloc(1, sizeof *c));
    c->fd = fd;
    c->box = &nobox;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    watch(c, EPOLL_CTL_ADD);
    if (l->tls) {
      c->ssl = need(SSL_new(ctx));
      SSL_set_fd(c->ssl, fd);
      c->shaking = 1;
    }
    else puts_(c, "+OK blaster ready\r\n");
    if (serve(c) < 0) drop(c);
  }
}

static void starttls (const char *cert, const char *key) {
  ctx = need(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                        SSL_MODE_RELEASE_BUFFERS);
  if (cert == NULL || key == NULL ||
      SSL_CTX_use_certificate_chain_file(ctx, cert) != 1 ||
      SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1) {
    ERR_print_errors_fp(stderr);
    exit(1);
  }
}

static void manyfiles (void) {
  struct rlimit r;
  getrlimit(RLIMIT_NOFILE, &r);
  r.rlim_cur = r.rlim_max;
  setrlimit(RLIMIT_NOFILE, &r);
}

int main (int argc, char **argv) {
  int port = 0, tlsport = 0, o;
  const char *cert = NULL, *key = NULL;
  struct epoll_event ev[256];
  while ((o = getopt(argc, argv, "p:P:c:k:")) != -1) {
    if (o == 'p') port = atoi(optarg);
    else if (o == 'P') tlsport = atoi(optarg);
    else if (o == 'c') cert = optarg;
    else if (o == 'k') key = optarg;
    else return 2;
  }
  manyfiles();
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTERM, onsignal);
  signal(SIGINT, onsignal);
  while (optind < argc) addbox(argv[optind++]);
  ep = epoll_create1(0);
  if (port) listen_on(port, 0);
  if (tlsport) {
    starttls(cert, key);
    listen_on(tlsport, 1);
  }
  while (!stopped) {
    int i, n = epoll_wait(ep, ev, 256, 1000);
    for (i = 0; i < n; i++) {
      Conn *c = ev[i].data.ptr;
      if (c->listening) accept_all(c);
      else if (serve(c) < 0) drop(c);
    }
  }
  return 0;
}
