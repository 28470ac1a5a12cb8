/*
** scram.c - SCRAM (RFC 5802, 7677) with several hash functions, and -PLUS,
** which binds the login to the TLS channel.
**
**      client                                    server
**      n,,n=user,r=NONCE              -->                     client-first
**                                     <--  r=NONCEnonce,s=SALT,i=COUNT
**      c=HEADER,r=NONCEnonce,p=PROOF  -->                     client-final
**                                     <--  v=SIGNATURE
*/
#include <string.h>

#include "mechanism.h"

#define NUMBER 10  /* digits of a count */

/* The server's answer to a client that believes it has no -PLUS (RFC 5802,
   sections 6 and 7). */
#define DOWNGRADE "server-does-support-channel-binding"

typedef struct scram {
  pop3_buf header;  /* that of GS2, then the channel binding */
  pop3_buf auth;    /* AuthMessage, as far as it goes */
  pop3_buf nonce;   /* of both */
  pop3_buf salt;
  pop3_buf proof;   /* server: the client's */
  uint32_t count;
  unsigned char refused;  /* server: the client was told of a downgrade */
  unsigned char key[POP3_HASH_MAX];  /* ServerKey; client: ServerSignature */
} scram;

static scram *own (pop3_sasl *m) {
  scram *s = (scram *)m->own;
  if (s->auth.mem.f == NULL) {
    pop3_buf_init(&s->header, m->mem);
    pop3_buf_init(&s->auth, m->mem);
    pop3_buf_init(&s->nonce, m->mem);
    pop3_buf_init(&s->salt, m->mem);
    pop3_buf_init(&s->proof, m->mem);
  }
  return s;
}

static void scram_drop (pop3_sasl *m) {
  scram *s = own(m);
  pop3_buf_free(&s->header);
  pop3_buf_free(&s->auth);
  pop3_buf_free(&s->nonce);
  pop3_buf_free(&s->salt);
  pop3_buf_free(&s->proof);
}

static size_t size (const pop3_sasl *m) {
  return pop3_hash_size(m->mech->hash);
}

static pop3_span octets (const unsigned char *p, size_t n) {
  pop3_span s;
  s.p = (const char *)p;
  s.n = n;
  return s;
}

/* ------------------------------------------------------------- attributes */

/* The next attribute of a message: its letter and value. 0 at the end. */
static int attribute (pop3_span *in, char *letter, pop3_span *value) {
  const char *comma;
  if (in->n == 0) return 0;
  comma = (const char *)memchr(in->p, ',', in->n);
  value->p = in->p;
  value->n = comma != NULL ? (size_t)(comma - in->p) : in->n;
  in->p += comma != NULL ? value->n + 1 : value->n;
  in->n -= comma != NULL ? value->n + 1 : value->n;
  if (value->n < 2 || value->p[1] != '=') {
    *letter = '\0';
    return 1;
  }
  *letter = value->p[0];
  value->p += 2;
  value->n -= 2;
  return 1;
}

/* The same, which must have that letter. */
static int expect (pop3_span *in, char letter, pop3_span *value) {
  char c;
  return attribute(in, &c, value) && c == letter ? 0 : POP3_ESASL;
}

/* Extensions, which may follow; a mandatory one ("m=") is an error. */
static int extensions (pop3_span *in) {
  pop3_span value;
  char c;
  while (attribute(in, &c, &value))
    if (c == '\0' || c == 'm' || !pop3_sasl_is_text(value)) return POP3_ESASL;
  return 0;
}

static int printable (pop3_span s) {
  size_t i;
  for (i = 0; i < s.n; i++)
    if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f ||
        s.p[i] == ',') return 0;
  return s.n > 0;
}

static int number (pop3_span s, uint32_t *u) {
  uint64_t v = 0;
  size_t i;
  if (s.n == 0 || s.n > NUMBER || s.p[0] == '0') return POP3_ESASL;
  for (i = 0; i < s.n; i++) {
    if (s.p[i] < '0' || s.p[i] > '9') return POP3_ESASL;
    v = v * 10 + (uint64_t)(s.p[i] - '0');
  }
  *u = v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
  return 0;
}

