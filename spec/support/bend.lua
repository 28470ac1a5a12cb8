-- A server that breaks one rule, for the specs of `pop3.check`: a relay in memory
-- that changes the replies of a correct server. It handles one command and its
-- whole reply at a time, on the virtual clock of the server.

local core = require "pop3.core"

local bend = {}

local Relay = { __name = "spec.bend", loopback = true }
Relay.__index = Relay

local multi = { CAPA = true, RETR = true, TOP = true }

-- More octets from the server; nil when it has ended the session, or waits.
local function more(self, seconds)
  self.up:settimeout(seconds)
  local octets, err = self.up:receive(65536)
  if octets then
    self.from_server, self.at = self.from_server:sub(self.at) .. octets, 1
  end
  return octets, err
end

-- The next line from the server with its LF; nil at the end.
local function server_line(self)
  while true do
    local lf = self.from_server:find("\n", self.at, true)
    if lf then
      local line = self.from_server:sub(self.at, lf)
      self.at = lf + 1
      return line
    end
    if not more(self, 3600) then return nil end
  end
end

-- A whole reply from the server; nil at the end.
local function server_reply(self, line)
  local first = server_line(self)
  if not first then return nil end
  local verb, argument = line:upper():match "^(%S*) ?(.-)\r?\n?$"
  local body = multi[verb] or argument == ""
               and (verb == "LIST" or verb == "UIDL" or verb == "LANG"
                    or verb == "AUTH")
  if not (body and first:find "^%+OK") then return first end
  local lines = { first }
  repeat
    local next_line = server_line(self)
    if not next_line then return table.concat(lines) end
    lines[#lines + 1] = next_line
  until next_line == ".\r\n"
  return table.concat(lines)
end

-- Take what TLS has to send.
local function flush(self)
  local octets = self.tls:out()
  while octets do
    self.tls:sent(#octets)
    self.to_client[#self.to_client + 1] = octets
    octets = self.tls:out()
  end
end

local function say(self, octets)
  if octets == "" then return end
  if not self.tls then
    self.to_client[#self.to_client + 1] = octets
    return
  end
  assert(self.tls:write(octets))
  flush(self)
end

local function hang_up(self)
  if self.over then return end
  self.over = true
  self.up:close()
end

local function answer(self, octets, line)
  local change = self.change
  if change.reply then octets = change.reply(octets, line, self.state) end
  if octets == false then return hang_up(self) end
  say(self, octets)
end

local function command(self, line)
  local change, octets = self.change, nil
  if change.command then octets = change.command(line, self.state) end
  if octets == false then
    hang_up(self)
  elseif octets == "STLS" then
    say(self, "+OK begin\r\n")
    self.tls = core.tls { context = change.context }
    if not change.keep then self.line = "" end
  elseif octets then
    say(self, octets)
  elseif not self.up:send(line) then
    hang_up(self)
  else
    octets = server_reply(self, line)
    if not octets then return hang_up(self) end
    if line:find "^PASS" and octets:find "^%+OK" then self.state.inside = true end
    answer(self, octets, line)
    if line:upper():find "^QUIT" then hang_up(self) end
  end
end

-- Octets from the client, after TLS. With `keep`, those from before TLS count as
-- sent under it, once the handshake is done.
local function hear(self, octets)
  self.line = self.line .. octets
  while not self.over and not (self.tls and not self.tls_begun) do
    local line, rest = self.line:match "^([^\n]*\n)(.*)$"
    if not line then return end
    self.line = rest
    command(self, line)
  end
end

local function decrypt(self)
  while not self.over do
    local what, data = self.tls:next()
    if what == "data" then hear(self, data)
    elseif what == "handshake" then
      self.tls_begun = true
      flush(self)
      hear(self, "")
    else
      flush(self)
      if what == "closed" or data then hang_up(self) end
      return
    end
  end
end

function Relay:send(octets)
  if self.over then return nil, "closed" end
  if self.tls then
    self.tls:feed(octets)
    decrypt(self)
  else
    hear(self, octets)
  end
  return #octets
end

function Relay:receive(max)
  local deadline = self:now() + (self.timeout or math.huge)
  while not self.to_client[1] do
    if self.over then return nil, "closed" end
    local left = deadline - self:now()
    if left <= 0 then return nil, "timeout" end
    local octets, err = more(self, left)
    if not octets then return nil, err end
  end
  local octets = table.concat(self.to_client)
  self.to_client = { octets:sub(max + 1) ~= "" and octets:sub(max + 1) or nil }
  return octets:sub(1, max)
end

function Relay:now() return self.up:now() end

function Relay:settimeout(seconds) self.timeout = seconds end

--- The client sends no more.
function Relay:shutdown()
  if self.over then return end
  if self.line ~= "" then  -- an incomplete command
    local line = self.line
    self.line = ""
    if not (self.change.command and self.change.command(line, self.state) ~= nil)
    then
      self.up:send(line)
    end
  end
  if self.change.at_end and self.up:send(self.change.at_end) then
    server_line(self)
  end
  hang_up(self)
end

function Relay:close()
  self:shutdown()
  self.closed = true
end

--- The option `transport` of `pop3.check` for a server and changes. `change` has
-- any of
--
-- - `command(line, state)`: the reply in the server's place, nil to ask it,
--   false to hang up, "STLS" to begin TLS here (`context`, `keep`)
-- - `at_end`: octets that the server gets after the client has ended
-- - `reply(octets, line, state)`: what takes a reply's place, false to hang up;
--   the greeting's line is "greeting"
--
-- `state` is a table of the connection; `inside` is set after a login.
function bend.transport(server, change)
  return function()
    local self = setmetatable({ up = server:loopback(), change = change,
      state = {}, from_server = "", at = 1, to_client = {}, line = "", tls = false,
      over = false }, Relay)
    answer(self, server_line(self) or "", "greeting")
    return self
  end
end

return bend
