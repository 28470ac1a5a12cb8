/* tnef_fuzz.c - TNEF, and every attachment of it. */
#include "fuzz_lua.h"

const char fuzz_chunk[] =
  "local message = require 'pop3.message'\n"
  "return function(octets)\n"
  "  local m <close> = message.parse(\n"
  "    'Content-Type: application/ms-tnef\\r\\n\\r\\n' .. octets)\n"
  "  local t, err, code = m:tnef()\n"
  "  if not t then assert(err and code == 'proto') return end\n"
  "  for _, a in ipairs(t.attachments) do\n"
  "    assert(#a.body() == a.size and #octets >= a.size)\n"
  "    assert(not a.safe_filename or not a.safe_filename:find '[/%c]')\n"
  "  end\n"
  "  collectgarbage()\n"
  "end\n";