static int put_number (pop3_buf *b, uint32_t u) {
  char text[NUMBER];
  size_t n = sizeof text;
  do text[--n] = (char)('0' + u % 10); while ((u /= 10) > 0);
  return pop3_buf_add(b, text + n, sizeof text - n);
}

static int add (pop3_buf *b, pop3_span s) {
  return s.n > 0 ? pop3_buf_add(b, s.p, s.n) : 0;
}

/* -------------------------------------------------------------------- keys */

static int no_hash (pop3_sasl *m) {
  return pop3_sasl_fail(m, POP3_EAUTH, "OpenSSL has no such hash function");
}

/* SaltedPassword to StoredKey and ServerKey. */
static int keys (const pop3_crypto *c, enum pop3_hash h,
                 const unsigned char *salted, unsigned char *client,
                 unsigned char *stored, unsigned char *server) {
  size_t n = pop3_hash_size(h);
  return c->hmac(h, octets(salted, n), pop3_sasl_text("Client Key"), client) &&
         c->digest(h, octets(client, n), stored) &&
         c->hmac(h, octets(salted, n), pop3_sasl_text("Server Key"), server);
}

/* The password, prepared, to the keys. 0, POP3_EPREP, POP3_EAUTH, ENOMEM. */
static int derive (pop3_mem mem, const pop3_crypto *c, enum pop3_hash h,
                   pop3_span password, pop3_span salt, uint32_t count,
                   unsigned char *client, unsigned char *stored,
                   unsigned char *server) {
  unsigned char salted[POP3_HASH_MAX];
  pop3_buf b;
  int err;
  pop3_buf_init(&b, mem);
  err = pop3_prep(&b, password, POP3_STORED, NULL);
  if (err == 0 && !(c->pbkdf2(h, pop3_sasl_span(&b), salt, count, salted) &&
                    keys(c, h, salted, client, stored, server)))
    err = POP3_EAUTH;
  pop3_buf_wipe(&b);
  pop3_wipe(salted, sizeof salted);
  return err;
}

int pop3_sasl_verifier (pop3_mem mem, const pop3_crypto *crypto,
                        enum pop3_hash h, pop3_span password, pop3_span salt,
                        uint32_t iterations, unsigned char *stored,
                        unsigned char *server) {
  unsigned char client[POP3_HASH_MAX];
  int err = derive(mem, crypto, h, password, salt, iterations, client, stored,
                   server);
  pop3_wipe(client, sizeof client);
  return err;
}

/* ------------------------------------------------------------------ client */

/*
** Append a name or password, prepared. A password is a stored string (RFC 5802
** section 2.2), a name is a query (section 5.1).
*/
static int prepared (pop3_sasl *m, pop3_buf *to, pop3_span s,
                     enum pop3_prep_as as) {
  const char *what = as == POP3_STORED ? "the password has "
                                       : "the user name has ";
  const char *why;
  int err = pop3_prep(to, s, as, &why);
  if (err == 0 && to->n == 0) {
    err = POP3_EPREP;
    why = "only characters that SASLprep (RFC 4013) drops";
  }
  return err == POP3_EPREP ? pop3_sasl_failed_by(m, err, what, why) : err;
}

static int scram_open (pop3_sasl *m) {
  pop3_buf b;
  int err = pop3_sasl_need(m, POP3_SASL_NEEDS_USER | POP3_SASL_NEEDS_SECRET |
                              POP3_SASL_HAS_AUTHZID);
  if (err == 0 && (m->mech->flags & POP3_SASL_BINDING) && m->bindings.n == 0)
    err = pop3_sasl_fail(m, POP3_EAUTH,
                         "the connection has no channel binding");
  pop3_buf_init(&b, m->mem);  /* both must be such that they can be prepared */
  if (err == 0) err = prepared(m, &b, pop3_sasl_span(&m->secret), POP3_STORED);
  if (err == 0) err = pop3_sasl_hide(m, pop3_sasl_span(&b));
  b.n = 0;
  if (err == 0) err = prepared(m, &b, pop3_sasl_span(&m->user), POP3_QUERY);
  if (err == 0) {
    m->user.n = 0;
    err = add(&m->user, pop3_sasl_span(&b));
  }
  pop3_buf_wipe(&b);
  return err;
}

