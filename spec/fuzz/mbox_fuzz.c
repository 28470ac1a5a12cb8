/*
** mbox_fuzz.c - an mbox of any shape: messages that are no longer than the file,
** and as many as lines of separators allow.
*/
#include "fuzz_lua.h"

const char fuzz_chunk[] =
  "local message = require 'pop3.message'\n"
  "local path = os.tmpname()\n"
  "return function(octets)\n"
  "  local file = assert(io.open(path, 'wb'))\n"
  "  file:write(octets)\n"
  "  file:close()\n"
  "  local size, count, from = 0, 0, select(2, octets:gsub('From ', ''))\n"
  "  for m, line in assert(message.mbox(path)) do\n"
  "    assert(not line:find '[\\r\\n]')\n"
  "    size, count = size + #m:raw(), count + 1\n"
  "    m:close()\n"
  "  end\n"
  "  assert(size <= #octets and count <= from + 1)\n"
  "  collectgarbage()\n"
  "end\n";
