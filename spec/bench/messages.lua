-- Reading mail: every part of many small messages, and of one of 50 MB, is found
-- and decoded, text in UTF-8, beside GMime, libetpan, Python's email and two readers
-- of npm; and the memory of a set that is kept open. Only the reading is measured, in
-- seconds of processor time; the set is in memory.

local compose = require "spec.support.compose"
local core = require "pop3.core"
local goals = require "spec.bench.goals"
local h = require "spec.bench.harness"
local proc = require "spec.interop.proc"

local SMALL = h.size(52000000, 4000000)
local TINY = h.size(20000000, 2000000)
local BIG = h.size(50000000, 5000000)
local HUGE = 1 << 30

-- Messages of the function 'next_mail' until they have 'size' octets.
local function gather(size, next_mail)
  local out, octets = {}, 0
  while octets < size do
    local mail = next_mail()
    out[#out + 1] = #mail .. "\n" .. mail
    octets = octets + #mail
  end
  return table.concat(out), octets, #out
end

-- The worked cases and the examples, again and again: next to nothing but what
-- each message costs.
local function tiny()
  local mails, i = {}, 0
  for _, dir in ipairs { "examples/mail/", "spec/messages/" } do
    for _, name in ipairs(proc.ls(dir)) do
      if name:find "%.eml$" then mails[#mails + 1] = proc.read(dir .. name) end
    end
  end
  return gather(TINY, function()
    i = i % #mails + 1
    return mails[i]
  end)
end

-- Mail as programs send it, in many structures: in many languages and charsets,
-- or ("plain") in English.
local function small(kind) return gather(SMALL, compose.new(1, kind)) end

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
  return table.concat(parts)
end

local NPM = { "postal-mime", "mailparser" }  -- both always decode

-- Installs the missing packages of NPM. Returns the folder, or nil and why not.
local function npm()
  local folder = h.bin .. "npm"
  if not (proc.have "node" and proc.have "npm") then
    return nil, "there is no node or no npm"
  end
  for _, name in ipairs(NPM) do
    if not proc.exists(("%s/node_modules/%s/package.json"):format(folder, name)) then
      if not proc.run(proc.words { "timeout", 120, "npm", "install", "--prefix",
          folder, "--no-audit", "--no-fund", name }) then
        return nil, "npm could not install " .. name
      end
    end
  end
  return folder
end

-- 'share': Python and node read so small a part of the set.
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
  row("libetpan (no charsets)", { h.bin .. "etpan_all" })
  row("Python email", { "python3", "spec/bench/messages_all.py" }, share)
  local folder, why = npm()
  if not folder then print(("\n%s are left out: %s"):format(
    table.concat(NPM, " and "), why)) end
  for _, name in ipairs(folder and mode == "decode" and NPM or {}) do
    row(name .. " (node)", { "node", "spec/bench/messages_all.mjs", name, folder },
        share)
  end
  row("ours", { h.lua, "spec/bench/messages_all.lua" })
  h.print(title, rows, goal)
end

-- 'file', opened and not loaded: how much memory that takes, and how long until
-- the subject of one that is far larger is there.
local function measure_open(file, octets, huge)
  local rows = {}
  io.stderr:write "messages: a file that is opened\n"
  local function row(label, words, columns)
    local r = h.measure(rows, { label = label, cmd = proc.words(words),
      check = false, seconds = function(output)
        for key, pattern in pairs(columns) do
          rows[key] = tonumber(output:match(pattern))
        end
        return tonumber(output:match "(%S+)%s*$")
      end })
    for key in pairs(columns) do r[key] = rows[key] end
    return r
  end
  local one = "^%S+ (%S+) "
  row("ours, decoded to a sink", { h.lua, "spec/bench/messages_open.lua", file },
      { mib = one })
  local r = row("ours, subject of 1 GiB", { h.lua,
    "spec/bench/messages_open.lua", huge, "subject" }, { ms = "^%S+ %S+ (%S+) ",
    mib = one })
  r.ms = r.ms and r.ms * 1000
  print(("\nmessages: a file of %d MB, decoded; one of 1 GiB, its subject\n" ..
    "%-34s %12s %12s  %s"):format(octets // 1000000, "", "MiB beside it",
    "ms to subject", "goal"))
  for _, x in ipairs(rows) do
    print(("%-34s %12s %12s  %s"):format(x.label,
      x.failed and "FAILED" or ("%.2f"):format(x.mib),
      x.ms and ("%.3f"):format(x.ms) or "-",
      h.note(goals.messages_open, x, rows)))
  end
end

-- The memory of the process that keeps all messages of a set open, octets and all.
local function measure_kept(path, octets)
  local rows = {}
  io.stderr:write "messages: a set that is kept open\n"
  local r = h.measure(rows, { label = "ours", check = false,
    cmd = proc.words { h.lua, "spec/bench/messages_kept.lua", path },
    seconds = function(output)
      rows.mib = tonumber(output:match "^%S+ (%S+)")
      return tonumber(output:match "(%S+)%s*$")
    end })
  if r.failed then print("\nours FAILED: " .. r.failed) return end
  r.times = rows.mib * 1048576 / octets
  print(("\nmessages: kept open, %d MB: %.1f MiB of memory, %.2f times  %s"):format(
    octets // 1000000, rows.mib, r.times, h.note(goals.messages_kept, r, rows)))
end

return function(dir)
  local path = dir .. "/set"
  local function set(text) proc.write(path, text) end
  local function measure_set(what, text, octets, count)
    set(text)
    local title = ("messages: %d %s of %d octets, "):format(count, what,
                                                          octets // count)
    measure(title .. "every part decoded", path, "decode", octets,
            goals.messages_small, 20)
    measure(title .. "parsed and not decoded", path, "parse", octets,
            goals.messages_parse, 20)
    measure_kept(path, octets)
  end
  measure_set("in many languages", small "sane")
  measure_set("in English", small "plain")
  measure_set("tiny ones", tiny())
  local mail = big()
  set(#mail .. "\n" .. mail)
  measure(("messages: one of %d MB, ten attachments in base64"):format(
    #mail // 1000000), path, "decode", #mail, goals.messages_big)
  set(mail)
  local huge = dir .. "/huge"
  proc.write(huge, mail)
  proc.check("truncate -s " .. HUGE .. " " .. huge)
  measure_open(path, #mail, huge)
  os.remove(huge)
  os.remove(path)
end
