--- A connection of the checker to the server: octets are sent as given, lines
-- are read as they are on the wire, and both become evidence. It corrects
-- nothing, and each read is bounded in octets and in time.
-- @module pop3.check.link
-- @local

local Stream = require "pop3.transport.link"
local transport = require "pop3.transport"

local Link = { __name = "pop3.check.link" }
Link.__index = Link

local limits = {
  line = 65536,          -- octets of a status line: far above the 512 allowed
  listing = 4 << 20,     -- the body of a listing
  message = 4 << 20,     -- the body of a message; by LIST it has at most 1 MiB
  body_line = 4 << 20,   -- one line of a body
}

-- A whole reply may take 6 times the timeout of one read.
local PATIENCE = 6

--- Connect; nothing is read yet.
-- @tparam table opts of `pop3.check`: `host`, `port`, `timeout`, `transport`; and
-- the hook `wait`
-- @tparam function note called with "C" or "S" and a line, for the evidence
-- @tparam table account shared by all connections of a run: `vain`, the seconds
-- spent on waiting for replies that did not come, and `linger`, the seconds to
-- wait until the server closes a connection
-- @treturn pop3.check.link or nil, message, code
function Link.open(opts, note, account)
  local stream, err, code
  if opts.transport then
    stream = Stream.over(transport.over(opts.transport(), nil, "check", 1))
  else
    local began = opts.now()
    stream, err, code = Stream.open(opts.host, opts.port, opts.timeout,
                                    { wait = opts.wait })
    if not stream then
      account.vain = account.vain + opts.now() - began
      return nil, err, code
    end
  end
  local self = setmetatable({
    stream = stream, now = stream.now, loopback = stream.loopback, note = note,
    secure = false, ended = nil, account = account,
  }, Link)
  self:set_timeout(opts.timeout)
  return self
end

--- How long one read or write may wait; a whole reply six times as long.
-- @tparam number seconds
function Link:set_timeout(seconds)
  self.timeout, self.stream.idle = seconds, seconds
end

-- ------------------------------------------------------------------- sending

--- Send octets as they are.
-- @tparam string octets
-- @tparam[opt] string shown what the evidence has in their place
-- @treturn boolean true; or nil, "timeout" or "closed"
function Link:send(octets, shown)
  self.note("C", shown or octets)
  if self.ended then return nil, "closed" end
  local ok, _, code = self.stream:send(octets, self.now() + self.timeout)
  if ok then return true end
  return nil, code == "timeout" and code or "closed"
end

-- ------------------------------------------------------------------- reading

-- The next line with its LF, or nil, "timeout", "closed" or "limit".
local function line(self, limit, deadline)
  local found, _, code = self.stream:line(limit, deadline)
  if found then return found end
  if code == "tls" then code = "closed" end
  if code == "closed" then self.ended = code end
  return nil, code
end

-- Note that a line did not come, or had no end, and the time spent on it.
local function in_vain(self, err, began)
  if err ~= "closed" then
    self.account.vain = self.account.vain + self.now() - began
  end
  self.note("S", "(" .. err .. ")")
  return nil, err
end

--- Read a line.
-- @treturn string with its line end; or nil, "timeout", "closed" or "limit"
function Link:line()
  local began = self.now()
  local found, err = line(self, limits.line, began + self.timeout)
  if not found then return in_vain(self, err, began) end
  self.note("S", found)
  return found
end

