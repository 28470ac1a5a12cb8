-- A server that breaks one rule: a relay in front of one that keeps them all,
-- in processes of its own, which changes what is said. It goes line by line: a
-- command, its whole reply, the next command.

local core = require "pop3.core"
local socket = require "socket"

local bend = {}

local Link = {}
Link.__index = Link

-- One side of the relay, with lines; blocking.
local function link(fd)
  return setmetatable({ fd = fd, buffer = "" }, Link)
end

-- Through TLS when there is some.
function Link:say(octets)
  if self.tls then
    assert(self.tls:write(octets))
    octets = self.tls:out()
    self.tls:sent(#octets)
  end
  local from = 1
  while from <= #octets do
    local n, err = self.fd:write(octets, from)
    if n then from = from + n
    elseif err == "timeout" then core.poll(self.fd:getfd(), "w")
    else core.exit(0) end
  end
end

function Link:more()
  while true do
    if self.tls then
      local what, data = self.tls:next()
      if what == "data" then
        self.buffer = self.buffer .. data
        return true
      elseif what == "closed" or data then
        return nil
      end
    end
    local octets, err = self.fd:read(65536)
    if octets and self.tls then self.tls:feed(octets)
    elseif octets then
      self.buffer = self.buffer .. octets
      return true
    elseif err == "timeout" then core.poll(self.fd:getfd(), "r")
    else return nil end
  end
end

-- The next line with its LF; what there is before the end; nil at the end.
function Link:line()
  while not self.buffer:find("\n", 1, true) do
    if not self:more() then
      local rest = self.buffer
      self.buffer = ""
      return rest ~= "" and rest or nil
    end
  end
  local line, rest = self.buffer:match "^([^\n]*\n)(.*)$"
  self.buffer = rest
  return line
end

-- The server's side of a handshake; 'keep': what came before it counts as said
-- under it.
function Link:starttls(context, keep)
  local tls = core.tls { context = context }
  if not keep then self.buffer = "" end
  local through = false
  while true do
    local what, err
    if not through then what, err = tls:next() end  -- data stays for later
    through = through or what == "handshake"
    local octets = tls:out()
    if octets then
      self:say(octets)
      tls:sent(#octets)
    elseif through then break
    elseif err then core.exit(0)
    else
      core.poll(self.fd:getfd(), "r")
      octets = self.fd:read(65536)
      if not octets then core.exit(0) end
      tls:feed(octets)
    end
  end
  self.tls = tls
end

local multi = { CAPA = true, RETR = true, TOP = true }

-- A whole reply from the server; nil at the end.
local function reply_to(up, line)
  local first = up:line()
  if not first then return nil end
  local verb, argument = line:upper():match "^(%S*) ?(.-)\r?\n?$"
  local body = multi[verb] or argument == ""
               and (verb == "LIST" or verb == "UIDL" or verb == "LANG"
                    or verb == "AUTH")
  if not (body and first:find "^%+OK") then return first end
  local lines = { first }
  repeat
    local more = up:line()
    if not more then return table.concat(lines) end
    lines[#lines + 1] = more
  until more == ".\r\n"
  return table.concat(lines)
end

local function connection(down, up, change)
  local state = {}
  local function answer(octets, line)
    if change.reply then octets = change.reply(octets, line, state) end
    if octets == false then core.exit(0) end
    down:say(octets)
  end
  answer(up:line() or "", "greeting")
  while true do
    local line = down:line()
    if not line then
      if change.at_end then
        up:say(change.at_end)
        up:line()
      end
      return
    end
    local octets
    if change.command then octets = change.command(line, state) end
    if octets == false then return end
    if octets == "STLS" then
      down:say "+OK begin\r\n"
      down:starttls(change.context, change.keep)
    elseif octets then
      down:say(octets)
    else
      up:say(line)
      if line:sub(-1) ~= "\n" then return end
      octets = reply_to(up, line)
      if not octets then return end
      if line:find "^PASS" and octets:find "^%+OK" then state.inside = true end
      answer(octets, line)
      if line:upper():find "^QUIT" then return end
    end
  end
end

--- A relay to a port of this machine. `change` has any of
--
-- - `command(line, state)`: the reply in the server's place, nil to ask it,
--   false to hang up, "STLS" to begin TLS here (`context`, `keep`)
-- - `at_end`: octets that the server gets when the client is gone
-- - `reply(octets, line, state)`: what comes in a reply's place, false to hang up;
--   the greeting's line is "greeting"
--
-- `state` is a table of the connection's own; `inside` is set after a login.
function bend.relay(port, change)
  local listener = assert(socket.bind("127.0.0.1", 0, 64))
  local _, number = listener:getsockname()
  local pid = assert(core.fork())
  if pid == 0 then
    listener:settimeout(nil)
    local children = {}
    while true do
      local sock = listener:accept()
      local child = core.fork()
      if child == 0 then
        local up = assert(socket.connect("127.0.0.1", port))
        local ok, err = pcall(connection, link(assert(core.fd(sock:getfd()))),
                              link(assert(core.fd(up:getfd()))), change)
        if not ok then io.stderr:write(tostring(err), "\n") end
        core.exit(0)
      end
      sock:close()
      children[child] = true
      for each in pairs(children) do
        if core.waitpid(each, true) then children[each] = nil end
      end
    end
  end
  listener:close()
  return setmetatable({ port = math.tointeger(tonumber(number)) }, {
    __close = function()
      core.kill(pid)
      core.waitpid(pid)
    end })
end

return bend
