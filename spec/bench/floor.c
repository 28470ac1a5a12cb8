/*
** floor: the upper bounds of this machine; other figures are ratios to them.
**
**   floor tcp BYTES      one loopback stream, write to read
**   floor tls BYTES CERT KEY   the same through OpenSSL, 16 KiB a record
**   floor rpc N BYTES    N requests, one at a time, each answered by BYTES
**   floor conn N         N times: connect, 4 small exchanges, close
**
** Sender on CPU 0, receiver on the last CPU. Prints the seconds it took.
*/
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHUNK (256 * 1024)

static char buf[CHUNK];

static void die (const char *what) {
  perror(what);
  exit(1);
}

static double now (void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void pin (int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof set, &set);
}

static void nodelay (int fd) {
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static int listener (struct sockaddr_in *a) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  socklen_t n = sizeof *a;
  memset(a, 0, sizeof *a);
  a->sin_family = AF_INET;
  a->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, (void *)a, n) || listen(fd, 1024)) die("listen");
  getsockname(fd, (void *)a, &n);
  return fd;
}

static int dial (const struct sockaddr_in *a) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (const void *)a, sizeof *a)) die("connect");
  nodelay(fd);
  return fd;
}

static void get (int fd, size_t n) {
  while (n > 0) {
    ssize_t r = read(fd, buf, n < CHUNK ? n : CHUNK);
    if (r <= 0) die("read");
    n -= (size_t)r;
  }
}

static void put (int fd, size_t n) {
  while (n > 0) {
    ssize_t r = write(fd, buf, n < CHUNK ? n : CHUNK);
    if (r <= 0) die("write");
    n -= (size_t)r;
  }
}

/* 'conns' connections: a greeting of 'first' octets, then 'n' replies */
static void sender (int s, long conns, size_t first, long n, size_t bytes) {
  long i;
  pin(0);
  while (conns-- > 0) {
    int fd = accept(s, NULL, NULL);
    nodelay(fd);
    put(fd, first);
    for (i = 0; i < n; i++) {
      get(fd, 10);
      put(fd, bytes);
    }
    close(fd);
  }
  _exit(0);
}

static void receiver (const struct sockaddr_in *a, long conns, size_t first,
                      long n, size_t bytes) {
  long i;
  pin((int)sysconf(_SC_NPROCESSORS_ONLN) - 1);
  while (conns-- > 0) {
    int fd = dial(a);
    get(fd, first);
    for (i = 0; i < n; i++) {
      put(fd, 10);
      get(fd, bytes);
    }
    close(fd);
  }
}

/* the same stream through TLS, the certificate unverified */
static int tls (size_t bytes, const char *cert, const char *key) {
  struct sockaddr_in a;
  int s = listener(&a);
  double start = now();
  SSL *ssl;
  if (fork() == 0) {
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    pin(0);
    if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1) _exit(1);
    ssl = SSL_new(ctx);
    SSL_set_fd(ssl, accept(s, NULL, NULL));
    if (SSL_accept(ssl) != 1) _exit(1);
    while (bytes > 0) {
      int n = bytes < 16384 ? (int)bytes : 16384;
      if (SSL_write(ssl, buf, n) != n) _exit(1);
      bytes -= (size_t)n;
    }
    SSL_shutdown(ssl);
    _exit(0);
  }
  pin((int)sysconf(_SC_NPROCESSORS_ONLN) - 1);
  ssl = SSL_new(SSL_CTX_new(TLS_client_method()));
  SSL_set_fd(ssl, dial(&a));
  if (SSL_connect(ssl) != 1) die("SSL_connect");
  while (bytes > 0) {
    int n = SSL_read(ssl, buf, 16384);
    if (n <= 0) die("SSL_read");
    bytes -= (size_t)n;
  }
  wait(NULL);
  printf("%.6f\n", now() - start);
  return 0;
}

int main (int argc, char **argv) {
  long conns = 1, n = 0;
  size_t first = 0, bytes = 10;
  struct sockaddr_in a;
  double start;
  int s;
  if (argc == 5 && strcmp(argv[1], "tls") == 0)
    return tls(strtoull(argv[2], NULL, 10), argv[3], argv[4]);
  if (argc == 3 && strcmp(argv[1], "tcp") == 0)
    first = strtoull(argv[2], NULL, 10);
  else if (argc == 4 && strcmp(argv[1], "rpc") == 0) {
    n = atol(argv[2]);
    bytes = strtoull(argv[3], NULL, 10);
  }
  else if (argc == 3 && strcmp(argv[1], "conn") == 0) {
    conns = atol(argv[2]);
    first = 10;
    n = 4;
  }
  else return 2;
  memset(buf, 'x', sizeof buf);
  s = listener(&a);
  start = now();
  if (fork() == 0) sender(s, conns, first, n, bytes);
  receiver(&a, conns, first, n, bytes);
  wait(NULL);
  printf("%.6f\n", now() - start);
  return 0;
}
