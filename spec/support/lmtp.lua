--- An LMTP server for the specs. It has no process: it runs in the `wait` hook of the
-- client, while the client waits.

local core = require "pop3.core"
local helper = require "spec.helper"
local socket = require "socket"

local Server = {}
Server.__index = Server

--- `opts.answer(what, line, server)` may return a reply in place of the usual one
-- (without CRLF), "close" or "silence"; `what` is "greeting", a verb, or "message" for the
-- reply to a message, `line` then being a recipient. `opts.slice`: octets of a
-- reply that are sent at once; `opts.extensions`: list; `opts.delivered(text)` is
-- called for each message before the reply.
local function new(opts)
  local listener = assert(socket.bind("127.0.0.1", 0))
  listener:settimeout(0)
  local host, port = listener:getsockname()
  return setmetatable({
    listener = listener, host = host, port = math.tointeger(tonumber(port)),
    opts = opts or {}, clients = {}, log = {}, mail = {}, connections = 0,
  }, Server)
end

local function usual(self, what)
  if what == "greeting" then return "220 ready" end
  if what == "LHLO" then
    local lines = { "host" }
    for _, name in ipairs(self.opts.extensions or { "SIZE 1000", "8BITMIME",
                                                    "PIPELINING" }) do
      lines[#lines + 1] = name
    end
    for i, line in ipairs(lines) do
      lines[i] = (i < #lines and "250-" or "250 ") .. line
    end
    return table.concat(lines, "\r\n")
  end
  if what == "DATA" then return "354 go on" end
  if what == "QUIT" then return "221 bye" end
  return "250 2.0.0 fine"
end

local function say(self, client, what, line)
  local reply = self.opts.answer and self.opts.answer(what, line, self)
                or usual(self, what)
  if reply == "close" then
    client.over = true
  elseif reply == "silence" then
    self.stalled = true
  else
    client.out = client.out .. reply .. "\r\n"
    if what == "QUIT" or reply:find "^421" then client.over = true end
  end
  return not client.over and reply ~= "silence" and reply
end

local function command(self, client, line)
  self.log[#self.log + 1] = line
  local verb = line:match "^%a*":upper()
  local reply = say(self, client, verb, line)
  if not reply then return end
  if verb == "MAIL" or verb == "RSET" then client.to = {} end
  if verb == "RCPT" and reply:find "^2" then
    client.to[#client.to + 1] = line:match "<(.*)>"
  end
  if verb == "DATA" and reply:find "^3" then client.data = true end
end

local function message(self, client, text)
  client.data = false
  if self.opts.delivered then self.opts.delivered(text) end
  for _, address in ipairs(client.to) do
    local reply = say(self, client, "message", address)
    if not reply then return end
    if reply:find "^2" then
      self.mail[#self.mail + 1] = { to = address, text = text }
    end
  end
end

local function work(self, client)
  local octets, err, part
  repeat
    octets, err, part = client.socket:receive(65536)
    client.input = client.input .. (octets or part or "")
  until not octets
  if err == "closed" then client.over = true end
  while not client.over do
    local from, to = client.input:find(client.data and "\r\n.\r\n" or "\r\n", 1,
                                       true)
    if client.data and client.input:sub(1, 3) == ".\r\n" then from, to = -1, 3 end
    if not from then break end
    local text = client.input:sub(1, from + 1)
    client.input = client.input:sub(to + 1)
    if client.data then message(self, client, (("\r\n" .. text)
                                :gsub("\r\n%.", "\r\n"):sub(3)))
    else command(self, client, text:sub(1, -3)) end
  end
  if client.out ~= "" then
    local n = client.socket:send(client.out:sub(1, self.opts.slice or -1))
    client.out = client.out:sub((n or 0) + 1)
  end
  if client.over and client.out == "" then
    client.socket:close()
    return false
  end
  return true
end

--- Do what can be done now.
function Server:work()
  local accepted = self.listener:accept()
  if accepted then
    accepted:settimeout(0)
    if self.port then accepted:setoption("tcp-nodelay", true) end
    self.connections = self.connections + 1
    local client = { socket = accepted, input = "", out = "", to = {} }
    self.clients[#self.clients + 1] = client
    say(self, client, "greeting")
  end
  for i = #self.clients, 1, -1 do
    if not work(self, self.clients[i]) then table.remove(self.clients, i) end
  end
end

-- The sockets on which a client may say something, and others.
local function sockets_of(self, ...)
  local sockets = { self.listener, ... }
  for _, client in ipairs(self.clients) do sockets[#sockets + 1] = client.socket end
  return sockets
end

--- The hook for the client. A server whose field `stalled` is set says nothing. What
-- the client has sent may come to the server only after the client waits: a busy
-- kernel delivers it later.
function Server:hook()
  return function(fd, mode)
    local deadline = core.now() + helper.PATIENCE
    local own = { getfd = function() return fd end }
    while core.now() < deadline do
      self:work()
      if self.stalled then return nil, "timeout" end
      if core.poll(fd, mode, 0) then return true end
      socket.select(sockets_of(self, mode:find "r" and own or nil),
                    mode:find "w" and { own } or nil, helper.PATIENCE)
    end
    return nil, "timeout"
  end
end

--- Serve until the process ends: for a server in a child process.
function Server:serve()
  while true do
    socket.select(sockets_of(self), nil, helper.PATIENCE)
    self:work()
  end
end

--- Serve in a child process. The listener is closed here; a function that ends the
-- process.
function Server:fork()
  local pid = assert(core.fork())
  if pid == 0 then
    local ok, err = pcall(self.serve, self)
    io.stderr:write(tostring(ok), tostring(err), "\n")
    core.exit(1)
  end
  self:close()
  return function()
    core.kill(pid)
    core.waitpid(pid)
  end
end

function Server:close()
  for _, client in ipairs(self.clients) do client.socket:close() end
  self.listener:close()
end

return new
