--- A connection of a control client: requests come as lines, answers leave as
-- lines, one at a time.
-- @module pop3.server.control.connection
-- @local

local LINE = 16 * 1024 * 1024   -- octets of one request
local CHUNK = 1024 * 1024       -- octets read at once

local Connection = {}
Connection.__index = Connection

-- The control calls `answer` of a connection whose field `line` is set.
-- `waiting` is an answer that comes later, see pop3.server.requests.

-- Wait for room for an answer, or for the next request.
local function watch(self)
  if self.ended then return end
  local modes = "r"
  if self.out then modes = "w"
  elseif self.eof then modes = self.waiting and "e" or ""
  elseif self.size > LINE then modes = "" end
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

-- Take the next line if it is complete. `line` is false in place of one that
-- was too long.
local function take(self)
  if self.waiting or self.out then return end
  if self.overlong > 0 then
    self.overlong, self.line = self.overlong - 1, false
    return
  end
  local text, at = self.text, self.at
  if self.pieces[1] then
    text, at = text:sub(at) .. table.concat(self.pieces), 1
    self.pieces = {}
  end
  local ends = text:find("\n", at, true)
  if not ends and self.eof and text:find("%S", at) then ends = #text + 1 end
  if ends then
    self.line = ends - at <= LINE and text:sub(at, ends - 1)
    at = ends + 1
  end
  self.text, self.at, self.size = text, at, math.max(#text + 1 - at, 0)
  self.more = text:find("\n", at, true) ~= nil
end

-- Add octets that came. A line that is too long is dropped up to its end.
local function add(self, octets)
  local ends = octets:find("\n", 1, true)
  if self.skipping then
    if not ends then return end
    self.skipping, self.overlong = false, self.overlong + 1
    octets = octets:sub(ends + 1)
    ends = octets:find("\n", 1, true)
  end
  self.pieces[#self.pieces + 1] = octets
  self.size = self.size + #octets
  self.more = self.more or ends ~= nil
  if self.size > LINE and not self.more then
    self.text, self.at, self.pieces, self.size = "", 1, {}, 0
    self.skipping = true
  end
end

-- The descriptor is ready.
function Connection:ready()
  if self.out then return self:flush() end
  if self.eof then return self:close() end  -- the client waits no longer
  local octets, err = self.fd:read(CHUNK)
  if octets then add(self, octets)
  elseif err ~= "timeout" then self.eof = true end
  self:look()
end

-- Take the next request, or close a connection that has ended.
function Connection:look()
  if self.eof and self.tied then return self:close() end
  if self.line == nil and (self.more or self.eof or self.overlong > 0) then
    take(self)
  end
  if self.eof and self.line == nil and not self.waiting and not self.out then
    return self:close()
  end
  watch(self)
end

-- Send an answer.
function Connection:send(line)
  self.out, self.from = line, 1
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
  self:look()
end

--- Answer the line that was taken.
-- @tparam function answer returns the answer to a line; or nil and what it
-- waits for. The line is nil when it was too long
function Connection:answer(answer)
  local line = self.line
  self.line = nil
  if line and not line:find "%S" then return self:look() end
  local said
  said, self.waiting = answer(line or nil)
  if said then self:send(said)
  else watch(self) end
end

--- Serve a connection.
-- @tparam pop3.server server
-- @tparam pop3.core.fd fd
-- @tparam function on_close is called with the connection when it has ended
-- @treturn table
local function new(server, fd, on_close)
  local self = setmetatable({ server = server, fd = fd, number = fd:getfd(),
                              on_close = on_close, text = "", at = 1,
                              pieces = {}, size = 0, overlong = 0 }, Connection)
  watch(self)
  return self
end

return { new = new, LINE = LINE }
