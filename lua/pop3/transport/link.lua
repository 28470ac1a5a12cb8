--- Lines and octets over a transport, through TLS once it was started, with
-- deadlines.
--
-- For code that speaks a protocol by itself: the conformance checker, the
-- recorder, the dialogue with a proxy. The POP3 client does not use it: its
-- engine exchanges octets with the transport (`pop3.client.pump`).
--
-- Every method that may wait takes a `deadline`, a time of the clock `now` of
-- the link in seconds (default: none). Besides, no wait is longer than `idle`
-- seconds. A failure is `nil, message, code`, where `code` is "timeout",
-- "closed", "tls" or "limit". After a timeout the call can be repeated: what
-- came stays in the buffer. "closed" and "tls" are final for reading.
-- @module pop3.transport.link
-- @local

local core = require "pop3.core"
local tcp = require "pop3.transport.tcp"
local tls_options = require "pop3.transport.tls"
local fd_transport = require "pop3.transport.fd"

local huge, max, min = math.huge, math.max, math.min

local CHUNK = 65536  -- octets of one read

local Link = { __name = "pop3.transport.link" }
Link.__index = Link

--- A link over a transport, which it owns from now on.
--
-- Fields that a user may read: `io` (the transport), `now` (its clock),
-- `loopback` (the peer is this machine), `tls` (the TLS connection, or false),
-- `secure` (the TLS handshake was completed), `over` (false, "fin" or "rst": how
-- the peer ended the connection).
-- @tparam table io a transport, see `pop3.transport`
-- @tparam[opt] table opts `idle`: seconds that one wait may last at most
-- (default: no limit)
-- @treturn pop3.transport.link
function Link.over(io, opts)
  return setmetatable({
    io = io, now = io.now, loopback = io.loopback,
    idle = opts and opts.idle or huge, secure = false, tls = false,
    over = false,
    buffer = "", at = 1,      -- octets that were read; the first unused one
    parts = {},               -- octets that follow the buffer, in pieces
    failed = false,           -- why nothing more can be read
    closed = false,
  }, Link)
end

--- Connect by TCP.
-- @tparam string host a name or an address
-- @tparam integer port
-- @tparam number seconds for all addresses of the host together
-- @tparam[opt] table opts `idle`; `wait`: as in `pop3.connect`; those of
-- `pop3.transport.tcp`
-- @treturn pop3.transport.link or nil, message, code ("connect" or "timeout")
function Link.open(host, port, seconds, opts)
  local hook = opts and opts.wait or core.poll
  local fd, message, code = tcp(host, port, seconds, hook, opts)
  if not fd then return nil, message, code end
  return Link.over(fd_transport(fd, hook), opts)
end

-- ------------------------------------------------------------------ waiting

-- Seconds that one wait may last, math.huge for no limit.
local function seconds_left(self, deadline)
  return max(min(deadline - self.now(), self.idle), 0)
end

-- Wait until the transport is ready: true, or nil, message, code.
local function wait(self, mode, deadline)
  local io, seconds = self.io, seconds_left(self, deadline)
  if not io.waits or seconds <= 0
     or not io:wait(mode, seconds < huge and seconds or nil) then
    return nil, "timeout", "timeout"
  end
  if self.closed then  -- by another coroutine
    return nil, "the connection was closed", "closed"
  end
  return true
end

local function failure(self, message, code)
  self.failed = { message, code }
  return nil, message, code
end

-- The peer has ended the connection.
local function ended(self, detail)
  self.over = detail and "rst" or "fin"
  return failure(self, detail and "the connection was reset"
                 or "the connection was closed", "closed")
end

-- ------------------------------------------------------------------ writing

-- Write octets unchanged: true, or nil, message, code. 'went' is called with each
-- number of octets that was written.
local function write(self, octets, deadline, went)
  local from = 1
  while from <= #octets do
    local n, err = self.io:write(octets, from, seconds_left(self, deadline))
    if n then
      from = from + n
      if went then went(n) end
    elseif err ~= "timeout" then
      return nil, "the connection was closed", "closed"
    else
      local ok, message, code = wait(self, "w", deadline)
      if not ok then return nil, message, code end
    end
  end
  return true
end

-- Write what TLS has to send.
local function flush(self, deadline)
  local tls = self.tls
  local function went(n) tls:sent(n) end
  local octets = tls:out()
  while octets do
    local ok, message, code = write(self, octets, deadline, went)
    if not ok then return nil, message, code end
    octets = tls:out()
  end
  return true
end

--- Send octets.
-- @tparam string octets
-- @tparam[opt] number deadline
-- @treturn boolean true, or nil, message, code
function Link:send(octets, deadline)
  deadline = deadline or huge
  if self.closed then return nil, "the connection was closed", "closed" end
  if not self.tls then return write(self, octets, deadline) end
  for from = 1, #octets, CHUNK do
    local ok, message, code = self.tls:write(octets:sub(from, from + CHUNK - 1))
    if ok then ok, message, code = flush(self, deadline) end
    if not ok then return nil, message, code end
  end
  return true
end

-- ------------------------------------------------------------------ reading

