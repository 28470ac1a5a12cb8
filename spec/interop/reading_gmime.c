/*
** reading_gmime FILE: how GMime reads a set of messages, as reading.py does for
** Python.
*/
#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_string (const char *s, size_t n) {
  size_t i;
  putchar('"');
  for (i = 0; i < n; i++) {
    unsigned char c = (unsigned char)s[i];
    if (c < 32 || c == '"' || c == '\\') printf("\\u%04x", c);
    else putchar(c);
  }
  putchar('"');
}

static void put_text (const char *s) {
  if (s == NULL) fputs("null", stdout);
  else put_string(s, strlen(s));
}

static void put_field (const char *name, const char *s) {
  printf(",\"%s\":", name);
  put_text(s);
}

/* Append the addresses of a list, of which 'group' is the name or NULL. */
static int put_addresses (InternetAddressList *list, const char *group,
                          int count) {
  int i, n = list != NULL ? internet_address_list_length(list) : 0;
  for (i = 0; i < n; i++) {
    InternetAddress *a = internet_address_list_get_address(list, i);
    const char *name = internet_address_get_name(a);
    if (INTERNET_ADDRESS_IS_GROUP(a)) {
      count = put_addresses(internet_address_group_get_members(
        INTERNET_ADDRESS_GROUP(a)), name != NULL ? name : "", count);
      continue;
    }
    printf("%s{\"name\":", count++ > 0 ? "," : "");
    put_text(name != NULL ? name : "");
    put_field("address", internet_address_mailbox_get_addr(
      INTERNET_ADDRESS_MAILBOX(a)));
    if (group != NULL) put_field("group", group);
    putchar('}');
  }
  return count;
}

static void put_list (const char *name, InternetAddressList *list) {
  printf(",\"%s\":[", name);
  put_addresses(list, NULL, 0);
  putchar(']');
}

static void put_ids (const char *name, GMimeObject *m, const char *header) {
  const char *value = g_mime_object_get_header(m, header);
  GMimeReferences *refs = value != NULL ? g_mime_references_parse(NULL, value)
                                        : NULL;
  int i, n = refs != NULL ? g_mime_references_length(refs) : 0;
  printf(",\"%s\":[", name);
  for (i = 0; i < n; i++) {
    if (i > 0) putchar(',');
    put_text(g_mime_references_get_message_id(refs, i));
  }
  putchar(']');
  if (refs != NULL) g_mime_references_free(refs);
}

static void put_date (GMimeMessage *m) {
  GDateTime *date = g_mime_message_get_date(m);
  char *text = date != NULL ? g_date_time_format(date, "%Y-%m-%dT%H:%M:%S%:z")
                            : NULL;
  put_field("date", text);
  g_free(text);
}

static void put_hash (GMimeStream *mem) {
  GByteArray *octets = g_mime_stream_mem_get_byte_array(
    GMIME_STREAM_MEM(mem));
  char *hash = g_compute_checksum_for_data(G_CHECKSUM_SHA256, octets->data,
                                           octets->len);
  printf(",\"size\":%u", octets->len);
  put_field("sha256", hash);
  g_free(hash);
}