/* The binding that a client was given; there is one. */
static void given (const pop3_sasl *m, pop3_span *type, pop3_span *data) {
  const char *p = m->bindings.p;
  memcpy(&type->n, p, sizeof type->n);
  type->p = p + sizeof type->n;
  p = type->p + type->n;
  memcpy(&data->n, p, sizeof data->n);
  data->p = p + sizeof data->n;
}

static int client_first (pop3_sasl *m) {
  scram *s = own(m);
  pop3_span type = { "", 0 }, data = { "", 0 };
  int err;
  if (m->mech->flags & POP3_SASL_BINDING) {
    given(m, &type, &data);
    err = pop3_sasl_puts(&s->header, "p=");
    if (err == 0) err = add(&s->header, type);
  }
  else err = pop3_sasl_puts(&s->header, m->plus ? "y" : "n");
  if (err == 0) err = pop3_sasl_puts(&s->header, ",");
  if (err == 0 && m->authzid.n > 0) {
    err = pop3_sasl_puts(&s->header, "a=");
    if (err == 0)
      err = pop3_sasl_put_name(&s->header, pop3_sasl_span(&m->authzid));
  }
  if (err == 0) err = pop3_sasl_puts(&s->header, ",");
  if (err == 0) err = add(&m->out, pop3_sasl_span(&s->header));
  if (err == 0) err = add(&s->header, data);
  if (err == 0) err = pop3_sasl_nonce(m);
  if (err == 0) err = pop3_sasl_puts(&s->auth, "n=");
  if (err == 0) err = pop3_sasl_put_name(&s->auth, pop3_sasl_span(&m->user));
  if (err == 0) err = pop3_sasl_puts(&s->auth, ",r=");
  if (err == 0) err = add(&s->auth, pop3_sasl_span(&m->nonce));
  if (err == 0) err = add(&m->out, pop3_sasl_span(&s->auth));
  m->harmless = 1;
  return err;
}

/* "e=..." in place of "r=...,s=...,i=..." */
static int read_error (pop3_sasl *m, pop3_span in) {
  pop3_span value = { in.p + 2, in.n - 2 };
  if (value.n == sizeof DOWNGRADE - 1 &&
      memcmp(value.p, DOWNGRADE, value.n) == 0)
    return pop3_sasl_fail(m, POP3_EAUTH, "the server has channel binding, "
                          "but its list of mechanisms came without it");
  return pop3_sasl_fail(m, POP3_EAUTH, "the server refused the exchange");
}

/* "r=...,s=...,i=..." */
static int read_server_first (pop3_sasl *m, scram *s, pop3_span in) {
  pop3_span value;
  int err;
  if (in.n > 2 && in.p[0] == 'e' && in.p[1] == '=') return read_error(m, in);
  err = expect(&in, 'r', &value);
  if (err != 0 || !printable(value)) return POP3_ESASL;
  if (value.n <= m->nonce.n || memcmp(value.p, m->nonce.p, m->nonce.n) != 0)
    return pop3_sasl_fail(m, POP3_EAUTH,
                          "the server's nonce does not begin with ours");
  err = add(&s->nonce, value);
  if (err == 0) err = expect(&in, 's', &value);
  if (err == 0) err = pop3_sasl_get64(&s->salt, value);
  if (err == 0 && s->salt.n == 0) err = POP3_ESASL;
  if (err == 0) err = expect(&in, 'i', &value);
  if (err == 0) err = number(value, &s->count);
  if (err == 0) err = extensions(&in);
  if (err == 0 && s->count > m->max)
    err = pop3_sasl_fail(m, POP3_EAUTH,
                         "the server asks for too many iterations");
  if (err == 0 && s->count < m->min)
    err = pop3_sasl_fail(m, POP3_EAUTH,
                         "the server asks for too few iterations");
  return err;
}

