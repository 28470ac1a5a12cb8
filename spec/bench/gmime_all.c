/*
** gmime_all: reads a set of messages by GMime, and every part of each; text in
** UTF-8. See messages_all.h.
*/
#include <gmime/gmime.h>

#include "messages_all.h"

static void begin (void) {
  g_mime_init();
}

/* The octets of a part; of text, in UTF-8. */
static size_t decode (GMimeObject *part) {
  size_t n = 0;
  if (GMIME_IS_TEXT_PART(part)) {
    char *text = g_mime_text_part_get_text(GMIME_TEXT_PART(part));
    if (text != NULL) n = strlen(text);
    g_free(text);
  }
  else if (GMIME_IS_PART(part)) {
    GMimeDataWrapper *w = g_mime_part_get_content(GMIME_PART(part));
    GMimeStream *out = g_mime_stream_mem_new();
    if (w != NULL) {
      g_mime_data_wrapper_write_to_stream(w, out);
      n = (size_t)g_mime_stream_length(out);
    }
    g_object_unref(out);
  }
  return n;
}

static size_t one (const char *p, size_t n, int decoding) {
  GMimeStream *stream = g_mime_stream_mem_new_with_buffer(p, n);
  GMimeParser *parser = g_mime_parser_new_with_stream(stream);
  GMimeMessage *m = g_mime_parser_construct_message(parser, NULL);
  size_t octets = 0;
  if (m != NULL) {
    GMimePartIter *it;
    const char *subject = g_mime_message_get_subject(m);
    InternetAddressList *from = g_mime_message_get_from(m);
    if (subject != NULL) octets += strlen(subject);
    if (from != NULL) octets += (size_t)internet_address_list_length(from);
    it = g_mime_part_iter_new(GMIME_OBJECT(m));
    do {
      GMimeObject *part = g_mime_part_iter_get_current(it);
      if (decoding && part != NULL) octets += decode(part);
    } while (g_mime_part_iter_next(it));
    g_mime_part_iter_free(it);
    g_object_unref(m);
  }
  g_object_unref(parser);
  g_object_unref(stream);
  return octets;
}
