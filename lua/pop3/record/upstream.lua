--- The connection of a recorder to the upstream server. Handlers use it: where
-- it has to wait it yields, and the server resumes the session when there is
-- something to read.
-- @module pop3.record.upstream
-- @local

local Link = require "pop3.transport.link"
local core = require "pop3.core"
local tls = require "pop3.transport.tls"

local Upstream = {}
Upstream.__index = Upstream

local LINE = 1024 * 1024          -- octets of a status line
local REPLY = 256 * 1024 * 1024   -- octets of a whole reply

-- The `wait` hook of the connection: wait until a descriptor can be read or
-- written; true, or nil, "timeout". A session in memory has no loop that could
-- run others meanwhile.
local function await(session, number, mode, seconds)
  local server, ready = session.server, false
  if not session.fd then return core.poll(number, mode, seconds) end
  local ok, err = server:attend(number, mode, function()
    ready = true
    session:rouse()
  end)
  if not ok then return nil, err end
  session.data.awaiting = number
  local deadline = server:tick() + seconds
  while not ready and not session.ended do
    local left = deadline - server:now()
    if left <= 0 then break end
    session:sleep(left)
  end
  server:attend(number, "", nil)
  session.data.awaiting = nil
  return ready or nil, not ready and "timeout" or nil
end

-- Move what the connection has received to the buffer, and note its end.
local function collect(self)
  local octets = self.link:take()
  if octets ~= "" then self.buffer = self.buffer .. octets end
  self.over = self.link.over
end

-- Read more octets into the buffer, and wait for them.
local function more(self)
  local ok, err, code = self.link:fill(math.huge)
  collect(self)
  return ok, err, code
end

-- Read what is there, without waiting: true; or nil, message, code. The code is
-- "timeout" when there is nothing.
local function take(self)
  local ok, err, code = self.link:fill()
  collect(self)
  return ok, err, code
end

--- Start TLS.
-- @treturn boolean true, or nil, message, code
function Upstream:start_tls()
  local opts = self.opts
  if not opts.trust then
    local made, err, code = tls.trust(opts, "record: upstream", 1)
    if not made then return nil, err, code end
    opts.trust = made
  end
  local ok, err = self.link:start_tls(opts.trust, core.now() + self.patience)
  collect(self)
  if not ok then return nil, err, "tls" end
  self.secure = true
  return true
end

--- Connect.
-- @tparam session session
-- @tparam table opts the option `upstream` of `pop3.record`; `trust` is kept in
-- it
-- @treturn upstream or nil, message, code
local function new(session, opts)
  local patience = opts.timeout or 60
  local link, err, code = Link.open(opts.host, opts.port, patience, {
    idle = patience,
    wait = function(number, mode, seconds)
      return await(session, number, mode, seconds)
    end,
  })
  if not link then return nil, err, code end
  local self = setmetatable({ session = session, opts = opts, link = link,
    number = link.io.number, patience = patience, buffer = "", tail = "",
    parts = false, secure = false, over = false }, Upstream)
  if opts.tls == "implicit" then
    local ok
    ok, err, code = self:start_tls()
    if not ok then
      self:close()
      return nil, err, code
    end
  end
  return self
end

--- Send a line.
-- @tparam string line without its line end
-- @treturn boolean true, or nil, message, code
function Upstream:send(line)
  return self.link:send(line .. "\r\n")
end

local KEPT = 4  -- octets at the end that may be the start of a terminator

-- Read octets into `parts`, up to the place that `find(text, is_start)`
-- returns. When the connection ends, all octets are in `parts`. `leave` is
-- called after octets were added that are not part of the terminator.
local function read(self, limit, find, leave)
  local parts, size, text = self.parts, 0, self.buffer
  while true do
    local stop = find(text, size == 0)
    if stop then
      parts[#parts + 1] = text:sub(1, stop)
      self.buffer = text:sub(stop + 1)
      return true
    end
    local done = math.max(#text - KEPT, 0)
    if done > 0 then parts[#parts + 1] = text:sub(1, done) end
    size, self.buffer, self.tail = size + done, "", text:sub(done + 1)
    if leave and done > 0 then leave() end
    local ok, err, code = nil, "the reply is too long", "limit"
    if size < limit then ok, err, code = more(self) end
    text, self.tail = self.tail .. self.buffer, ""
    if not ok then
      parts[#parts + 1] = text
      self.buffer = ""
      return nil, err, code
    end
  end
end

local function end_of_line(text)
  return text:find("\n", 1, true)
end

-- The end of a body, whose first line may be the terminator.
local function end_of_body(text, start)
  local _, stop
  if start then _, stop = text:find("^%.\r?\n") end
  if not stop then _, stop = text:find("\n%.\r?\n") end
  return stop
end

--- Read a reply.
-- @tparam boolean multi a body follows +OK
-- @tparam ?function leave called with octets of the body before the rest has
-- come; they are not part of the result then
-- @treturn string its octets, as many as came
-- @treturn ?string what went wrong, and a code
function Upstream:reply(multi, leave)
  local parts = {}
  self.parts = parts
  local ok, err, code = read(self, LINE, end_of_line)
  if ok and multi and table.concat(parts):sub(1, 3) == "+OK" then
    ok, err, code = read(self, REPLY, end_of_body, leave and function()
      local octets = table.concat(parts)
      for i = #parts, 1, -1 do parts[i] = nil end
      leave(octets)
    end)
  end
  self.parts = false
  return table.concat(parts), not ok and err or nil, code
end

--- The octets of an incomplete reply that were not passed to `leave`.
-- @treturn string
function Upstream:partial()
  local parts = self.parts or {}
  return table.concat(parts) .. self.tail .. self.buffer
end

--- Octets that followed a reply.
-- @treturn string
function Upstream:spare()
  local octets = self.buffer
  self.buffer = ""
  return octets
end

--- Send STLS, and start TLS after +OK.
-- @treturn string the reply; "" when +OK came and TLS failed
-- @treturn ?string what went wrong, and a code
function Upstream:stls()
  local ok, why, code = self:send "STLS"
  if not ok then return "", why, code end
  local said
  said, why, code = self:reply(false)
  if why or said:sub(1, 3) ~= "+OK" then return said, why, code end
  if self.buffer ~= "" then
    return "", "octets followed the reply to STLS; they may be injected", "tls"
  end
  ok, why, code = self:start_tls()
  if not ok then return "", why, code end
  return said
end

--- Between commands: call `act` with octets that the server sends, and with how
-- it ends the connection, "fin" or "rst".
-- @tparam function act
function Upstream:idle(act)
  local function look()
    local ok, _, code = take(self)
    local lost = self.over or not (ok or code == "timeout") and "fin" or nil
    if lost then self:rest() end
    if lost or self.buffer ~= "" then act(self:spare(), lost) end
  end
  if self.session.fd then self.session.server:attend(self.number, "r", look) end
end

--- Octets that came since the last reply and were not passed on.
-- @treturn string
function Upstream:unasked()
  while not self.over and take(self) do end
  return self:spare()
end

--- End `idle`.
function Upstream:rest()
  self.session.server:attend(self.number, "", nil)
end

--- Close the connection.
function Upstream:close()
  if not self.link then return end
  self:rest()
  self.link:close()
  self.link = nil
  -- a coroutine that waited may keep an ended session alive
  self.buffer, self.tail, self.parts = "", "", false
end

return new