/* "c=...,r=...", to 'to'. */
static int put_final (scram *s, pop3_buf *to) {
  int err = pop3_sasl_puts(to, "c=");
  if (err == 0) err = pop3_sasl_put64(to, pop3_sasl_span(&s->header));
  if (err == 0) err = pop3_sasl_puts(to, ",r=");
  return err == 0 ? add(to, pop3_sasl_span(&s->nonce)) : err;
}

static int client_final (pop3_sasl *m, pop3_span in) {
  unsigned char client[POP3_HASH_MAX], stored[POP3_HASH_MAX],
                server[POP3_HASH_MAX], sign[POP3_HASH_MAX];
  const pop3_crypto *c = m->crypto;
  scram *s = own(m);
  size_t n = size(m), i;
  int err = read_server_first(m, s, in);
  if (err == 0) err = pop3_sasl_puts(&s->auth, ",");
  if (err == 0) err = add(&s->auth, in);
  if (err == 0) err = pop3_sasl_puts(&s->auth, ",");
  if (err == 0) err = put_final(s, &s->auth);
  if (err == 0) err = put_final(s, &m->out);
  if (err == 0)
    err = derive(m->mem, c, m->mech->hash, pop3_sasl_span(&m->secret),
                 pop3_sasl_span(&s->salt), s->count, client, stored, server);
  if (err == 0 &&
      (!c->hmac(m->mech->hash, octets(stored, n), pop3_sasl_span(&s->auth),
                sign) ||
       !c->hmac(m->mech->hash, octets(server, n), pop3_sasl_span(&s->auth),
                s->key)))
    err = no_hash(m);
  if (err == 0) {
    for (i = 0; i < n; i++) sign[i] ^= client[i];
    err = pop3_sasl_puts(&m->out, ",p=");
    if (err == 0) err = pop3_sasl_put64(&m->out, octets(sign, n));
  }
  pop3_wipe(client, sizeof client);
  pop3_wipe(stored, sizeof stored);
  pop3_wipe(server, sizeof server);
  pop3_wipe(sign, sizeof sign);
  return err;
}

/* "v=..." or "e=..." */
static int read_signature (pop3_sasl *m, pop3_span in) {
  scram *s = own(m);
  pop3_span value;
  char letter;
  int err, same;
  if (!attribute(&in, &letter, &value)) return POP3_ESASL;
  if (letter == 'e')
    return pop3_sasl_fail(m, POP3_EAUTH, "the server refused the proof");
  if (letter != 'v') return POP3_ESASL;
  s->proof.n = 0;
  err = pop3_sasl_get64(&s->proof, value);
  if (err == 0) err = extensions(&in);
  if (err != 0) return err;
  same = s->proof.n == size(m) &&
         m->crypto->equal(s->proof.p, s->key, s->proof.n);
  if (!same)
    return pop3_sasl_fail(m, POP3_EAUTH, "the server's signature is wrong: it "
                          "does not know the password");
  m->done = 1;
  return 0;
}

static int scram_client (pop3_sasl *m, pop3_span in) {
  switch (m->turn) {
    case 0: return client_first(m);
    case 1: return client_final(m, in);
    default: return read_signature(m, in);
  }
}

/* ------------------------------------------------------------------ server */

/* Is the client's statement about channel binding possible here? */
static int check_flag (pop3_sasl *m, const pop3_sasl_gs2 *h, pop3_span *data) {
  int bound = (m->mech->flags & POP3_SASL_BINDING) != 0;
  if (bound != (h->flag == 'p')) return POP3_ESASL;
  if (h->flag == 'y' && m->plus) {
    own(m)->refused = 1;
    return pop3_sasl_puts(&m->out, "e=" DOWNGRADE);
  }
  if (bound && !pop3_sasl_bound(m, h->type, data))
    return pop3_sasl_fail(m, POP3_EAUTH,
                          "the connection does not have this channel binding");
  return 0;
}

