/*
** libgss.c - loads libgssapi_krb5 by dlopen(3).
*/
#if defined(POP3_KRB5)

#define _GNU_SOURCE  /* RTLD_LOCAL */
#include <dlfcn.h>
#include <string.h>

#include <gssapi/gssapi_krb5.h>

#include "libgss.h"

#ifdef __APPLE__
#define LIBGSS_NAME "libgssapi_krb5.2.dylib"
#else
#define LIBGSS_NAME "libgssapi_krb5.so.2"
#endif

/* Store the address of a function of the library; 0 if it has none. */
static int find (void *library, const char *name, void *function) {
  void *address = dlsym(library, name);
  memcpy(function, &address, sizeof address);
  return address != NULL;
}

/* Store the value of a variable of the library; 0 if it has none. */
static int find_oid (void *library, const char *name, gss_OID *oid) {
  const gss_OID *address = (const gss_OID *)dlsym(library, name);
  if (address != NULL) *oid = *address;
  return address != NULL;
}

/* Store all addresses; 0 if one is missing. */
static int find_all (void *library, libgss *gss) {
  int found = find_oid(library, "gss_mech_krb5", &gss->krb5) &&
              find_oid(library, "GSS_C_NT_HOSTBASED_SERVICE",
                       &gss->hostbased_service);
  /* the operand of 'sizeof' is not evaluated: a wrong type is a warning */
#define LIBGSS_X(name, args)                                 \
  (void)sizeof (gss->name == gss_##name);                    \
  found = found && find(library, "gss_" #name, &gss->name);
  LIBGSS_FUNCTIONS (LIBGSS_X)
#undef LIBGSS_X
  return found;
}

const libgss *libgss_load (const char **why) {
  static libgss gss;
  static int is_loaded;
  void *library;
  if (is_loaded) return &gss;
  library = dlopen(LIBGSS_NAME, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    *why = LIBGSS_NAME " was not found (Debian's package is libgssapi-krb5-2)";
    return NULL;
  }
  if (!find_all(library, &gss)) {
    *why = LIBGSS_NAME " is too old: version 1.11 of Kerberos is needed";
    dlclose(library);
    return NULL;
  }
  is_loaded = 1;
  return &gss;
}

#else

typedef int libgss_is_not_used;  /* ISO C has no empty file */

#endif
