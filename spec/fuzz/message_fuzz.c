/* message_fuzz.c - messages as scripts have them: every field, every part. */
#include "fuzz_lua.h"

static const char chunk[] =
  "local message = require 'pop3.message'\n"
  "local limits = { depth = 6, parts = 40, header = 2000, fields = 60,\n"
  "                 params = 20, addresses = 50 }\n"
  "return function(octets)\n"
  "  local m <close> = message.parse(octets, limits)\n"
  "  for path, part in m:walk() do\n"
  "    assert(part.path == path and part.size == #part:body())\n"
  "    assert(part.type and part.params and part.encoding)\n"
  "    assert(not part.filename == not part.safe_filename)\n"
  "    local first, body, last = part:offsets()\n"
  "    assert(first <= body and body <= last and part:raw())\n"
  "    assert(m:part(path) == part or m:part(path).path == path)\n"
  "    part:message()\n"
  "    part:tnef()\n"
  "    part:pgp()\n"
  "    part:text { flowed = true }\n"
  "    assert(#part:attachments() >= 0)\n"
  "  end\n"
  "  assert(m:structure().parts and m.defects)\n"
  "  m:text { from_html = true, flowed = true }\n"
  "  local html, inline = m:html(), m:html { inline = true }\n"
  "  assert(not html == not inline and (not html or utf8.len(inline)))\n"
  "  local report, list, hops = m:report(), m:list(), m:received()\n"
  "  assert((not report or report.kind) and (not list or list.one_click ~= nil))\n"
  "  assert(not m:invitation() or m:invitation().component)\n"
  "  assert(not m:reply_text() or utf8.len(m:reply_text()))\n"
  "  for _, hop in ipairs(hops) do assert(utf8.len(hop.raw)) end\n"
  "  for _, r in ipairs(m:dkim { time = 0, resolve = function(name)\n"
  "    return #name % 2 == 0 and 'k=ed25519; p=AAAA' or nil, 'x' end }) do\n"
  "    assert(r.result)\n"
  "  end\n"
  "  collectgarbage()\n"
  "end\n";

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t n) {
  static lua_State *L;
  if (L == NULL) L = lua_fuzz_new(chunk);
  return lua_fuzz_run(L, data, n);
}
