/*
** context.c - an SSL_CTX from options.
*/
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "context.h"
#include "internal.h"
#include "pem.h"
#include "verify.h"

#define LEAST_LEVEL 2  /* see context.h */

static const unsigned char alpn[] = { 4, 'p', 'o', 'p', '3' };

static int trust (SSL_CTX *ssl, const pop3_tls_opts *o, char *why) {
  if (o->cafile != NULL && SSL_CTX_load_verify_file(ssl, o->cafile) != 1) {
    pop3_tls_say(why, "%s: CA certificates cannot be read: %s",
                 o->cafile, pop3_tls_reason());
    return 0;
  }
  if (o->capath != NULL) {
    BIO *dir = BIO_new_file(o->capath, "r");  /* OpenSSL looks only later */
    int there = dir != NULL;
    BIO_free(dir);
    ERR_clear_error();
    if (!there || SSL_CTX_load_verify_dir(ssl, o->capath) != 1) {
      pop3_tls_say(why, "%s: no such directory", o->capath);
      return 0;
    }
  }
  if (!o->server && o->cafile == NULL && o->capath == NULL)
    return SSL_CTX_set_default_verify_paths(ssl) == 1;
  return 1;
}

/* Lists of revoked certificates, for all of the chain. */
static int load_crls (SSL_CTX *ssl, const char *file, char *why) {
  X509_STORE *store = SSL_CTX_get_cert_store(ssl);
  X509_LOOKUP *in = X509_STORE_add_lookup(store, X509_LOOKUP_file());
  if (in == NULL || X509_load_crl_file(in, file, X509_FILETYPE_PEM) < 1) {
    pop3_tls_say(why, "%s: no certificate revocation list can be read: %s",
                 file, pop3_tls_reason());
    return 0;
  }
  return X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK |
                                     X509_V_FLAG_CRL_CHECK_ALL) == 1;
}

/* Tell clients which CAs are trusted. */
static void name_issuers (SSL_CTX *ssl, const char *cafile) {
  STACK_OF(X509_NAME) *names;
  if (cafile == NULL) return;
  names = SSL_load_client_CA_file(cafile);
  if (names != NULL) SSL_CTX_set_client_CA_list(ssl, names);
  ERR_clear_error();
}

/* --------------------------------------------------------------- the rest */

/* Choose "pop3" if the client offers it; otherwise go on without ALPN. */
static int choose_alpn (SSL *ssl, const unsigned char **out,
                        unsigned char *outlen, const unsigned char *in,
                        unsigned inlen, void *ud) {
  unsigned i;
  (void)ssl;
  (void)ud;
  for (i = 0; i < inlen; i += in[i] + 1u)
    if (inlen - i >= sizeof alpn && memcmp(in + i, alpn, sizeof alpn) == 0) {
      *out = in + i + 1;
      *outlen = in[i];
      return SSL_TLSEXT_ERR_OK;
    }
  return SSL_TLSEXT_ERR_NOACK;
}

/*
** Versions and security level; see context.h. A level that comes with the
** configuration is that of the new context.
*/
static int set_strength (SSL_CTX *ssl, const pop3_tls_opts *o, char *why) {
  int own = getenv("OPENSSL_CONF") != NULL;
  int least = o->min_version, level = o->security_level;
  if (least == 0) {
    least = (int)SSL_CTX_get_min_proto_version(ssl);
    if (least == 0 || (least < TLS1_2_VERSION && !own)) least = TLS1_2_VERSION;
  }
  else if (least < TLS1_2_VERSION && level < 0) level = 0;
  if (level < 0 && !own && SSL_CTX_get_security_level(ssl) < LEAST_LEVEL)
    level = LEAST_LEVEL;
  if (level >= 0) SSL_CTX_set_security_level(ssl, level);
  if (SSL_CTX_set_min_proto_version(ssl, least) == 1 &&
      SSL_CTX_set_max_proto_version(ssl, o->max_version) == 1) return 1;
  pop3_tls_say(why, "OpenSSL does not have these versions of TLS");
  return 0;
}

/*
** The names of one kind in a list with colons between them: those of TLS 1.3
** begin with "TLS_". 'out' has room for the whole list.
*/
static void pick_ciphers (const char *list, int tls13, char *out) {
  size_t n = 0;
  while (*list != '\0') {
    size_t k = strcspn(list, ":");
    if ((strncmp(list, "TLS_", 4) == 0) == (tls13 != 0) && k > 0) {
      if (n > 0) out[n++] = ':';
      memcpy(out + n, list, k);
      n += k;
    }
    list += k;
    if (*list == ':') list++;
  }
  out[n] = '\0';
}