static int server_first (pop3_sasl *m, pop3_span in) {
  scram *s = own(m);
  pop3_span data = { "", 0 }, bare, name, nonce;
  pop3_sasl_gs2 h;
  pop3_buf raw;
  int err = pop3_sasl_get_gs2(m, &h, &in);
  if (err == 0) err = check_flag(m, &h, &data);
  if (err == 0 && s->refused) return POP3_SASL_SAY;
  if (err == 0) err = add(&s->header, h.whole);
  if (err == 0) err = add(&s->header, data);
  bare = in;
  if (err == 0) err = expect(&in, 'n', &name);
  if (err == 0) err = expect(&in, 'r', &nonce);
  if (err == 0 && !printable(nonce)) err = POP3_ESASL;
  if (err == 0) err = extensions(&in);
  if (err != 0) return err;
  pop3_buf_init(&raw, m->mem);
  err = pop3_sasl_get_name(&raw, name);
  if (err == 0) err = prepared(m, &m->user, pop3_sasl_span(&raw), POP3_QUERY);
  pop3_buf_free(&raw);
  if (err == 0) err = add(&s->auth, bare);
  if (err == 0) err = add(&s->nonce, nonce);
  if (err == 0) err = pop3_sasl_nonce(m);
  if (err == 0) err = add(&s->nonce, pop3_sasl_span(&m->nonce));
  return err == 0 ? POP3_SASL_SALT : err;
}

int pop3_sasl_salt (pop3_sasl *m, pop3_span salt, uint32_t iterations,
                    pop3_span *out) {
  scram *s;
  int err;
  if (m->err != 0) return m->err;
  if (m->state != POP3_SASL_SALTING || salt.n == 0 || iterations == 0)
    return POP3_ESTATE;
  s = own(m);
  m->out.n = 0;
  s->count = iterations;
  err = add(&s->salt, salt);
  if (err == 0) err = pop3_sasl_puts(&m->out, "r=");
  if (err == 0) err = add(&m->out, pop3_sasl_span(&s->nonce));
  if (err == 0) err = pop3_sasl_puts(&m->out, ",s=");
  if (err == 0) err = pop3_sasl_put64(&m->out, salt);
  if (err == 0) err = pop3_sasl_puts(&m->out, ",i=");
  if (err == 0) err = put_number(&m->out, iterations);
  if (err == 0) err = pop3_sasl_puts(&s->auth, ",");
  if (err == 0) err = add(&s->auth, pop3_sasl_span(&m->out));
  if (err != 0) return pop3_sasl_fail(m, err, pop3_errtext(err));
  m->state = POP3_SASL_TALKING;
  *out = pop3_sasl_span(&m->out);
  return POP3_SASL_SAY;
}

static int server_final (pop3_sasl *m, pop3_span in) {
  scram *s = own(m);
  pop3_span value, whole = in, proof = { "", 0 };
  pop3_buf bound;
  char letter = '\0';
  int err, same;
  if (s->refused)
    return pop3_sasl_fail(m, POP3_EAUTH,
                          "the client did not see the -PLUS that is offered");
  err = expect(&in, 'c', &value);
  if (err != 0) return err;
  pop3_buf_init(&bound, m->mem);
  err = pop3_sasl_get64(&bound, value);
  same = err == 0 && bound.n == s->header.n &&
         m->crypto->equal(bound.p, s->header.p, bound.n);
  pop3_buf_free(&bound);
  if (err == 0 && !same)
    err = pop3_sasl_fail(m, POP3_EAUTH,
                         "the channel binding is that of another connection");
  if (err == 0) err = expect(&in, 'r', &value);
  if (err == 0 && (value.n != s->nonce.n ||
                   memcmp(value.p, s->nonce.p, value.n) != 0))
    err = pop3_sasl_fail(m, POP3_EAUTH,
                         "the nonce is that of another exchange");
  while (err == 0 && letter != 'p') {
    if (!attribute(&in, &letter, &proof) || letter == '\0' || letter == 'm')
      err = POP3_ESASL;
  }
  if (err == 0 && in.n > 0) err = POP3_ESASL;
  if (err == 0) err = pop3_sasl_get64(&s->proof, proof);
  if (err == 0 && s->proof.n != size(m)) err = POP3_ESASL;
  whole.n = err == 0 ? (size_t)(proof.p - whole.p) - 3 : 0;  /* ",p=" */
  if (err == 0) err = pop3_sasl_puts(&s->auth, ",");
  if (err == 0) err = add(&s->auth, whole);
  return err == 0 ? POP3_SASL_PROOF : err;
}

