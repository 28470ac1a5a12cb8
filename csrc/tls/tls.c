/*
** tls.c - a TLS connection between two buffers.
*/
#include <string.h>

#include <openssl/err.h>

#include "internal.h"
#include "tls.h"
#include "verify.h"

#define KEEP (128 * 1024)  /* storage of ciphertext that is kept */

/* ------------------------------------------------------------- the buffers */

/* OpenSSL reads the octets that came; after 'eof', the end. */
static int bio_read (BIO *b, char *p, int n) {
  pop3_tls *t = (pop3_tls *)BIO_get_data(b);
  size_t k = t->in.n - t->r;
  BIO_clear_retry_flags(b);
  if (n <= 0) return 0;
  if (k == 0) {
    if (t->eof) return 0;
    BIO_set_retry_read(b);
    return -1;
  }
  if (k > (size_t)n) k = (size_t)n;
  memcpy(p, t->in.p + t->r, k);
  t->r += k;
  return (int)k;
}

/* OpenSSL writes octets to send. */
static int bio_write (BIO *b, const char *p, int n) {
  pop3_tls *t = (pop3_tls *)BIO_get_data(b);
  BIO_clear_retry_flags(b);
  if (n <= 0) return 0;
  if (t->gone == t->out.n) t->gone = t->out.n = 0;
  if (pop3_buf_add(&t->out, p, (size_t)n) != 0) {
    t->err = POP3_ENOMEM;
    return -1;
  }
  return n;
}

static long bio_ctrl (BIO *b, int cmd, long n, void *p) {
  pop3_tls *t = (pop3_tls *)BIO_get_data(b);
  (void)n;
  (void)p;
  switch (cmd) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_EOF: return t->eof && t->r == t->in.n;
    default: return 0;
  }
}

static int bio_create (BIO *b) {
  BIO_set_init(b, 1);
  return 1;
}

/* Each connection has its own method, so that there is no global state. */
static BIO_METHOD *method (void) {
  BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "pop3");
  if (m == NULL) return NULL;
  if (BIO_meth_set_read(m, bio_read) == 1 &&
      BIO_meth_set_write(m, bio_write) == 1 &&
      BIO_meth_set_ctrl(m, bio_ctrl) == 1 &&
      BIO_meth_set_create(m, bio_create) == 1) return m;
  BIO_meth_free(m);
  return NULL;
}

/* ------------------------------------------------------------------ making */

static int open_ssl (pop3_tls *t, const char *name, pop3_tls_ticket *ticket) {
  BIO *b;
  t->method = method();
  b = t->method != NULL ? BIO_new(t->method) : NULL;
  if (b == NULL) return POP3_ENOMEM;
  BIO_set_data(b, t);
  t->ssl = SSL_new(t->ctx->ssl);
  if (t->ssl == NULL) {
    BIO_free(b);
    return POP3_ENOMEM;
  }
  SSL_set_bio(t->ssl, b, b);
  if (SSL_set_app_data(t->ssl, t) != 1) return POP3_ENOMEM;
  if (t->ctx->server) SSL_set_accept_state(t->ssl);
  else {
    SSL_set_connect_state(t->ssl);
    if (name != NULL && pop3_tls_name(t, name) != 0) return POP3_ENOMEM;
    if (ticket != NULL && SSL_set_session(t->ssl, ticket) != 1)
      ERR_clear_error();  /* then there is a full handshake */
  }
  return 0;
}

pop3_tls *pop3_tls_new (pop3_mem mem, const pop3_tls_context *c,
                        const char *name, pop3_tls_ticket *ticket) {
  pop3_tls *t = (pop3_tls *)pop3_alloc(mem, sizeof *t);
  if (t == NULL) return NULL;
  memset(t, 0, sizeof *t);
  t->mem = mem;
  t->ctx = c;
  pop3_buf_init(&t->in, mem);
  pop3_buf_init(&t->out, mem);
  ERR_clear_error();
  if (open_ssl(t, name, ticket) != 0) pop3_tls_free(&t);
  ERR_clear_error();
  return t;
}

