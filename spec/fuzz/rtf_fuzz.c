/* rtf_fuzz.c - RTF bodies: decompression, and the text taken out of them. */
#include "fuzz_lua.h"

const char fuzz_chunk[] =
  "local rtf = require 'pop3.message.rtf'\n"
  "return function(octets)\n"
  "  local whole, err = rtf.decompress(octets)\n"
  "  assert(whole or err)\n"
  "  local text = rtf.content(whole or octets)\n"
  "  assert(utf8.len(text))\n"
  "  assert(utf8.len((rtf.content(octets))))\n"
  "  collectgarbage()\n"
  "end\n";
