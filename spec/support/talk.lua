-- A plain client for specs, over the loopback of a server or TCP: it sends octets
-- and returns lines, and does not interpret or repair anything.

local assert = require "luassert"
local core = require "pop3.core"
local helper = require "spec.helper"

local talk = {}
talk.__index = talk

--- Over anything with send and receive.
function talk.over(transport)
  return setmetatable({ transport = transport, buffer = "" }, talk)
end

--- Over the loopback of a server; the greeting is read.
function talk.to(server)
  local t = talk.over(server:loopback())
  t.greeting = t:line()
  return t
end

--- The same, logged in: the user u with the password pw, unless named.
function talk.inside(server, user)
  local t = talk.to(server)
  assert.match("^%+OK", t:login(user))
  return t
end

--- Over TCP; the greeting is read unless 'silent'.
function talk.tcp(port, silent)
  local sock = assert(require "socket".connect("127.0.0.1", port))
  sock:settimeout(helper.PATIENCE)
  local t = talk.over {
    sock = sock,
    send = function(_, octets) return sock:send(octets) end,
    receive = function(_, max)
      local octets, err, part = sock:receive(max)
      if part and #part > 0 then return part end
      return octets, err
    end,
    close = function() sock:close() end,
  }
  -- LuaSocket waits for all of max: one octet at a time keeps it simple
  local receive = t.transport.receive
  t.transport.receive = function(self) return receive(self, 1) end
  if not silent then t.greeting = t:line() end
  return t
end

function talk:send(octets)
  return self.transport:send(octets)
end

local function more(self)
  local octets, err = self.transport:receive(4096)
  if not octets then return nil, err end
  self.buffer = self.buffer .. octets
  return true
end

--- The next line, without its CRLF; nil and "closed" or "timeout".
function talk:line()
  while true do
    local line, rest = self.buffer:match "^(.-)\r\n(.*)$"
    if line then
      self.buffer = rest
      return line
    end
    local ok, err = more(self)
    if not ok then return nil, err end
  end
end

--- A command, and the status line that answers it.
function talk:ask(line)
  self:send(line .. "\r\n")
  return self:line()
end

--- The lines of a body on the wire, up to its dot.
function talk:lines()
  local list = {}
  for line in function() return self:line() end do
    if line == "." then return list end
    list[#list + 1] = line
  end
  return nil, list
end

--- A command with a body: status line, lines.
function talk:list(line)
  local status = self:ask(line)
  if status and status:sub(1, 3) == "+OK" then return status, self:lines() end
  return status
end

--- All octets until the link ends, and how it ended.
function talk:rest()
  while true do
    local ok, err = more(self)
    if not ok then
      local all = self.buffer
      self.buffer = ""
      return all, err
    end
  end
end

function talk:login(user, password)
  assert.equal("+OK", (self:ask("USER " .. (user or "u")) or ""):sub(1, 3))
  return self:ask("PASS " .. (password or "pw"))
end

function talk:close()
  self.transport:close()
end

--- Descriptors that this process has open, but for those of garbage.
function talk.descriptors()
  collectgarbage()
  collectgarbage()
  return #assert(core.readdir "/proc/self/fd")
end

return talk