static int scram_server (pop3_sasl *m, const pop3_span *in) {
  if (in == NULL) return POP3_ESASL;
  return m->turn == 0 ? server_first(m, *in) : server_final(m, *in);
}

/* Was the proof made with the key whose hash is 'stored'? */
static int proves (pop3_sasl *m, const unsigned char *stored,
                   const unsigned char *server) {
  unsigned char sign[POP3_HASH_MAX], hash[POP3_HASH_MAX];
  const pop3_crypto *c = m->crypto;
  scram *s = own(m);
  size_t n = size(m), i;
  int same;
  if (!c->hmac(m->mech->hash, octets(stored, n), pop3_sasl_span(&s->auth),
               sign)) return no_hash(m);
  for (i = 0; i < n; i++) sign[i] ^= (unsigned char)s->proof.p[i];
  same = c->digest(m->mech->hash, octets(sign, n), hash)
         ? c->equal(hash, stored, n) : no_hash(m);
  if (same == 1) memcpy(s->key, server, n);
  pop3_wipe(sign, sizeof sign);
  pop3_wipe(hash, sizeof hash);
  return same;
}

static int scram_check (pop3_sasl *m, pop3_span secret) {
  unsigned char client[POP3_HASH_MAX], stored[POP3_HASH_MAX],
                server[POP3_HASH_MAX];
  scram *s = own(m);
  int got = derive(m->mem, m->crypto, m->mech->hash, secret,
                   pop3_sasl_span(&s->salt), s->count, client, stored, server);
  if (got == 0) got = proves(m, stored, server);
  else if (got == POP3_EPREP) got = 0;  /* nobody can have that password */
  pop3_wipe(client, sizeof client);
  pop3_wipe(stored, sizeof stored);
  pop3_wipe(server, sizeof server);
  return got;
}

int pop3_sasl_check_verifier (pop3_sasl *m, pop3_span stored,
                              pop3_span server) {
  int got;
  if (m->err != 0) return m->err;
  if (m->state != POP3_SASL_DECIDING || !(m->mech->flags & POP3_SASL_SALTED) ||
      stored.n != size(m) || server.n != size(m)) return POP3_ESTATE;
  got = proves(m, (const unsigned char *)stored.p,
               (const unsigned char *)server.p);
  if (got < 0) return pop3_sasl_fail(m, got, pop3_errtext(got));
  m->proof = got ? POP3_SASL_TRUE : POP3_SASL_FALSE;
  return got;
}

static int scram_accept (pop3_sasl *m) {
  unsigned char sign[POP3_HASH_MAX];
  scram *s = own(m);
  int err;
  if (!m->crypto->hmac(m->mech->hash, octets(s->key, size(m)),
                       pop3_sasl_span(&s->auth), sign)) return no_hash(m);
  err = pop3_sasl_puts(&m->out, "v=");
  if (err == 0) err = pop3_sasl_put64(&m->out, octets(sign, size(m)));
  return err;
}

/* -------------------------------------------------------------------- rows */

#define ROW(id, name, hash, flags)                                          \
  const pop3_sasl_mech pop3_sasl_##id = {                                   \
    name, POP3_SASL_INITIAL | POP3_SASL_SALTED | (flags), hash,               \
    sizeof (scram), scram_open, scram_client, scram_server, scram_check,    \
    scram_accept, NULL, scram_drop                                          \
  };

ROW (scram_sha512_plus, "SCRAM-SHA-512-PLUS", POP3_SHA512, POP3_SASL_BINDING)
ROW (scram_sha512, "SCRAM-SHA-512", POP3_SHA512, 0)
ROW (scram_sha256_plus, "SCRAM-SHA-256-PLUS", POP3_SHA256, POP3_SASL_BINDING)
ROW (scram_sha256, "SCRAM-SHA-256", POP3_SHA256, 0)
ROW (scram_sha1_plus, "SCRAM-SHA-1-PLUS", POP3_SHA1, POP3_SASL_BINDING)
ROW (scram_sha1, "SCRAM-SHA-1", POP3_SHA1, 0)