void pop3_tls_free (pop3_tls **tp) {
  pop3_tls *t = *tp;
  if (t == NULL) return;
  SSL_free(t->ssl);
  BIO_meth_free(t->method);
  pop3_buf_free(&t->in);
  pop3_buf_free(&t->out);
  pop3_free(t->mem, t, sizeof *t);
  *tp = NULL;
}

/* -------------------------------------------------------------- ciphertext */

char *pop3_tls_room (pop3_tls *t, size_t want, size_t *got) {
  pop3_buf_shift(&t->in, t->r);
  t->r = 0;
  pop3_buf_trim(&t->in, KEEP);
  if (pop3_buf_room(&t->in, want > 0 ? want : 1) != 0) return NULL;
  *got = t->in.cap - t->in.n;
  return t->in.p + t->in.n;
}

void pop3_tls_filled (pop3_tls *t, size_t n) {
  t->in.n += n;
  if (t->err != 0) t->r = t->in.n;  /* they will not be read */
}

void pop3_tls_eof (pop3_tls *t) {
  t->eof = 1;
}

pop3_span pop3_tls_out (const pop3_tls *t) {
  pop3_span o;
  o.n = t->out.n - t->gone;
  o.p = o.n > 0 ? t->out.p + t->gone : "";
  return o;
}

void pop3_tls_sent (pop3_tls *t, size_t n) {
  t->gone += n;
  if (t->gone < t->out.n) return;
  t->gone = t->out.n = 0;
  pop3_buf_trim(&t->out, KEEP);
}

void pop3_tls_rest (pop3_tls *t) {
  if (t->r == t->in.n) {
    t->in.n = t->r = 0;
    pop3_buf_free(&t->in);
  }
  if (t->gone == t->out.n) {
    t->out.n = t->gone = 0;
    pop3_buf_free(&t->out);
  }
}

/* ------------------------------------------------------------------ errors */

int pop3_tls_error (const pop3_tls *t) {
  return t->err;
}

const char *pop3_tls_why (const pop3_tls *t) {
  return t->why[0] != '\0' ? t->why : pop3_errtext(t->err);
}

/* Is it an error of a peer that does not speak TLS? */
static int is_foreign (int reason) {
  return reason == SSL_R_WRONG_VERSION_NUMBER ||
         reason == SSL_R_HTTP_REQUEST || reason == SSL_R_HTTPS_PROXY_REQUEST ||
         reason == SSL_R_PACKET_LENGTH_TOO_LONG ||
         reason == SSL_R_RECORD_LENGTH_MISMATCH ||
         reason == SSL_R_BAD_RECORD_TYPE;
}

/* What an alert says (RFC 8446 section 6, RFC 5246 section 7.2). */
static const char *alert_text (int alert) {
  switch (alert) {  /* those that OpenSSL has no text for */
    case 86: return "inappropriate fallback";
    case 109: return "missing extension";
    case 113: return "bad certificate status response";
    case 115: return "unknown PSK identity";
    case 116: return "certificate required";
    case 120: return "no application protocol";
    default: return SSL_alert_desc_string_long(alert);
  }
}

/* OpenSSL failed: keep the reason in words. */
static int broken (pop3_tls *t) {
  unsigned long e = ERR_peek_error();
  int reason = ERR_GET_LIB(e) == ERR_LIB_SSL ? ERR_GET_REASON(e) : 0;
  if (t->err != 0) return t->err;  /* out of memory */
  t->err = POP3_ETLS;
  if (t->why[0] != '\0') return t->err;  /* the certificate */
  if (reason > SSL_AD_REASON_OFFSET)
    pop3_tls_say(t->why, "the other side refused: alert \"%s\"",
                 alert_text(reason - SSL_AD_REASON_OFFSET));
  else if (!t->ready && is_foreign(reason))
    pop3_tls_say(t->why, "the other side does not speak TLS");
  else if (reason == SSL_R_UNSUPPORTED_PROTOCOL ||
           reason == SSL_R_NO_PROTOCOLS_AVAILABLE)
    pop3_tls_say(t->why, "the two sides have no TLS version in common");
  else if (ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE) t->err = POP3_ENOMEM;
  else pop3_tls_say(t->why, "%s", pop3_tls_reason());
  return t->err;
}

