--- The link to the server that is recorded. It is used by handlers: where it has
-- to wait it yields, and the session is roused when there is something to read.
-- @module pop3.record.upstream
-- @local

local connect = require "pop3.transport.tcp"
local core = require "pop3.core"
local secure = require "pop3.client.tls"

local Upstream = {}
Upstream.__index = Upstream

local CHUNK = 65536
local LINE = 1024 * 1024          -- octets of a status line
local REPLY = 256 * 1024 * 1024   -- octets of a whole reply

-- Wait until a descriptor can be read or written; true, or nil, "timeout". For a
-- session in memory there is no loop that could wait beside others.
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

-- Send what TLS, or the caller, has to send.
local function send(self, octets)
  local from = 1
  while from <= #octets do
    local n, err, detail = self.fd:write(octets, from)
    if n then from = from + n
    elseif err ~= "timeout" then return nil, detail or err, "closed"
    elseif not await(self.session, self.number, "w", self.patience) then
      return nil, "timeout", "timeout"
    end
  end
  return true
end

local function send_tls(self)
  local octets = self.tls:out()
  while octets do
    self.tls:sent(#octets)
    local ok, err, code = send(self, octets)
    if not ok then return nil, err, code end
    octets = self.tls:out()
  end
  return true
end

-- What TLS makes of the octets it has been given.
local function decrypt(self)
  while true do
    local what, a, b = self.tls:next()
    if what == "data" then self.buffer = self.buffer .. a
    elseif what == "handshake" then self.secure = true
    elseif what == "closed" then self.over = "fin"
    elseif a then return nil, a, b end
    if not what or what == "closed" then return send_tls(self) end
  end
end

-- Take in what there is, without waiting. True, or nil, message, code; code
-- "timeout" when there is nothing.
local function take(self)
  local octets, err, detail = self.fd:read(CHUNK)
  if not octets then
    if err == "timeout" then return nil, err, err end
    self.over = detail and "rst" or "fin"
    if self.tls then self.tls:eof() end
    return nil, detail or "the server closed the link", "closed"
  end
  if not self.tls then
    self.buffer = self.buffer .. octets
    return true
  end
  self.tls:feed(octets)
  return decrypt(self)
end

-- Read more, and wait for it.
local function more(self)
  if self.over then return nil, "the server closed the link", "closed" end
  while true do
    local ok, err, code = take(self)
    if ok or code ~= "timeout" then return ok, err, code end
    if not await(self.session, self.number, "r", self.patience) then
      return nil, "timeout", "timeout"
    end
  end
end

--- TLS from here on.
-- @treturn boolean true, or nil, message, code
function Upstream:start_tls()
  local opts = self.opts
  if not opts.trust then
    local made, err, code = secure.options(opts, 1)
    if not made then return nil, err, code end
    opts.trust = made
  end
  self.tls = core.tls { context = opts.trust.context, name = opts.trust.name }
  local ok, err = decrypt(self)
  while ok and not self.secure do ok, err = more(self) end
  if self.secure then return true end
  return nil, err or "the handshake was cut off", "tls"
end

--- Connect.
-- @tparam session session
-- @tparam table opts of the option `upstream`; `trust` is kept in it
-- @treturn upstream or nil, message, code
local function new(session, opts)
  local patience = opts.timeout or 60
  local fd, err, code = connect(opts.host, opts.port, patience,
    function(number, mode, seconds)
      return await(session, number, mode, seconds)
    end)
  if not fd then return nil, err, code end
  local self = setmetatable({ session = session, opts = opts, fd = fd,
    number = fd:getfd(), patience = patience, buffer = "", tail = "",
    parts = false, tls = false, secure = false, over = false }, Upstream)
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
function Upstream:send(line)
  if self.tls then
    self.tls:write(line .. "\r\n")
    return send_tls(self)
  end
  return send(self, line .. "\r\n")
end

local KEPT = 4  -- octets of an end that may have begun

-- Octets up to where `find` says that the end is, which gets what came and whether
-- that is the start. What there is when the link ends is the rest. `leave` gets
-- what is no part of the end as it comes.
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
    local ok, err, code = nil, "too long", "limit"
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

-- The end of a body, of which the first line may be the last.
local function end_of_body(text, start)
  local _, stop
  if start then _, stop = text:find("^%.\r?\n") end
  if not stop then _, stop = text:find("\n%.\r?\n") end
  return stop
end

--- A reply.
-- @tparam boolean multi a body follows +OK
-- @tparam ?function leave called with octets that may leave before the others are
-- there
-- @treturn string its octets, as many as came, but for those that have left
-- @treturn ?string what is wrong, and its code
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

--- What has come of a reply that has not come whole, and has not left.
function Upstream:partial()
  local parts = self.parts or {}
  return table.concat(parts) .. self.tail .. self.buffer
end

--- What came behind a reply.
-- @treturn string
function Upstream:spare()
  local octets = self.buffer
  self.buffer = ""
  return octets
end

--- Ask for TLS and begin it when the answer is +OK.
-- @treturn string the answer; nothing of a +OK that came to nothing
-- @treturn ?string what is wrong, and its code
function Upstream:stls()
  local ok, why, code = self:send "STLS"
  if not ok then return "", why, code end
  local said
  said, why, code = self:reply(false)
  if why or said:sub(1, 3) ~= "+OK" then return said, why, code end
  if self.buffer ~= "" then
    return "", "octets came behind the +OK of STLS; they may have been "
               .. "injected", "tls"
  end
  ok, why, code = self:start_tls()
  if not ok then return "", why, code end
  return said
end

--- Between commands: `act` is called with what the server says unasked, and with
-- how it ends the link, "fin" or "rst".
function Upstream:idle(act)
  local function look()
    local ok, _, code = take(self)
    local lost = self.over or not (ok or code == "timeout") and "fin" or nil
    if lost then self:rest() end
    if lost or self.buffer ~= "" then act(self:spare(), lost) end
  end
  if self.session.fd then self.session.server:attend(self.number, "r", look) end
end

--- What has come since the last reply, and was not passed on yet.
-- @treturn string
function Upstream:unasked()
  while not self.over and take(self) do end
  return self:spare()
end

function Upstream:rest()
  self.session.server:attend(self.number, "", nil)
end

function Upstream:close()
  if not self.fd then return end
  self:rest()
  if self.tls and self.secure and not self.over then
    self.tls:shutdown()
    local octets = self.tls:out()
    if octets then self.fd:write(octets, 1) end
  end
  self.fd:close()
  if self.tls then self.tls:close() end
  self.fd = nil
  -- a session that is over may be kept by what it had waited for
  self.buffer, self.tail, self.parts = "", "", false
end

return new
