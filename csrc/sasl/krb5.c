/*
** krb5.c - gss.h by libgssapi_krb5 of MIT (libgss.h), if the build has its
** headers (POP3_KRB5).
**
** It reads the files of every program with Kerberos: /etc/krb5.conf or KRB5_CONFIG,
** and for a client the tickets of KRB5CCNAME. The first step of a client may query
** name servers and the KDC, and waits for them. The library allocates its own
** memory, which is not overwritten.
*/
#include "gss.h"

#if !defined(POP3_KRB5)

const pop3_gss *pop3_krb5 (void) {
  return NULL;
}

#else

#include <stdio.h>
#include <string.h>

#include "libgss.h"

#define SERVICE "pop"  /* the service name of POP3 (RFC 5034) */
#define HOST_MAX 255

typedef struct context {
  const libgss *gss;         /* NULL: it could not be loaded */
  gss_ctx_id_t context;
  gss_cred_id_t credential;  /* server */
  gss_name_t service;
  int is_client;
  char why[256];
} context;

/* --------------------------------------------------------------- failures */

/* The first text of a status, into 'why'; control characters become spaces. */
static size_t describe (context *c, OM_uint32 status, int type) {
  gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor, more = 0;
  size_t i, n = 0;
  if (c->gss->display_status(&minor, status, type, c->gss->krb5, &more, &text)
      == GSS_S_COMPLETE) {
    n = text.length < sizeof c->why - 1 ? text.length : sizeof c->why - 1;
    for (i = 0; i < n; i++) {
      unsigned char u = ((const unsigned char *)text.value)[i];
      c->why[i] = u < ' ' || u == 0x7f ? ' ' : (char)u;
    }
    c->gss->release_buffer(&minor, &text);
  }
  c->why[n] = '\0';
  return n;
}

/* Kerberos's own text says more than the general one. */
static int failed (context *c, OM_uint32 major, OM_uint32 minor) {
  size_t n = minor == 0 ? 0 : describe(c, minor, GSS_C_MECH_CODE);
  if (n == 0) describe(c, major, GSS_C_GSS_CODE);
  return POP3_EAUTH;
}

static int refuse (context *c, const char *why) {
  snprintf(c->why, sizeof c->why, "%s", why);
  return POP3_EAUTH;
}

static const char *why (const void *p) {
  return ((const context *)p)->why;
}

/* ------------------------------------------------------------------- open */

/* Load the library; the name of the service. */
static int import_service (context *c, char *name) {
  const char *why = "";
  gss_buffer_desc text;
  OM_uint32 major, minor;
  c->gss = libgss_load(&why);
  if (c->gss == NULL) return refuse(c, why);
  text.length = strlen(name);
  text.value = name;
  major = c->gss->import_name(&minor, &text, c->gss->hostbased_service,
                              &c->service);
  return GSS_ERROR(major) ? failed(c, major, minor) : 0;
}

static int open_client (void *p, pop3_span host) {
  context *c = (context *)p;
  char name[sizeof SERVICE + 1 + HOST_MAX];
  c->is_client = 1;
  if (host.n > HOST_MAX || memchr(host.p, '\0', host.n) != NULL)
    return refuse(c, "the name of the host is not valid");
  snprintf(name, sizeof name, "%s@%.*s", SERVICE, (int)host.n, host.p);
  return import_service(c, name);
}

/* Any key for the service is taken, whatever host name it is for. */
static int open_server (void *p, pop3_span keytab) {
  context *c = (context *)p;
  gss_OID_set_desc mechs;
  gss_key_value_element_desc element;
  gss_key_value_set_desc store;
  OM_uint32 major, minor;
  char path[4096 + sizeof "FILE:"], name[] = SERVICE;
  int err = import_service(c, name);
  if (err != 0) return err;
  if (keytab.n >= 4096 ||
      (keytab.n > 0 && memchr(keytab.p, '\0', keytab.n) != NULL))
    return refuse(c, "the name of the keytab is not valid");
  snprintf(path, sizeof path, "FILE:%.*s", (int)keytab.n, keytab.p);
  mechs.count = 1;
  mechs.elements = c->gss->krb5;
  element.key = "keytab";
  element.value = path;
  store.count = 1;
  store.elements = &element;
  major = c->gss->acquire_cred_from(&minor, c->service, GSS_C_INDEFINITE,
                                    &mechs, GSS_C_ACCEPT,
                                    keytab.n > 0 ? &store : NULL,
                                    &c->credential, NULL, NULL);
  return GSS_ERROR(major) ? failed(c, major, minor) : 0;
}

