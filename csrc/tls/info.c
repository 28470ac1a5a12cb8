/*
** info.c - the result of a handshake: version and cipher, channel bindings, the
** ticket to resume the session, the peer's certificate.
*/
#include <string.h>

#include <openssl/err.h>

#include "describe.h"
#include "internal.h"
#include "tls.h"

const char *pop3_tls_version (const pop3_tls *t) {
  return SSL_get_version(t->ssl);
}

const char *pop3_tls_cipher (const pop3_tls *t) {
  const char *name = SSL_get_cipher_name(t->ssl);
  return name != NULL ? name : "";
}

pop3_span pop3_tls_alpn (const pop3_tls *t) {
  const unsigned char *p = NULL;
  unsigned n = 0;
  pop3_span s;
  SSL_get0_alpn_selected(t->ssl, &p, &n);
  s.p = (const char *)p;
  s.n = n;
  return s;
}

int pop3_tls_reused (const pop3_tls *t) {
  return SSL_session_reused(t->ssl);
}

/* ---------------------------------------------------------------- bindings */

/* RFC 5929 section 4: the hash of the signature, but at least SHA-256. */
static size_t end_point (const pop3_tls *t, unsigned char *out) {
  X509 *cert = t->ctx->server ? SSL_get_certificate(t->ssl)
                              : SSL_get0_peer_certificate(t->ssl);
  const EVP_MD *md;
  int hash = NID_undef;
  unsigned n = 0;
  if (cert == NULL) return 0;
  if (X509_get_signature_info(cert, &hash, NULL, NULL, NULL) != 1 ||
      hash == NID_undef)
    return 0;  /* Ed25519: the RFC does not define it */
  if (hash == NID_md5 || hash == NID_sha1) hash = NID_sha256;
  md = EVP_get_digestbynid(hash);
  if (md == NULL || EVP_MD_get_size(md) > POP3_BINDING_MAX ||
      X509_digest(cert, md, out, &n) != 1) return 0;
  return n;
}

/*
** RFC 5929 section 3: the first Finished message of the handshake, which is
** the client's in a full one, the server's when a session is resumed. TLS 1.3
** has no such binding; without the extended master secret it is not safe (RFC
** 7627).
*/
static size_t unique (const pop3_tls *t, unsigned char *out) {
  int mine = (t->ctx->server == 0) == (SSL_session_reused(t->ssl) == 0);
  if (SSL_version(t->ssl) != TLS1_2_VERSION ||
      SSL_get_extms_support(t->ssl) != 1) return 0;
  return mine ? SSL_get_finished(t->ssl, out, POP3_BINDING_MAX)
              : SSL_get_peer_finished(t->ssl, out, POP3_BINDING_MAX);
}

static size_t exporter (const pop3_tls *t, unsigned char *out) {
  static const char label[] = "EXPORTER-Channel-Binding";
  if (SSL_version(t->ssl) < TLS1_3_VERSION &&
      SSL_get_extms_support(t->ssl) != 1) return 0;
  return SSL_export_keying_material(t->ssl, out, 32, label, sizeof label - 1,
                                    (const unsigned char *)"", 0, 1) == 1
         ? 32 : 0;
}

size_t pop3_tls_binding (const pop3_tls *t, const char *type,
                         unsigned char out[POP3_BINDING_MAX]) {
  size_t n = 0;
  if (!t->ready) return 0;
  if (strcmp(type, "tls-exporter") == 0) n = exporter(t, out);
  else if (strcmp(type, "tls-server-end-point") == 0) n = end_point(t, out);
  else if (strcmp(type, "tls-unique") == 0) n = unique(t, out);
  ERR_clear_error();
  return n;
}

/* ----------------------------------------------------------------- tickets */

pop3_tls_ticket *pop3_tls_get_ticket (const pop3_tls *t) {
  SSL_SESSION *s = t->ready ? SSL_get1_session(t->ssl) : NULL;
  if (s != NULL && !SSL_SESSION_is_resumable(s)) {
    SSL_SESSION_free(s);
    s = NULL;
  }
  return s;
}

void pop3_tls_ticket_free (pop3_tls_ticket **k) {
  SSL_SESSION_free(*k);
  *k = NULL;
}

/* ------------------------------------------------------------ certificates */

int pop3_tls_get_peer (const pop3_tls *t, int i, pop3_tls_peer *peer) {
  const X509 *cert = NULL;
  if (!t->ready && !t->asking) return 0;
  if (i == 0) cert = SSL_get0_peer_certificate(t->ssl);
  else {
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(t->ssl);
    if (t->ctx->server) i--;  /* a client has its own certificate in it */
    if (i < sk_X509_num(chain)) cert = sk_X509_value(chain, i);
  }
  return cert != NULL ? pop3_tls_describe(cert, peer) : 0;
}
