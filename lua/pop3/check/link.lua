--- The line to a server that is checked: octets out, lines in, nothing in
-- between that could put them right. All that is read is bounded, in octets
-- and in time.
-- @module pop3.check.wire
-- @local

local connect = require "pop3.transport.tcp"
local core = require "pop3.core"

local Wire = { __name = "pop3.check.wire" }
Wire.__index = Wire

local CHUNK = 16384

local limits = {
  line = 65536,          -- octets of a status line: far above the 512 allowed
  listing = 4 << 20,     -- of the body of a listing
  message = 4 << 20,     -- of the body of a message; LIST gave it 1 MiB at most
  body_line = 4 << 20,   -- of one line of a body
}

-- Seconds for a whole reply, as a multiple of those for a read.
local PATIENCE = 6

--- Connect; nothing is read yet.
-- @tparam table opts `host`, `port`, `timeout`, `tls` (see `starttls`)
-- @tparam function note called with "C" or "S" and what is said
-- @tparam table account of all the links of a run: `vain`, the seconds that went
-- into what did not come, and `linger`, how long an end is waited for
-- @treturn pop3.check.wire or nil, message, code
function Wire.open(opts, note, account)
  local began = core.now()
  local fd, err, code = connect(opts.host, opts.port, opts.timeout, core.poll)
  if not fd then
    account.vain = account.vain + core.now() - began
    return nil, err, code
  end
  local _, host = fd:peer()
  return setmetatable({
    fd = fd, number = fd:getfd(), timeout = opts.timeout, note = note,
    buffer = "", at = 1, secure = false, ended = nil, account = account,
    loopback = host == "::1" or host ~= nil and host:find "^127%." ~= nil,
  }, Wire)
end

-- ------------------------------------------------------------------- octets

-- Write all; true, or nil, "timeout" or "closed".
local function write(self, octets)
  local from, deadline = 1, core.now() + self.timeout
  while from <= #octets do
    local n, err = self.fd:write(octets, from)
    if n then
      from = from + n
    elseif err ~= "timeout" then
      return nil, "closed"
    else
      local left = deadline - core.now()
      if left <= 0 or not core.poll(self.number, "w", left) then
        return nil, "timeout"
      end
    end
  end
  return true
end

