/*
** dkim_fuzz.c - DKIM: the input is a key record, a line end, and a message. "~"
** in the header stands for the hash of the body, so that keys are read too; a
** signature that was never made must not pass.
*/
#include "fuzz_lua.h"

const char fuzz_chunk[] =
  "local message = require 'pop3.message'\n"
  "local core = require 'pop3.core'\n"
  "local results = { fail = true, temperror = true, permerror = true }\n"
  "local function hash_of(body)\n"
  "  body = body:gsub('\\r?\\n', '\\r\\n')\n"
  "  local hash = core.sha256(body):gsub('%x%x', function(x)\n"
  "    return string.char(tonumber(x, 16))\n"
  "  end)\n"
  "  return (core.encode.base64(hash):gsub('%s', ''))\n"
  "end\n"
  "return function(octets)\n"
  "  local record, mail = octets:match '^([^\\n]*)\\n(.*)$'\n"
  "  if not record then return end\n"
  "  local head, body = mail:match '^(.-\\r?\\n)\\r?\\n(.*)$'\n"
  "  if head then\n"
  "    mail = head:gsub('~', hash_of(body)) .. '\\r\\n' .. body\n"
  "  end\n"
  "  local m <close> = message.parse(mail)\n"
  "  local list = m:dkim { time = 0, resolve = function(name)\n"
  "    assert(name:find('._domainkey.', 1, true))\n"
  "    if record == '' then return nil, 'no answer' end\n"
  "    return record\n"
  "  end }\n"
  "  assert(#list <= 20)\n"
  "  for _, one in ipairs(list) do\n"
  "    assert(results[one.result] and one.reason)\n"
  "  end\n"
  "  collectgarbage()\n"
  "end\n";
