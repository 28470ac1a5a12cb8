-- Print a table of the messages of a maildrop: sender, subject, date, size.
--
--   lua5.4 inbox.lua URL                    password in POP3_PASSWORD
--
-- Only headers are fetched (TOP).

local pop3 = require "pop3"

-- The first columns of a text, counted in characters of UTF-8; wide ones of
-- East Asia take two columns.
local function column(text, width)
  local out, used = {}, 0
  for _, c in utf8.codes(text, true) do
    local wide = c >= 0x1100 and (c <= 0x115f or c >= 0x2e80 and c <= 0xa4cf
                 or c >= 0xac00 and c <= 0xd7a3 or c >= 0xf900 and c <= 0xfaff
                 or c >= 0xff00 and c <= 0xff60 or c >= 0x1f300) and 2 or 1
    if c < 32 or c >= 0x7f and c < 0xa0 then c, wide = 0x20, 1 end
    if used + wide > width then break end
    out[#out + 1] = utf8.char(c)
    used = used + wide
  end
  return table.concat(out) .. (" "):rep(width - used)
end

local function size(octets)
  if octets < 1000 then return octets .. " B" end
  if octets < 1000000 then return ("%.1f kB"):format(octets / 1000) end
  return ("%.1f MB"):format(octets / 1000000)
end

local function inbox(s)
  print((" %3s  %s  %s  %-16s  %8s"):format("", column("From", 22),
                                          column("Subject", 38), "Date", "Size"))
  for m in assert(s:messages()) do
    local h = assert(m:headers())
    local from = h.from and h.from[1]
    local sender = from and (from.name ~= "" and from.name or from.address)
                   or "(nobody)"
    local date = h.date and h.date.iso:sub(1, 16):gsub("T", " ") or ""
    print((" %3d  %s  %s  %-16s  %8s"):format(m.number, column(sender, 22),
      column(h.subject or "(no subject)", 38), date, size(m.size)))
  end
end

-- As a program, or `require`d for its function.
if ... ~= "examples.inbox" then
  local url = ...
  if not url then
    io.stderr:write "usage: lua5.4 inbox.lua URL\n"
    os.exit(2)
  end
  local s <close> = assert(pop3.connect(url, {
    password = os.getenv "POP3_PASSWORD", tls = os.getenv "POP3_TLS",
  }))
  inbox(s)
  assert(s:quit())
end

return inbox
