/*
** smime_fuzz.c - CMS of any shape: read, verified, decrypted. Garbage is
** collected each time, or libFuzzer takes it for leaks and looks for them after
** every run, which is far slower.
*/
#include "fuzz_lua.h"

const char fuzz_chunk[] =
  "local message = require 'pop3.message'\n"
  "local core = require 'pop3.core'\n"
  "local cert, key = core.certificate { subject = 'x', is_ca = true }\n"
  "local function try(octets)\n"
  "  local m <close> = message.parse(\n"
  "    'Content-Type: application/pkcs7-mime; smime-type=signed-data\\r\\n\\r\\n'\n"
  "    .. octets)\n"
  "  local s = m:smime()\n"
  "  if not s then return end\n"
  "  assert(s.signed ~= s.encrypted)\n"
  "  local _, err, code = s.verify { verify = false }\n"
  "  assert(not err or code == 'auth' or code == 'proto' or code == 'state')\n"
  "  _, err, code = s.decrypt { cert = cert, key = key }\n"
  "  assert(not err or code == 'auth' or code == 'proto' or code == 'state')\n"
  "  _, err, code = s.content()\n"
  "  assert(not err or code == 'proto' or code == 'state')\n"
  "end\n"
  "return function(octets)\n"
  "  try(octets)\n"
  "  collectgarbage()\n"
  "end\n";
