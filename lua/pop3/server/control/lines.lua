--- A control connection that speaks lines of JSON: each request is a line, and
-- so is each answer.
-- @module pop3.server.control.lines
-- @local

local connection = require "pop3.server.control.connection"

local LINE = 16 * 1024 * 1024  -- octets of one request

local Lines = setmetatable({}, { __index = connection.Connection })
Lines.__index = Lines

function Lines:begin()
  self.text, self.at, self.pieces, self.size = "", 1, {}, 0
  self.overlong = 0  -- lines that were too long, and are not answered yet
end

function Lines:is_full()
  return self.size > LINE
end

-- Add octets that came. A line that is too long is dropped up to its end.
function Lines:add(octets)
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

-- Take the next line if it is complete. The request is false in place of a line
-- that was too long.
function Lines:take()
  if self.overlong > 0 then
    self.overlong, self.request = self.overlong - 1, false
    return
  elseif not (self.more or self.eof) then
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
    self.request = ends - at <= LINE and text:sub(at, ends - 1)
    at = ends + 1
  end
  self.text, self.at, self.size = text, at, math.max(#text + 1 - at, 0)
  self.more = text:find("\n", at, true) ~= nil
end

--- Answer the line that was taken.
-- @tparam function execute returns the answer to a request: a line, what it
-- waits for, whether it is ok, its code
-- @tparam function fail returns the line of a failure
function Lines:answer(execute, fail)
  local line = self.request
  self.request = nil
  if not line then
    return self:send((fail(("a line must not have more than %d octets")
                           :format(LINE), "limit")))
  elseif not line:find "%S" then
    return self:look()
  end
  self:reply(execute(line))
end

-- Send an answer.
function Lines:send(line)
  self:write(line)
end

return Lines