static void put_leaf (GMimeObject *o, const char *path) {
  GMimeContentType *type = g_mime_object_get_content_type(o);
  GMimeContentDisposition *d = g_mime_object_get_content_disposition(o);
  char *name = g_mime_content_type_get_mime_type(type);
  char *lower = g_ascii_strdown(name, -1);
  printf("{\"path\":\"%s\"", path);
  put_field("type", lower);
  if (d != NULL) {
    char *s = g_ascii_strdown(g_mime_content_disposition_get_disposition(d),
                              -1);
    put_field("disposition", s);
    g_free(s);
  }
  put_field("cid", g_mime_object_get_content_id(o));
  if (GMIME_IS_PART(o)) {
    GMimeDataWrapper *w = g_mime_part_get_content(GMIME_PART(o));
    GMimeStream *mem = g_mime_stream_mem_new();
    put_field("filename", g_mime_part_get_filename(GMIME_PART(o)));
    if (w != NULL) g_mime_data_wrapper_write_to_stream(w, mem);
    put_hash(mem);
    g_object_unref(mem);
  }
  if (GMIME_IS_TEXT_PART(o)) {
    const char *charset = g_mime_content_type_get_parameter(type, "charset");
    char *text = g_mime_text_part_get_text(GMIME_TEXT_PART(o));
    char *low = charset != NULL ? g_ascii_strdown(charset, -1) : NULL;
    put_field("charset", low);
    put_field("text", text);
    g_free(text);
    g_free(low);
  }
  if (GMIME_IS_MESSAGE_PART(o)) {
    GMimeMessage *m = g_mime_message_part_get_message(GMIME_MESSAGE_PART(o));
    put_field("message_subject",
              m != NULL ? g_mime_message_get_subject(m) : NULL);
  }
  putchar('}');
  g_free(lower);
  g_free(name);
}

/* The parts of 'o', where 'base' is what their paths begin with. */
static int put_parts (GMimeObject *o, const char *base, int count) {
  char path[512];
  int i;
  if (o == NULL) return count;
  if (GMIME_IS_MULTIPART(o)) {
    GMimeMultipart *mp = GMIME_MULTIPART(o);
    for (i = 0; i < g_mime_multipart_get_count(mp); i++) {
      GMimeObject *inner = g_mime_multipart_get_part(mp, i);
      snprintf(path, sizeof path, "%s%d", base, i + 1);
      if (GMIME_IS_MULTIPART(inner)) {
        strncat(path, ".", sizeof path - strlen(path) - 1);
        count = put_parts(inner, path, count);
        continue;
      }
      if (count++ > 0) putchar(',');
      put_leaf(inner, path);
      if (GMIME_IS_MESSAGE_PART(inner)) {
        GMimeMessage *m = g_mime_message_part_get_message(
          GMIME_MESSAGE_PART(inner));
        strncat(path, ".", sizeof path - strlen(path) - 1);
        if (m != NULL)
          count = put_parts(g_mime_message_get_mime_part(m), path, count);
      }
    }
    return count;
  }
  if (count++ > 0) putchar(',');
  snprintf(path, sizeof path, "%s1", base);
  put_leaf(o, path);
  return count;
}

static void put_message (const char *p, size_t n) {
  GMimeStream *stream = g_mime_stream_mem_new_with_buffer(p, n);
  GMimeParser *parser = g_mime_parser_new_with_stream(stream);
  GMimeMessage *m = g_mime_parser_construct_message(parser, NULL);
  if (m == NULL) puts("{\"error\":\"no message\"}");
  else {
    GMimeObject *o = GMIME_OBJECT(m);
    fputs("{\"subject\":", stdout);
    put_text(g_mime_message_get_subject(m));
    put_list("from", g_mime_message_get_from(m));
    put_list("to", g_mime_message_get_to(m));
    put_list("cc", g_mime_message_get_cc(m));
    put_date(m);
    put_field("message_id", g_mime_message_get_message_id(m));
    put_ids("references", o, "References");
    put_ids("in_reply_to", o, "In-Reply-To");
    fputs(",\"parts\":[", stdout);
    put_parts(g_mime_message_get_mime_part(m), "", 0);
    puts("]}");
    g_object_unref(m);
  }
  g_object_unref(parser);
  g_object_unref(stream);
}

int main (int argc, char **argv) {
  char *set, *end;
  gsize n, at = 0;
  if (argc != 2 || !g_file_get_contents(argv[1], &set, &n, NULL)) return 2;
  g_mime_init();
  while (at < n) {
    size_t length = strtoul(set + at, &end, 10);
    at = (size_t)(end - set) + 1;
    put_message(set + at, length);
    at += length;
  }
  g_free(set);
  return 0;
}
