/*
** libgss.h - the functions of libgssapi_krb5 that krb5.c uses. The library is
** loaded when the first context is opened: it brings five other libraries, which
** would take a third of the time to load pop3.core.
*/
#ifndef POP3_LIBGSS_H
#define POP3_LIBGSS_H

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>

/* The names are those of the library without "gss_". */
#define LIBGSS_FUNCTIONS(X)                                                    \
  X (display_status,                                                           \
     (OM_uint32 *minor, OM_uint32 status, int type, gss_OID mech,              \
      OM_uint32 *more, gss_buffer_t text))                                     \
  X (import_name,                                                              \
     (OM_uint32 *minor, gss_buffer_t text, gss_OID type, gss_name_t *name))    \
  X (display_name,                                                             \
     (OM_uint32 *minor, gss_name_t name, gss_buffer_t text, gss_OID *type))    \
  X (release_name, (OM_uint32 *minor, gss_name_t *name))                       \
  X (acquire_cred_from,                                                        \
     (OM_uint32 *minor, gss_name_t name, OM_uint32 seconds, gss_OID_set mechs, \
      gss_cred_usage_t usage, gss_const_key_value_set_t store,                 \
      gss_cred_id_t *credential, gss_OID_set *actual, OM_uint32 *left))        \
  X (release_cred, (OM_uint32 *minor, gss_cred_id_t *credential))              \
  X (init_sec_context,                                                         \
     (OM_uint32 *minor, gss_cred_id_t credential, gss_ctx_id_t *context,       \
      gss_name_t target, gss_OID mech, OM_uint32 flags, OM_uint32 seconds,     \
      gss_channel_bindings_t bindings, gss_buffer_t in, gss_OID *actual,       \
      gss_buffer_t out, OM_uint32 *got, OM_uint32 *left))                      \
  X (accept_sec_context,                                                       \
     (OM_uint32 *minor, gss_ctx_id_t *context, gss_cred_id_t credential,       \
      gss_buffer_t in, gss_channel_bindings_t bindings, gss_name_t *source,    \
      gss_OID *mech, gss_buffer_t out, OM_uint32 *got, OM_uint32 *left,        \
      gss_cred_id_t *delegated))                                               \
  X (inquire_context,                                                          \
     (OM_uint32 *minor, gss_ctx_id_t context, gss_name_t *source,              \
      gss_name_t *target, OM_uint32 *left, gss_OID *mech, OM_uint32 *flags,    \
      int *initiated, int *is_open))                                           \
  X (delete_sec_context,                                                       \
     (OM_uint32 *minor, gss_ctx_id_t *context, gss_buffer_t out))              \
  X (wrap,                                                                     \
     (OM_uint32 *minor, gss_ctx_id_t context, int encrypt, gss_qop_t qop,      \
      gss_buffer_t in, int *encrypted, gss_buffer_t out))                      \
  X (unwrap,                                                                   \
     (OM_uint32 *minor, gss_ctx_id_t context, gss_buffer_t in,                 \
      gss_buffer_t out, int *encrypted, gss_qop_t *qop))                       \
  X (release_buffer, (OM_uint32 *minor, gss_buffer_t buffer))

typedef struct libgss {
#define LIBGSS_X(name, args) OM_uint32 (*name) args;
  LIBGSS_FUNCTIONS (LIBGSS_X)
#undef LIBGSS_X
  gss_OID krb5;               /* gss_mech_krb5 */
  gss_OID hostbased_service;  /* GSS_C_NT_HOSTBASED_SERVICE */
} libgss;

/* The library, loaded once; NULL with '*why' if it cannot be loaded. */
const libgss *libgss_load (const char **why);

#endif