static int set_ciphers (pop3_tls_context *c, const char *list, char *why) {
  size_t size = strlen(list) + 1;
  char *some = (char *)pop3_alloc(c->mem, size);
  int ok = 1;
  if (some == NULL) return 0;
  pick_ciphers(list, 0, some);
  if (some[0] != '\0') ok = SSL_CTX_set_cipher_list(c->ssl, some) == 1;
  pick_ciphers(list, 1, some);
  if (ok && some[0] != '\0') ok = SSL_CTX_set_ciphersuites(c->ssl, some) == 1;
  pop3_free(c->mem, some, size);
  if (!ok) pop3_tls_say(why, "no such ciphers: %s", list);
  return ok;
}

static int set_up (pop3_tls_context *c, const pop3_tls_opts *o, char *why) {
  SSL_CTX *ssl = c->ssl;
  SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_clear_options(ssl, SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS |
                        SSL_MODE_ENABLE_PARTIAL_WRITE |
                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
  if (!set_strength(ssl, o, why)) return 0;
  if (o->ciphers != NULL && !set_ciphers(c, o->ciphers, why)) return 0;
  if (o->cert != NULL && (!pop3_tls_use_chain(ssl, o->cert, why) ||
      !pop3_tls_use_key(ssl, o->key != NULL ? o->key : o->cert, why))) return 0;
  if ((c->verify || o->client_cert) && !trust(ssl, o, why)) return 0;
  if (o->crlfile != NULL && !load_crls(ssl, o->crlfile, why)) return 0;
  if (o->server) {
    SSL_CTX_set_alpn_select_cb(ssl, choose_alpn, NULL);
    SSL_CTX_set_num_tickets(ssl, 1);
    if (o->client_cert) {
      name_issuers(ssl, o->cafile);
      SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER |
        (o->client_cert > 1 ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
        pop3_tls_verify);
    }
    return SSL_CTX_set_session_id_context(ssl, alpn, sizeof alpn) == 1;
  }
  SSL_CTX_set_verify(ssl, c->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                     c->verify ? pop3_tls_verify : NULL);
  return SSL_CTX_set_alpn_protos(ssl, alpn, sizeof alpn) == 0;
}

/* Copy a set of hashes; 0: there is no memory. */
static int keep_set (pop3_tls_context *c, unsigned char (**to)[POP3_PIN_SIZE],
                     size_t *n, const unsigned char (*from)[POP3_PIN_SIZE],
                     size_t count) {
  if (count == 0) return 1;
  *to = (unsigned char (*)[POP3_PIN_SIZE])
    pop3_alloc(c->mem, count * POP3_PIN_SIZE);
  if (*to == NULL) return 0;
  memcpy(*to, from, count * POP3_PIN_SIZE);
  *n = count;
  return 1;
}

pop3_tls_context *pop3_tls_context_new (pop3_mem mem,
                                        const pop3_tls_opts *opts,
                                        char why[POP3_WHY_MAX]) {
  pop3_tls_context *c = (pop3_tls_context *)pop3_alloc(mem, sizeof *c);
  why[0] = '\0';
  if (c == NULL) return NULL;
  memset(c, 0, sizeof *c);
  c->mem = mem;
  c->server = opts->server;
  c->verify = !opts->server && opts->verify != POP3_VERIFY_NONE;
  c->ask = !opts->server && opts->verify == POP3_VERIFY_ASK;
  c->crls = opts->crlfile != NULL;
  if (!keep_set(c, &c->pins, &c->npins, opts->pins, opts->npins) ||
      !keep_set(c, &c->prints, &c->nprints, opts->prints, opts->nprints)) {
    pop3_tls_context_free(&c);
    return NULL;
  }
  ERR_clear_error();
  c->ssl = SSL_CTX_new(opts->server ? TLS_server_method()
                                    : TLS_client_method());
  if (c->ssl == NULL || !set_up(c, opts, why)) {
    if (c->ssl != NULL && why[0] == '\0')
      pop3_tls_say(why, "%s", pop3_tls_reason());
    pop3_tls_context_free(&c);
  }
  ERR_clear_error();
  return c;
}

void pop3_tls_context_free (pop3_tls_context **cp) {
  pop3_tls_context *c = *cp;
  if (c == NULL) return;
  SSL_CTX_free(c->ssl);
  pop3_free(c->mem, c->pins, c->npins * POP3_PIN_SIZE);
  pop3_free(c->mem, c->prints, c->nprints * POP3_PIN_SIZE);
  pop3_free(c->mem, c, sizeof *c);
  *cp = NULL;
}

void pop3_tls_system_store (const char **file, const char **dirs) {
  *file = getenv(X509_get_default_cert_file_env());
  if (*file == NULL) *file = X509_get_default_cert_file();
  *dirs = getenv(X509_get_default_cert_dir_env());
  if (*dirs == NULL) *dirs = X509_get_default_cert_dir();
}

int pop3_tls_context_server (const pop3_tls_context *c) {
  return c->server;
}

int pop3_tls_context_verify (const pop3_tls_context *c) {
  return c->verify;
}