-- Take plaintext and events out of TLS. Returns true when there was one.
local function decrypt(self)
  local any = false
  while true do
    local what, a, b = self.tls:next()
    if what == "data" then
      self.parts[#self.parts + 1] = a
    elseif what == "handshake" then
      self.secure = true
    elseif what == "certificate" then
      tls_options.decide(self.trust, self.tls, a, b)
    elseif what == "closed" then
      ended(self)
      return any
    else
      if a then failure(self, a, b) end
      return any
    end
    any = true
  end
end

--- Read once, and wait until there is something to read. The octets go to the
-- buffer.
-- @tparam[opt] number deadline; nil reads without waiting
-- @tparam[opt] integer most octets to read at most while there is no TLS
-- @treturn boolean true when octets came; or nil, message, code
function Link:fill(deadline, most)
  while not self.failed do
    local seconds = deadline and seconds_left(self, deadline) or 0
    if deadline and seconds <= 0 then return nil, "timeout", "timeout" end
    if self.closed then
      return nil, "the connection was closed", "closed"
    end
    local octets, err, detail = self.io:read(min(most or CHUNK, CHUNK), seconds)
    if octets and not self.tls then
      self.parts[#self.parts + 1] = octets
      return true
    elseif octets then
      self.tls:feed(octets)
      local any = decrypt(self)
      -- an alert, a key update; what cannot be sent now goes with the next write
      flush(self, -huge)
      if any then return true end
    elseif err ~= "timeout" then
      if not self.tls then return ended(self, detail) end
      self.tls:eof()
      self.over = detail and "rst" or "fin"
      if decrypt(self) then return true end
      if not self.failed then return ended(self, detail) end
    else
      if not deadline then return nil, "timeout", "timeout" end
      local ok, message, code = wait(self, "r", deadline)
      if not ok then return nil, message, code end
    end
  end
  return nil, self.failed[1], self.failed[2]
end

-- Move the parts to the buffer.
local function join(self)
  if self.parts[1] then
    self.buffer = self.buffer:sub(self.at) .. table.concat(self.parts)
    self.at, self.parts = 1, {}
  end
end

--- The next line.
-- @tparam integer limit octets of the line with its end, at most
-- @tparam[opt] number deadline
-- @treturn string the line with its LF; or nil, message, code: "limit" when the
-- line is too long, and then it stays in the buffer
function Link:line(limit, deadline)
  deadline = deadline or huge
  local stop = self.buffer:find("\n", self.at, true)
  local size, i = #self.buffer - self.at + 1, 1  -- octets without a LF
  while not stop do
    local part = self.parts[i]
    if part then
      local lf = part:find("\n", 1, true)
      if lf then
        join(self)
        stop = size + lf
      end
      size, i = size + #part, i + 1
    else
      if size >= limit then break end
      local ok, message, code = self:fill(deadline)
      if not ok then return nil, message, code end
    end
  end
  if not stop or stop - self.at + 1 > limit then
    return nil, ("a line is longer than %d octets"):format(limit), "limit"
  end
  local line = self.buffer:sub(self.at, stop)
  self.at = stop + 1
  return line
end

--- An exact count of octets. Without TLS no octet more is read from the
-- transport, so that it can be handed to another protocol afterwards.
-- @tparam integer count
-- @tparam[opt] number deadline
-- @treturn string octets, or nil, message, code
function Link:octets(count, deadline)
  join(self)
  while #self.buffer - self.at + 1 < count do
    local missing = count - (#self.buffer - self.at + 1)
    local ok, message, code = self:fill(deadline or huge, missing)
    if not ok then return nil, message, code end
    join(self)
  end
  local octets = self.buffer:sub(self.at, self.at + count - 1)
  self.at = self.at + count
  return octets
end

--- All octets that were read and not used yet. They are used then.
-- @treturn string
function Link:take()
  join(self)
  local octets = self.buffer:sub(self.at)
  self.buffer, self.at = "", 1
  return octets
end

--- The same octets, which stay unused.
-- @treturn string
function Link:unread()
  join(self)
  return self.buffer:sub(self.at)
end

-- ---------------------------------------------------------------------- TLS

--- Start TLS as a client and wait for the end of the handshake.
-- @tparam table trust what `pop3.transport.tls.trust` returns
-- @tparam[opt] number deadline
-- @treturn boolean true; or nil, message, code: "tls" also when octets from
-- before the handshake are unused, since someone may have injected them (RFC
-- 2595 section 4); `take` them first where that does not matter
function Link:start_tls(trust, deadline)
  deadline = deadline or huge
  if self:unread() ~= "" then
    return nil, "octets followed the reply to STLS; they may be injected", "tls"
  end
  self.trust = trust
  self.tls = core.tls { context = trust.context, name = trust.name }
  decrypt(self)
  while not self.secure do
    local ok, message, code = flush(self, deadline)
    if ok then ok, message, code = self:fill(deadline) end
    if not ok then
      flush(self, -huge)  -- an alert
      return nil, message, code
    end
  end
  return flush(self, deadline)
end

-- --------------------------------------------------------------------- ends

--- End this side of the connection: close_notify under TLS, then FIN. The peer
-- can still send.
function Link:shutdown()
  if self.closed then return end
  if self.tls then
    self.tls:shutdown()
    flush(self, -huge)
  end
  self.io:shutdown()
end

--- Close the connection. Under TLS a close_notify goes first, if there is room
-- for it now.
function Link:close()
  if self.closed then return end
  if self.tls then
    if self.secure and not self.failed then
      self.tls:shutdown()
      flush(self, -huge)
    end
    self.tls:close()
  end
  self.closed = true
  self.io:close()
end

Link.__close = Link.close

return Link
