-- Reading mail: every part of many small messages, and of one of 50 MB, found
-- and decoded, text in UTF-8, beside GMime and Python's email. What is timed is
-- the reading alone; the set is in memory.

local core = require "pop3.core"
local goals = require "spec.bench.goals"
local h = require "spec.bench.harness"
local proc = require "spec.interop.proc"

local SMALL = h.size(52000000, 4000000)
local BIG = h.size(50000000, 5000000)

-- Real forms of mail: the examples and the worked cases, again and again.
local function small()
  local mails, out, octets = {}, {}, 0
  for _, dir in ipairs { "examples/mail/", "spec/messages/" } do
    for _, name in ipairs(proc.ls(dir)) do
      if name:find "%.eml$" then mails[#mails + 1] = proc.read(dir .. name) end
    end
  end
  while octets < SMALL do
    for _, mail in ipairs(mails) do
      out[#out + 1] = #mail .. "\n" .. mail
      octets = octets + #mail
    end
  end
  return table.concat(out), octets
end

-- Ten attachments in base64.
local function big()
  local raw = {}
  for i = 1, BIG // 10 * 3 // 4 // 256 do
    raw[i] = string.char(i * 7 % 256):rep(255) .. "\n"
  end
  local body = core.encode.base64(table.concat(raw))
  local parts = { "From: a@example.org\r\nSubject: big\r\nMIME-Version: 1.0\r\n"
    .. "Content-Type: multipart/mixed; boundary=b\r\n\r\n" }
  for i = 1, 10 do
    parts[#parts + 1] = ("--b\r\nContent-Type: application/octet-stream; "
      .. "name=a%d\r\nContent-Transfer-Encoding: base64\r\n\r\n"):format(i)
      .. body .. "\r\n"
  end
  parts[#parts + 1] = "--b--\r\n"
  local mail = table.concat(parts)
  return #mail .. "\n" .. mail, #mail
end

-- 'share': Python reads so small a part of the set.
local function measure(title, path, mode, octets, goal, share)
  local rows = { unit = "MB/s" }
  io.stderr:write(title, "\n")
  local function row(label, words, part)
    words[#words + 1], words[#words + 2], words[#words + 3] = mode, path, part
    local r = h.measure(rows, { label = label, cmd = proc.words(words),
      check = false, seconds = function(output)
        return tonumber(output:match "%S+%s+%S+%s+(%S+)")
      end })
    if not r.failed then r.rate = octets / (part or 1) / 1e6 / r.wall end
  end
  row("GMime", { h.bin .. "gmime_all" })
  row("Python email", { "python3", "spec/bench/messages_all.py" }, share)
  row("ours", { h.lua, "spec/bench/messages_all.lua" })
  h.print(title, rows, goal)
end

return function(dir)
  local path = dir .. "/set"
  local text, octets = small()
  proc.write(path, text)
  measure(("messages: %d MB of small mail, every part decoded"):format(
    octets // 1000000), path, "decode", octets, goals.messages_small, 20)
  measure("messages: the same, parsed and not decoded", path, "parse", octets,
          goals.messages_parse, 20)
  text, octets = big()
  proc.write(path, text)
  measure(("messages: one of %d MB, ten attachments in base64"):format(
    octets // 1000000), path, "decode", octets, goals.messages_big)
  os.remove(path)
end
