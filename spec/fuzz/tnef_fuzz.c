/* tnef_fuzz.c - TNEF, and all that it says it holds. */
#include "fuzz_lua.h"

static const char chunk[] =
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

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t n) {
  static lua_State *L;
  if (L == NULL) L = lua_fuzz_new(chunk);
  return lua_fuzz_run(L, data, n);
}