-- What TLS has to send.
local function flush(self)
  local octets = self.tls:out()
  while octets do
    local ok, err = write(self, octets)
    if not ok then return nil, err end
    self.tls:sent(#octets)
    octets = self.tls:out()
  end
  return true
end

--- Send octets as they are.
-- @tparam string octets
-- @tparam[opt] string shown what is noted in their place
-- @treturn boolean true, or nil, "timeout" or "closed"
function Wire:send(octets, shown)
  self.note("C", shown or octets)
  if self.ended then return nil, "closed" end
  if not self.tls then return write(self, octets) end
  for from = 1, #octets, CHUNK do
    local ok = self.tls:write(octets:sub(from, from + CHUNK - 1))
    if not ok then return nil, "closed" end
    local sent, err = flush(self)
    if not sent then return nil, err end
  end
  return true
end

-- One read from the kernel: octets, or nil, "timeout" or "closed".
local function read(self, deadline)
  local seconds = math.min(deadline - core.now(), self.timeout)
  if seconds <= 0 or not core.poll(self.number, "r", seconds) then
    return nil, "timeout"
  end
  local octets, err = self.fd:read(CHUNK)
  if not octets and err == "timeout" then return "" end
  return octets, octets == nil and "closed" or nil
end

-- More octets into the buffer; true, or nil, "timeout" or "closed".
local function more(self, deadline)
  if self.ended then return nil, self.ended end
  local octets, err = read(self, deadline)
  if not octets then
    if err == "closed" then self.ended = "closed" end
    return nil, err
  end
  if self.tls then
    self.tls:feed(octets)
    local parts = {}
    while true do
      local what, data = self.tls:next()
      if what == "data" then parts[#parts + 1] = data
      else
        if what == "closed" or data then self.ended = "closed" end
        break
      end
    end
    flush(self)  -- what cannot be sent shows at the next read
    octets = table.concat(parts)
  end
  self.buffer = self.buffer:sub(self.at) .. octets
  self.at = 1
  return true
end

-- -------------------------------------------------------------------- lines

-- The next line with its LF, or nil, "timeout", "closed" or "limit".
local function line(self, limit, deadline)
  local scanned = self.at
  while true do
    local lf = self.buffer:find("\n", scanned, true)
    if lf then
      if lf - self.at + 1 > limit then return nil, "limit" end
      local found = self.buffer:sub(self.at, lf)
      self.at = lf + 1
      return found
    end
    local held = #self.buffer - self.at + 1
    if held >= limit then return nil, "limit" end
    local ok, err = more(self, deadline)
    if not ok then return nil, err end
    scanned = held + 1
  end
end

-- What did not come, or had no end, is noted, and so is the time that it took.
local function in_vain(self, err, began)
  if err ~= "closed" then
    self.account.vain = self.account.vain + core.now() - began
  end
  self.note("S", "(" .. err .. ")")
  return nil, err
end

--- The next line, whatever it is.
-- @treturn string with its line end, or nil, "timeout", "closed" or "limit"
function Wire:line()
  local began = core.now()
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
  -- RFC 2449 section 8: the case is of no importance, nor is what follows a "/"
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

local SHOWN = 16  -- lines of a listing that are noted; of mail, none is

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

--- The next reply.
-- @tparam ?string kind "listing" or "message" when a body follows +OK
-- @treturn table `ok` (nil when it is no status), `line` (as on the wire),
-- `shown` (without its line end), `text`, `code` (in upper case), `level` (the
-- first of it), `body` (a list of lines as on the wire, without the
-- terminator), `terminator`; or nil, "timeout", "closed" or "limit"
function Wire:reply(kind)
  local began = core.now()
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

--- What comes until the link ends.
-- @treturn {string,...} lines, and "closed", or "timeout" or "limit"
function Wire:rest()
  local began, lines = core.now(), {}
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

--- Octets that came and were not asked for.
function Wire:unread()
  return self.buffer:sub(self.at)
end

-- ---------------------------------------------------------------------- TLS

--- Start TLS; what was read before is gone.
-- @tparam table tls `context` and `name`
-- @treturn boolean true, or nil, message, code
function Wire:starttls(tls)
  local t = core.tls { context = tls.context, name = tls.name }
  local began = core.now()
  local deadline = began + self.timeout
  self.tls, self.buffer, self.at = t, "", 1
  while true do
    local what, message, code = t:next()
    if what == "handshake" then break end
    local ok, err = flush(self)
    if message then return nil, message, code end
    if not ok then return nil, err, err end
    local octets
    octets, err = read(self, deadline)
    if octets then t:feed(octets)
    elseif err == "closed" then t:eof()
    else
      in_vain(self, err, began)
      return nil, err, err
    end
  end
  local ok, err = flush(self)
  if not ok then return nil, err, err end
  self.secure = true
  self.note("S", "(TLS: " .. t:info().version .. ")")
  return true
end

-- ---------------------------------------------------------------------- end

--- Drop the link.
function Wire:close()
  self.ended = self.ended or "closed"
  self.fd:close()
end

--- Drop it, and wait until the server has seen that: a lock is given up then.
-- One that does not look is waited for less and less.
function Wire:leave()
  if not self.ended then
    if self.tls then
      self.tls:shutdown()
      flush(self)
    end
    self.fd:shutdown()
    local account = self.account
    local deadline = core.now() + math.min(account.linger, self.timeout)
    local octets, err
    repeat octets, err = read(self, deadline) until not octets
    if err == "timeout" then account.linger = account.linger / 2 end
  end
  self:close()
end

return Wire
