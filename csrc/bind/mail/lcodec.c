/*
** lcodec.c - transfer encodings and charsets on whole strings (core.encode,
** core.decode), and parsers of single header fields.
*/

/***
The codes of mail on whole strings.
@engine pop3.core.codec
*/
#include "../open.h"
#include "lfield.h"

/* The Work and the string at 1, which a function of this file reads. */
static Work *scratch (lua_State *L, pop3_span *in) {
  Work *w = lwork_get(L);
  in->p = luaL_checklstring(L, 1, &in->n);
  w->out.n = 0;
  return w;
}

/***
Encode octets in base64, in lines of 76 (RFC 2045 6.8).
@function encode.base64
@tparam string octets
@treturn string lines with CRLF between them
*/
static int l_encode_base64 (lua_State *L) {
  pop3_span in;
  Work *w = scratch(L, &in);
  lwork_try(L, pop3_encode_base64(&w->out, in));
  lwork_push(L, w);
  return 1;
}

/***
Encode text in quoted-printable, in lines of at most 76 (RFC 2045 6.7).
Line ends stay line ends.
@function encode.qp
@tparam string octets
@treturn string
*/
static int l_encode_qp (lua_State *L) {
  pop3_span in;
  Work *w = scratch(L, &in);
  lwork_try(L, pop3_encode_qp(&w->out, in));
  lwork_push(L, w);
  return 1;
}

/***
Encode text for the value of a header field, such as a Subject
(RFC 2047). Printable ASCII does not change. Any other text becomes encoded-words
of UTF-8, with spaces between them, in Q or B, whichever is shorter. The whole text
is encoded, so that it is decoded exactly (`decode.words` drops a byte order mark at
its start). A text that a reader would change is encoded, too: with blanks around
it, line ends or controls in it, or `=?`, which may look like an encoded-word.

The result is not folded: where the line gets too long, put CRLF before a space.
Encoded-words are also allowed in the name of an address and in a comment; there an
unchanged text may have to be quoted. Never put encoded-words in quotes.
@function encode.words
@tparam string text UTF-8; it is misuse if it is not
@treturn string ASCII, without line ends
@usage
local encode = require "pop3.core".encode
print("Subject: " .. encode.words "Grüße")
-- Subject: =?UTF-8?B?R3LDvMOfZQ==?=
*/
static int l_encode_words (lua_State *L) {
  pop3_span in;
  Work *w = scratch(L, &in);
  int err = pop3_encode_words(&w->out, in);
  luaL_argcheck(L, err != POP3_ECHARSET, 1, "not UTF-8");
  lwork_try(L, err);
  lwork_push(L, w);
  return 1;
}

static int decode (lua_State *L, enum pop3_encoding code) {
  pop3_span in;
  Work *w = scratch(L, &in);
  pop3_decoder d;
  pop3_decoder_init(&d, code);
  lwork_try(L, pop3_decode(&d, in, 1, &w->out));
  lwork_push(L, w);
  return 1;
}

/***
Decode base64. Other characters are skipped, missing padding is allowed
(RFC 2045 6.8). After padding, a line is decoded if all of it is base64.
@function decode.base64
@tparam string text
@treturn string octets
*/
static int l_decode_base64 (lua_State *L) {
  return decode(L, POP3_ENC_BASE64);
}

/***
Decode quoted-printable; broken escapes stay as written (RFC 2045 6.7).
@function decode.qp
@tparam string text
@treturn string octets
*/
static int l_decode_qp (lua_State *L) {
  return decode(L, POP3_ENC_QP);
}

/***
Decode encoded-words (RFC 2047), in a header value that may be folded.
@function decode.words
@tparam string value
@treturn string UTF-8
*/
static int l_decode_words (lua_State *L) {
  pop3_span in;
  Work *w = scratch(L, &in);
  lwork_words(L, w, lwork_unfold(L, w, in));
  return 1;
}

/***
The readable text of HTML.
@function decode.html
@tparam string html UTF-8
@treturn string lines with CRLF; or nil, message, "charset" if it is not UTF-8
*/
static int l_decode_html (lua_State *L) {
  pop3_span in;
  Work *w = scratch(L, &in);
  int err = pop3_html_text(&w->out, in);
  if (err == POP3_ECHARSET) {
    lua_pushnil(L);
    lua_pushliteral(L, "not UTF-8");
    lua_pushliteral(L, "charset");
    return 3;
  }
  lwork_try(L, err);
  lwork_push(L, w);
  return 1;
}