static void close_context (void *p) {
  context *c = (context *)p;
  OM_uint32 minor;
  if (c->gss == NULL) return;
  if (c->context != GSS_C_NO_CONTEXT)
    c->gss->delete_sec_context(&minor, &c->context, GSS_C_NO_BUFFER);
  if (c->credential != GSS_C_NO_CREDENTIAL)
    c->gss->release_cred(&minor, &c->credential);
  if (c->service != GSS_C_NO_NAME) c->gss->release_name(&minor, &c->service);
}

/* ------------------------------------------------------------------- steps */

/* The library does not change what is in a buffer for it. */
static gss_buffer_desc to_library (pop3_span s) {
  gss_buffer_desc b;
  union { const char *given; void *taken; } p;
  p.given = s.p;
  b.value = p.taken;
  b.length = s.n;
  return b;
}

/* Append a buffer of the library, and release it. */
static int from_library (const context *c, pop3_buf *out, gss_buffer_t b) {
  OM_uint32 minor;
  int err = b->length > 0
            ? pop3_buf_add(out, (const char *)b->value, b->length) : 0;
  c->gss->release_buffer(&minor, b);
  return err;
}

static int step (void *p, pop3_span in, pop3_buf *out) {
  context *c = (context *)p;
  const OM_uint32 flags = GSS_C_MUTUAL_FLAG | GSS_C_SEQUENCE_FLAG |
                          GSS_C_INTEG_FLAG;
  gss_buffer_desc token = to_library(in), answer = GSS_C_EMPTY_BUFFER;
  OM_uint32 major, minor, got = 0;
  int err;
  if (c->is_client)
    major = c->gss->init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &c->context,
                                     c->service, c->gss->krb5, flags, 0,
                                     GSS_C_NO_CHANNEL_BINDINGS, &token, NULL,
                                     &answer, &got, NULL);
  else
    major = c->gss->accept_sec_context(&minor, &c->context, c->credential,
                                       &token, GSS_C_NO_CHANNEL_BINDINGS, NULL,
                                       NULL, &answer, &got, NULL, NULL);
  if (GSS_ERROR(major)) {
    OM_uint32 ignored;
    c->gss->release_buffer(&ignored, &answer);
    return failed(c, major, minor);
  }
  err = from_library(c, out, &answer);
  if (err != 0) return err;
  if (major & GSS_S_CONTINUE_NEEDED) return 0;
  if (!(got & GSS_C_INTEG_FLAG))
    return refuse(c, "the context has no integrity");
  if (c->is_client && !(got & GSS_C_MUTUAL_FLAG))
    return refuse(c, "the server is not authenticated");
  return 1;
}

static int wrap (void *p, pop3_span in, pop3_buf *out) {
  context *c = (context *)p;
  gss_buffer_desc text = to_library(in), made = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor,
            major = c->gss->wrap(&minor, c->context, 0, GSS_C_QOP_DEFAULT,
                                 &text, NULL, &made);
  return GSS_ERROR(major) ? failed(c, major, minor)
                          : from_library(c, out, &made);
}

static int unwrap (void *p, pop3_span in, pop3_buf *out) {
  context *c = (context *)p;
  gss_buffer_desc text = to_library(in), made = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor,
            major = c->gss->unwrap(&minor, c->context, &text, &made, NULL,
                                   NULL);
  if (major == GSS_S_COMPLETE) return from_library(c, out, &made);
  c->gss->release_buffer(&minor, &made);
  return failed(c, major, 0);  /* also one that was seen before, or is late */
}

/* ------------------------------------------------------------------- names */

static int put_name (context *c, gss_name_t name, pop3_buf *out) {
  gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor, major = c->gss->display_name(&minor, name, &text, NULL);
  return GSS_ERROR(major) ? failed(c, major, minor)
                          : from_library(c, out, &text);
}

/* "pop/host@REALM" to "REALM". */
static void keep_realm (pop3_buf *b) {
  size_t i = b->n;
  while (i > 0 && b->p[i - 1] != '@') i--;
  memmove(b->p, b->p + i, b->n - i);
  b->n -= i;
}

static int names (void *p, pop3_buf *principal, pop3_buf *realm) {
  context *c = (context *)p;
  gss_name_t client = GSS_C_NO_NAME, server = GSS_C_NO_NAME;
  OM_uint32 minor, major;
  int err = 0;
  major = c->gss->inquire_context(&minor, c->context, &client, &server, NULL,
                                  NULL, NULL, NULL, NULL);
  if (GSS_ERROR(major)) return failed(c, major, minor);
  err = put_name(c, client, principal);
  if (err == 0) err = put_name(c, server, realm);
  if (err == 0) keep_realm(realm);
  c->gss->release_name(&minor, &client);
  c->gss->release_name(&minor, &server);
  return err;
}

const pop3_gss *pop3_krb5 (void) {
  static const pop3_gss krb5 = {
    sizeof (context), open_client, open_server, step, wrap, unwrap, names, why,
    close_context
  };
  return &krb5;
}

#endif
