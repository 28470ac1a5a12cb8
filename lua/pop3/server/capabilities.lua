--- The reply to CAPA: one row for each capability (RFC 2449).
--
-- The handler of CAPA sends the lines of `capabilities.lines`. A preset has
-- lines of its own, which `capabilities.adapted` adjusts to the options of the
-- server. To add a capability, add a row.
-- @module pop3.server.capabilities
-- @local

local core = require "pop3.core"
local sasl = require "pop3.server.sasl"

local capabilities = {}

-- May the client send a password now?
local function may_log_in(session)
  return session.secure or not session.server.require_tls
end

-- The names of the mechanisms in a line of a preset: those that are offered,
-- and those that only the preset's server has.
local function mechanisms_of(line, offered)
  local names, rest = {}, {}
  for _, name in ipairs(offered) do rest[name] = true end
  for name in line:gmatch "%S+" do
    if name ~= "SASL" and (rest[name] or not core.sasl.mechanisms[name]) then
      names[#names + 1] = name
      rest[name] = nil
    end
  end
  for _, name in ipairs(offered) do
    if rest[name] then names[#names + 1] = name end
  end
  return names
end

local function line_of(names)
  return names[1] and "SASL " .. table.concat(names, " ") or nil
end

local function stls(session)
  return session.server.certificates and not session.secure
         and session.state == "authorization" and "STLS" or nil
end

local function login_delay(session)
  local seconds = math.ceil(session.server.login_delay)
  return seconds > 0 and ("LOGIN-DELAY %d"):format(seconds) or nil
end

--- The rows, in the order of the lines. `line(session)` returns the line, nil
-- when the capability is not offered; without it the line is the name.
-- `adapt(session, line)` returns the line in place of a preset's; `line` is nil
-- when the preset has no such line. Without `adapt` a preset's line stays.
capabilities.rows = {
  { name = "TOP" },
  { name = "USER",
    line = function(session) return may_log_in(session) and "USER" or nil end,
    adapt = function(session, line)
      return may_log_in(session) and line or nil
    end },
  { name = "UIDL" },
  { name = "RESP-CODES" },
  { name = "AUTH-RESP-CODE" },  -- RFC 3206
  { name = "PIPELINING" },
  { name = "EXPIRE",
    line = function(session) return "EXPIRE " .. session.server.expire end,
    adapt = function(session, line)
      local expire = session.server.expire
      return expire ~= "NEVER" and "EXPIRE " .. expire or line
    end },
  { name = "SASL",  -- RFC 5034
    line = function(session)
      return may_log_in(session) and line_of(sasl.offered(session)) or nil
    end,
    adapt = function(session, line)
      if not may_log_in(session)
         or not line and session.state ~= "authorization" then
        return nil
      end
      return line_of(mechanisms_of(line or "", sasl.offered(session)))
    end },
  { name = "STLS", line = stls, adapt = stls },  -- RFC 2595
  { name = "LOGIN-DELAY", line = login_delay,
    adapt = function(session, line) return login_delay(session) or line end },
  { name = "UTF8" },  -- RFC 6856
  { name = "LANG" },
  { name = "IMPLEMENTATION",
    line = function() return "IMPLEMENTATION lpop3" end },
}

local function line_for(row, session)
  if row.line then return row.line(session) end
  return row.name
end

--- The lines of CAPA.
-- @tparam pop3.server.session session
-- @treturn {string,...} those of the option `capa` if there are any; nil when
-- the server does not know CAPA
function capabilities.lines(session)
  local capa, lines = session.server.capa, {}
  if capa == false then return nil end
  if type(capa) == "table" then return capa[session.state] or {} end
  for _, row in ipairs(capabilities.rows) do
    lines[#lines + 1] = line_for(row, session)
  end
  return lines
end

-- A line of a preset with the options of the server; nil when it is left out.
local function adapted(row, session, line)
  if row.adapt then return row.adapt(session, line) end
  return line
end

--- The lines of a preset, adjusted to the options of the server.
-- @tparam pop3.server.session session
-- @tparam {string,...} lines of the preset
-- @treturn {string,...}
function capabilities.adapted(session, lines)
  local found, made = {}, {}
  for _, line in ipairs(lines) do
    local word = line:match "^%S+"
    for _, row in ipairs(capabilities.rows) do
      if row.name == word then
        found[row.name] = true
        line = adapted(row, session, line)
        break
      end
    end
    made[#made + 1] = line
  end
  for _, row in ipairs(capabilities.rows) do
    if not found[row.name] then
      made[#made + 1] = adapted(row, session, nil)
    end
  end
  return made
end

return capabilities