local function status(raw)
  local text = raw:gsub("\r?\n$", "")
  local reply = { line = raw, shown = text }
  local mark = text:match "^%S*"
  if mark == "+OK" then reply.ok = true
  elseif mark == "-ERR" then reply.ok = false end
  reply.text = text:sub(#mark + 2)
  -- RFC 2449 section 8: codes are case-insensitive, and a client may ignore
  -- what follows a "/"
  local code = reply.text:match "^%[([^%[%]]*)%]"
  if code then
    reply.code = code:upper()
    reply.level = reply.code:match "^[^/]*"
  end
  return reply
end

-- The body up to its terminator: true, or nil, "timeout", "closed" or "limit".
local function body(self, reply, limit, deadline)
  local lines, octets = {}, 0
  reply.body = lines
  while true do
    local found, err = line(self, math.min(limit - octets, limits.body_line),
                            deadline)
    if not found then return nil, err end
    if found == ".\r\n" or found == ".\n" then
      reply.terminator = found
      return true
    end
    lines[#lines + 1] = found
    octets = octets + #found
  end
end

local SHOWN = 16  -- lines of a listing in the evidence; of a message, none

local function note_body(self, reply, kind)
  local lines = reply.body
  for i = 1, kind == "listing" and math.min(#lines, SHOWN) or 0 do
    self.note("S", lines[i])
  end
  if kind ~= "listing" or #lines > SHOWN then
    self.note("S", ("(%d lines)"):format(#lines))
  end
  if reply.terminator then self.note("S", reply.terminator) end
end

--- Read a reply.
-- @tparam ?string kind "listing" or "message" when a body follows +OK
-- @treturn table `ok` (nil for neither +OK nor -ERR), `line` (as on the wire),
-- `shown` (without its line end), `text`, `code` (the response code in upper
-- case), `level` (its first part), `body` (a list of lines as on the wire,
-- without the terminator), `terminator`; or nil, "timeout", "closed" or "limit"
function Link:reply(kind)
  local began = self.now()
  local deadline = began + PATIENCE * self.timeout
  local raw, err = line(self, limits.line, deadline)
  if not raw then return in_vain(self, err, began) end
  self.note("S", raw)
  local reply = status(raw)
  if not (reply.ok and kind) then return reply end
  local whole
  whole, err = body(self, reply, limits[kind], deadline)
  note_body(self, reply, kind)
  if whole then return reply end
  return in_vain(self, err, began)
end

--- Read all lines until the server closes the connection.
-- @treturn {string,...} lines
-- @treturn string "closed"; or "timeout" or "limit" when it does not close it
function Link:rest()
  local began, lines = self.now(), {}
  while #lines < 10000 do
    local found, err = line(self, limits.line, began + self.timeout)
    if not found then
      in_vain(self, err, began)
      return lines, err
    end
    self.note("S", found)
    lines[#lines + 1] = found
  end
  return lines, "limit"
end

--- Octets that were received and not read yet.
-- @treturn string
function Link:unread()
  return self.stream:unread()
end

--- Wait, also while octets arrive.
-- @tparam number seconds
function Link:pause(seconds)
  local deadline = self.now() + seconds
  repeat local ok, _, code = self.stream:fill(deadline)
  until not ok and (code ~= "timeout" or self.now() >= deadline)
end

-- ---------------------------------------------------------------------- TLS

--- Start TLS. Octets that were received before are discarded.
-- @tparam table trust see `pop3.transport.tls`
-- @treturn boolean true, or nil, message, code
function Link:start_tls(trust)
  local began, stream = self.now(), self.stream
  stream:take()
  local ok, err, code = stream:start_tls(trust, began + self.timeout)
  if not ok then
    if code == "timeout" then in_vain(self, code, began) end
    return nil, err, code
  end
  self.secure = true
  self.note("S", "(TLS: " .. stream.tls:info().version .. ")")
  return true
end

-- ---------------------------------------------------------------------- end

--- Close the connection.
function Link:close()
  self.ended = self.ended or "closed"
  self.stream:close()
end

--- Close it after the server has closed its side, which then has released the
-- lock of the maildrop. For a server that does not close its side, the wait
-- becomes shorter each time.
function Link:leave()
  if not self.ended then
    self.stream:shutdown()
    local account = self.account
    local deadline = self.now() + math.min(account.linger, self.timeout)
    local ok, _, code
    repeat
      self.stream:take()
      ok, _, code = self.stream:fill(deadline)
    until not ok
    if code == "timeout" then account.linger = account.linger / 2 end
  end
  self:close()
end

return Link