/* After a call that did not succeed: 0 if octets are needed, or the error. */
static int outcome (pop3_tls *t, int ret) {
  int what = SSL_get_error(t->ssl, ret);
  unsigned long e = ERR_peek_error();
  int err = 0;
  if (t->err != 0) err = t->err;
  else if (what == SSL_ERROR_ZERO_RETURN) {
    t->closed = 1;
    err = t->err = POP3_ECLOSED;
  }
  else if (what == SSL_ERROR_SYSCALL ||
           (what == SSL_ERROR_SSL && ERR_GET_LIB(e) == ERR_LIB_SSL &&
            ERR_GET_REASON(e) == SSL_R_UNEXPECTED_EOF_WHILE_READING)) {
    err = t->err = t->ready ? POP3_ECUT : POP3_ETLS;
    if (!t->ready)
      pop3_tls_say(t->why, "the connection ended during the TLS handshake");
  }
  else if (what == SSL_ERROR_SSL) err = broken(t);
  ERR_clear_error();
  return err;
}

/* --------------------------------------------------------------- plaintext */

int pop3_tls_shake (pop3_tls *t) {
  int ret;
  if (t->err != 0) return t->err;
  if (t->ready) return 1;
  if (t->asking) return 0;
  ERR_clear_error();
  ret = SSL_do_handshake(t->ssl);
  if (ret != 1) return outcome(t, ret);
  ret = pop3_tls_check_pins(t);
  if (t->ctx->ask) {
    pop3_tls_recall(t);
    t->asking = 1;
    return 0;
  }
  t->err = ret;
  if (t->err != 0) return t->err;
  t->ready = 1;
  return 1;
}

int pop3_tls_asks (const pop3_tls *t) {
  return t->asking && t->err == 0;
}

const char *pop3_tls_problem (const pop3_tls *t) {
  return t->why[0] != '\0' ? t->why : NULL;
}

void pop3_tls_decide (pop3_tls *t, int accept) {
  if (!t->asking || t->err != 0) return;
  t->asking = 0;
  if (accept) {
    t->why[0] = '\0';
    t->ready = 1;
    return;
  }
  t->err = POP3_ETLS;
  if (t->why[0] == '\0') pop3_tls_say(t->why, "certificate refused");
  SSL_shutdown(t->ssl);
  ERR_clear_error();
}

int pop3_tls_read (pop3_tls *t, char *p, size_t room, size_t *n) {
  int ret = pop3_tls_shake(t);
  *n = 0;
  if (ret <= 0) return ret;
  ret = SSL_read_ex(t->ssl, p, room, n);
  return ret == 1 ? 1 : outcome(t, ret);
}

int pop3_tls_write (pop3_tls *t, const char *p, size_t size, size_t *n) {
  int ret = pop3_tls_shake(t);
  *n = 0;
  if (ret <= 0 || size == 0) return ret < 0 ? ret : 0;
  ret = SSL_write_ex(t->ssl, p, size, n);
  return ret == 1 ? 0 : outcome(t, ret);
}

void pop3_tls_shutdown (pop3_tls *t) {
  if (!t->ready || t->closing || (t->err != 0 && t->err != POP3_ECLOSED))
    return;
  t->closing = 1;
  SSL_shutdown(t->ssl);
  ERR_clear_error();
}

int pop3_tls_ready (const pop3_tls *t) {
  return t->ready;
}