/***
Convert octets of a charset to UTF-8. Invalid sequences become U+FFFD.
@function decode.text
@tparam string octets
@tparam string charset its name (WHATWG Encoding 4.2), or "cp" and the number of
a code page of Windows
@treturn string|nil UTF-8
@treturn string the error
@treturn string "charset": the charset is unknown
*/
static int l_decode_text (lua_State *L) {
  pop3_span in, name;
  Work *w = scratch(L, &in);
  const pop3_charset *cs;
  name.p = luaL_checklstring(L, 2, &name.n);
  cs = pop3_charset_find(name);
  if (cs == NULL || !pop3_conv_knows(&w->conv, cs)) {
    lua_pushnil(L);
    lua_pushfstring(L, "unknown charset '%s'", name.p);
    lua_pushliteral(L, "charset");
    return 3;
  }
  lwork_try(L, pop3_conv_text(&w->conv, cs, in, &w->out));
  lwork_push(L, w);
  return 1;
}

/* decode.urls(html) -> list: first and last position of each URL, in turn */
static int l_decode_urls (lua_State *L) {
  pop3_html_urls urls;
  pop3_span in, url;
  lua_Integer n = 0;
  in.p = luaL_checklstring(L, 1, &in.n);
  lua_settop(L, 1);
  lua_newtable(L);
  pop3_html_urls_init(&urls, in);
  while (pop3_html_urls_next(&urls, &url)) {
    lpop3_pushu64(L, (size_t)(url.p - in.p) + 1);
    lua_rawseti(L, 2, ++n);
    lpop3_pushu64(L, (size_t)(url.p - in.p) + url.n);
    lua_rawseti(L, 2, ++n);
  }
  return 1;
}

/* decode.meta(html) -> first and last position of the charset in <meta> */
static int l_decode_meta (lua_State *L) {
  pop3_span in, name;
  in.p = luaL_checklstring(L, 1, &in.n);
  if (!pop3_html_meta(in, &name)) return 0;
  lpop3_pushu64(L, (size_t)(name.p - in.p) + 1);
  lpop3_pushu64(L, (size_t)(name.p - in.p) + name.n);
  return 2;
}

/* message.charset(name) -> is it the name of a charset? */
static int l_charset (lua_State *L) {
  pop3_span name;
  Work *w = lwork_get(L);
  const pop3_charset *cs;
  name.p = luaL_checklstring(L, 1, &name.n);
  cs = pop3_charset_find(name);
  lua_pushboolean(L, cs != NULL && pop3_conv_knows(&w->conv, cs));
  return 1;
}

/* message.addresses(value) -> list */
static int l_addresses (lua_State *L) {
  pop3_limits max = {0, 0, 0, 0, 0, 0};
  pop3_span in;
  Work *w = scratch(L, &in);
  pop3_limits_default(&max);
  lfield_addresses(L, w, lwork_unfold(L, w, in), max.addresses);
  return 1;
}

/* message.date(value) -> { epoch, offset, iso } or nil */
static int l_date (lua_State *L) {
  pop3_span in;
  in.p = luaL_checklstring(L, 1, &in.n);
  lfield_date(L, in);
  return 1;
}

static const luaL_Reg encoders[] = {
  {"base64", l_encode_base64}, {"qp", l_encode_qp},
  {"words", l_encode_words}, {NULL, NULL}
};

static const luaL_Reg decoders[] = {
  {"base64", l_decode_base64}, {"html", l_decode_html},
  {"meta", l_decode_meta},
  {"qp", l_decode_qp}, {"text", l_decode_text}, {"urls", l_decode_urls},
  {"words", l_decode_words},
  {NULL, NULL}
};

static const luaL_Reg parsers[] = {
  {"addresses", l_addresses}, {"charset", l_charset}, {"date", l_date},
  {NULL, NULL}
};

void lpop3_open_codec (lua_State *L) {
  lpop3_functions(L, "encode", encoders);
  lpop3_functions(L, "decode", decoders);
  lpop3_functions(L, "message", parsers);
}
