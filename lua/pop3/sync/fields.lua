--- Header fields that a delivery puts before a message. None is added unless
-- the caller asks for it: a copy of a mailbox keeps the octets as they were.
-- @module pop3.sync.fields
-- @local

local argument = require "pop3.util.argument"
local core = require "pop3.core"

local fields = {}

local known = { received = "boolean", delivered_to = "string",
                return_path = "string" }

--- Check the option `fields` of a delivery.
-- @tparam ?table wanted `received`: true; `delivered_to`, `return_path`: an
-- address
-- @tparam string what whose option it is
-- @tparam integer level see `pop3.util.argument`
function fields.check(wanted, what, level)
  if wanted == nil then return end
  argument.options(wanted, known, what .. ": fields", level + 1)
  for _, name in ipairs { "delivered_to", "return_path" } do
    local value = wanted[name]
    if value then argument.text(value, what .. ": " .. name, level + 1, 900) end
  end
end

--- The fields as octets with CRLF line ends, "" when none is wanted.
-- @tparam ?table wanted
-- @tparam table handle of the message
-- @tparam[opt] integer now seconds since 1970
-- @treturn string
function fields.text(wanted, handle, now)
  if not wanted then return "" end
  local lines = {}
  if wanted.return_path then
    lines[#lines + 1] = ("Return-Path: <%s>\r\n")
      :format((wanted.return_path:gsub("^<(.*)>$", "%1")))
  end
  if wanted.delivered_to then
    lines[#lines + 1] = ("Delivered-To: %s\r\n"):format(wanted.delivered_to)
  end
  if wanted.received then
    -- RFC 5321 section 4.4; the date is that of RFC 5322, in UTC
    local id = handle.id and (" id %s"):format(handle.id) or ""
    lines[#lines + 1] = ("Received: by %s (lpop3) with POP3%s;\r\n\t%s\r\n")
      :format(core.hostname(), id,
              fields.date(now or core.time() // 1))
  end
  return table.concat(lines)
end

local days = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" }
local months = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
                 "Oct", "Nov", "Dec" }

--- A date in the form of RFC 5322 section 3.3, in UTC, whatever the locale.
-- @tparam integer time seconds since 1970
-- @treturn string
function fields.date(time)
  local t = os.date("!*t", time // 1 | 0)
  return ("%s, %02d %s %04d %02d:%02d:%02d +0000"):format(days[t.wday], t.day,
    months[t.month], t.year, t.hour, t.min, t.sec)
end

return fields
