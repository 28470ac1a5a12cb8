--- A connection of a control client. The first octet decides what it speaks:
-- lines of JSON (`pop3.server.control.lines`) or HTTP
-- (`pop3.server.control.http`), which read requests and format answers.
--
-- One request is executed at a time. The control calls `answer` when `request`
-- is not nil. `waiting` is an answer that comes later, see
-- `pop3.server.requests`.
-- @module pop3.server.control.connection
-- @local

local CHUNK = 1024 * 1024  -- octets read at once

local Connection = {}
Connection.__index = Connection

-- Wait for room for an answer, or for the next request.
local function watch(self)
  if self.ended then return end
  local modes = "r"
  if self.out then modes = "w"
  elseif self.draining then modes = "r"
  elseif self.eof then modes = self.waiting and "e" or ""
  elseif self:is_full() then modes = "" end
  assert(self.server:attend(self.number, modes, function() self:ready() end))
end

-- End the connection.
function Connection:close()
  if self.ended then return end
  self.ended = true
  self.server:attend(self.number, "")
  self.fd:close()
  if self.tied then self.server.running = false end
  self.on_close(self)
end

-- Choose the protocol of the connection by its first octets.
function Connection:add(octets)
  local is_http = octets:find "^%s*%u"
  local class = require(is_http and "pop3.server.control.http"
                        or "pop3.server.control.lines")
  setmetatable(self, class)
  self:begin()
  self:add(octets)
end

function Connection.is_full() return false end

function Connection.take() end

-- The descriptor is ready.
function Connection:ready()
  if self.out then return self:flush() end
  if self.eof then return self:close() end  -- the client waits no longer
  local octets, err = self.fd:read(CHUNK)
  if self.draining then
    if not octets and err ~= "timeout" then return self:close() end
    return watch(self)
  elseif octets then self:add(octets)
  elseif err ~= "timeout" then self.eof = true end
  self:look()
end

-- Take the next request, or close a connection that has ended.
function Connection:look()
  if self.eof and self.tied then return self:close() end
  if self.request == nil and not self.waiting and not self.out then
    self:take()
  end
  if self.out then return end
  if self.eof and self.request == nil and not self.waiting then
    return self:close()
  end
  watch(self)
end

-- Close the connection after the last octets. A connection that is closed with
-- octets unread is reset, and the client loses the answer: if `drains` is set,
-- they are read first, until the client has closed its side.
local function finish(self)
  if not self.drains then return self:close() end
  self.draining = true
  self.fd:shutdown()
  watch(self)
end

-- Send octets; `last` closes the connection after them.
function Connection:write(octets, last)
  self.out, self.from, self.last = octets, 1, last
  self:flush()
end

function Connection:flush()
  while self.from <= #self.out do
    local n, err = self.fd:write(self.out, self.from)
    if not n then
      if err == "timeout" then return watch(self) end
      return self:close()
    end
    self.from = self.from + n
  end
  self.out = nil
  if self.last then return finish(self) end
  self:look()
end

-- Send an answer: a line of JSON, whether it is ok, and its code. Nothing is
-- sent when the answer comes later.
function Connection:reply(line, waiting, ok, code)
  self.waiting = waiting
  if line then self:send(line, ok, code)
  else watch(self) end
end

--- Serve a connection.
-- @tparam pop3.server server
-- @tparam pop3.core.fd fd
-- @tparam function on_close is called with the connection when it has ended
-- @treturn table
local function new(server, fd, on_close)
  local self = setmetatable({ server = server, fd = fd, number = fd:getfd(),
                              on_close = on_close }, Connection)
  watch(self)
  return self
end

return { new = new, Connection = Connection, watch = watch }
