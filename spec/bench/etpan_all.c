/*
** etpan_all: as gmime_all, by libetpan. It does not convert charsets: text is
** counted as its octets.
*/
#define _POSIX_C_SOURCE 200809L

#include <libetpan/libetpan.h>

#include "messages_all.h"

static void begin (void) {}

static size_t decode (const struct mailmime_data *d) {
  char *result;
  size_t at = 0, n = 0;
  if (d == NULL || d->dt_type != MAILMIME_DATA_TEXT) return 0;
  if (mailmime_part_parse(d->dt_data.dt_text.dt_data,
                          d->dt_data.dt_text.dt_length, &at, d->dt_encoding,
                          &result, &n) != MAILIMF_NO_ERROR)
    return 0;
  mailmime_decoded_part_free(result);
  return n;
}

static size_t walk (struct mailmime *m, int decoding) {
  size_t octets = 0;
  clistiter *i;
  if (m == NULL) return 0;
  switch (m->mm_type) {
    case MAILMIME_SINGLE:
      if (decoding) octets = decode(m->mm_data.mm_single);
      break;
    case MAILMIME_MULTIPLE:
      for (i = clist_begin(m->mm_data.mm_multipart.mm_mp_list); i != NULL;
           i = clist_next(i))
        octets += walk((struct mailmime *)clist_content(i), decoding);
      break;
    default:
      octets = walk(m->mm_data.mm_message.mm_msg_mime, decoding);
      break;
  }
  return octets;
}

static size_t one (const char *p, size_t n, int decoding) {
  struct mailmime *m;
  size_t at = 0, octets = 0;
  if (mailmime_parse(p, n, &at, &m) != MAILIMF_NO_ERROR) return 0;
  if (m->mm_type == MAILMIME_MESSAGE &&
      m->mm_data.mm_message.mm_fields != NULL) {
    struct mailimf_single_fields f;
    mailimf_single_fields_init(&f, m->mm_data.mm_message.mm_fields);
    if (f.fld_subject != NULL) octets += strlen(f.fld_subject->sbj_value);
    if (f.fld_from != NULL)
      octets += (size_t)clist_count(f.fld_from->frm_mb_list->mb_list);
  }
  octets += walk(m, decoding);
  mailmime_free(m);
  return octets;
}
