--- The control socket of `pop3 serve`: a stream socket of the file system
-- (AF_UNIX) that takes JSON, one object a line, and answers each with one.
--
--    {"do": "deliver", "user": "mrose", "mail": "Subject: hi\r\n\r\nhi\r\n"}
--    {"ok": true}
--    {"do": "verify", "commands": ["CAPA", "~^USER", "PASS ***", "QUIT"]}
--    {"ok": false, "code": "verify", "error": "verify: command 1: ..."}
--
-- - `deliver`: `user`, `mail`; `mailbox`: `user` → `mail`, a list
-- - `fault`: `fault`, see `pop3.fault`, without functions
-- - `transcript` → `transcript`, a list of `session`, `time`, `from`, `line`, and
--   `lost`, how many older ones are not kept; with `text = true`: → `text`
-- - `verify`: `commands`, a list of lines, `{"line": ..., "times": n}` (or
--   `at_least`, `at_most`), `{"any_order": [...]}`, `{"anything": true}`; beside it or
--   in its place `never`, `count`, `session`, see `pop3.verify`
-- - `count`: `verb` → `count`; `wait_for`: `verb`, `seconds`, `count` (1) → `count`, or
--   code "timeout"
-- - `advance`: `seconds`, of the server's clock; `reset`: back to the start
-- - `stats` → `pid`, `host`, `port`, `sessions`, `open`, `errors` (of handlers)
-- - `tie`: the server stops when this connection ends, so that it does not
--   outlive a client that is killed; `stop`: it stops now
--
-- A request may have an `id`, which its answer has too. Octets that are not UTF-8
-- are `{"base64": "..."}`, in place of a string, both ways. What fails has `ok`
-- false, an `error` and a `code`: "argument" (no such request), "verify" (it did
-- not hold), "limit" (a line of more than 16 MiB), or one of the library's.
-- Numbers may be written in any way; a field that is null is not there.
-- Requests of one connection are answered in their order, and once what other
-- clients sent before has been dealt with.
-- @module pop3.control

local core = require "pop3.core"
local json = require "pop3.util.json"
local requests = require "pop3.server.control.requests"

local LINE = 16 * 1024 * 1024   -- octets of one request
local CHUNK = 1024 * 1024       -- read at once
local CLIENTS = 256             -- at one time; more wait until one has ended
local BACKLOG = 1024            -- of those who wait
local ROUNDS = 1000             -- of steps before an answer, without a pause

-- ---------------------------------------------------------------- connections

local Client = {}
Client.__index = Client

-- What to wait for: room for an answer, or the next request.
local function watch(client)
  if client.ended then return end
  local modes = "r"
  if client.out then modes = "w"
  elseif client.eof then modes = client.waiting and "e" or ""
  elseif client.size > LINE then modes = "" end
  assert(client.control.server:attend(client.number, modes, function()
    client:ready()
  end))
end

function Client:close()
  if self.ended then return end
  self.ended = true
  local control = self.control
  control.clients[self.number] = nil
  control.n = control.n - 1
  control.server:attend(self.number, "")
  self.fd:close()
  if self.tied then control.server.running = false end
  control:hear()
end

-- Take the next line out of what has come, if it is all there; `line` is false
-- in place of one that was too long.
local function take(client)
  if client.waiting or client.out then return end
  if client.overlong > 0 then
    client.overlong, client.line = client.overlong - 1, false
    return
  end
  local text, at = client.text, client.at
  if client.pieces[1] then
    text, at = text:sub(at) .. table.concat(client.pieces), 1
    client.pieces = {}
  end
  local ends = text:find("\n", at, true)
  if not ends and client.eof and text:find("%S", at) then ends = #text + 1 end
  if ends then
    client.line = ends - at <= LINE and text:sub(at, ends - 1)
    at = ends + 1
  end
  client.text, client.at, client.size = text, at, math.max(#text + 1 - at, 0)
  client.more = text:find("\n", at, true) ~= nil
end

-- Octets that came. What is too long for a line is dropped up to its end.
local function add(client, octets)
  local ends = octets:find("\n", 1, true)
  if client.skipping then
    if not ends then return end
    client.skipping, client.overlong = false, client.overlong + 1
    octets = octets:sub(ends + 1)
    ends = octets:find("\n", 1, true)
  end
  client.pieces[#client.pieces + 1] = octets
  client.size = client.size + #octets
  client.more = client.more or ends ~= nil
  if client.size > LINE and not client.more then
    client.text, client.at, client.pieces, client.size = "", 1, {}, 0
    client.skipping = true
  end
end

function Client:ready()
  if self.out then return self:flush() end
  if self.eof then return self:close() end  -- it does not wait any more
  local octets, err = self.fd:read(CHUNK)
  if octets then add(self, octets)
  elseif err ~= "timeout" then self.eof = true end
  self:look()
end

-- Is there something to do?
function Client:look()
  if self.eof and self.tied then return self:close() end
  if self.line == nil and (self.more or self.eof or self.overlong > 0) then
    take(self)
  end
  if self.eof and self.line == nil and not self.waiting and not self.out then
    return self:close()
  end
  watch(self)
end

function Client:say(line)
  self.out, self.from = line, 1
  self:flush()
end

function Client:flush()
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

-- Answer the line that was taken.
function Client:answer()
  local line = self.line
  self.line = nil
  if not line then
    return self:say(requests.line(nil, nil,
      ("a line must not have more than %d octets"):format(LINE), "limit"))
  end
  if not line:find "%S" then return self:look() end
  local answer, waiting = requests.answer(self.control, self, line)
  self.waiting = waiting
  if answer then self:say(answer)
  else watch(self) end
end

-- -------------------------------------------------------------------- control

local Control = { __name = "pop3.control" }
Control.__index = Control

-- A socket that nobody listens on any more is in the way.
local function make_room(unix, path)
  local kind = core.stat(path)
  if not kind then return true end
  if kind ~= "other" then return nil, "there is a " .. kind .. " of that name" end
  local probe = unix.stream()
  local there, err = probe:connect(path)
  probe:close()
  if there then return nil, "another server listens there" end
  if err ~= "connection refused" then return nil, err end
  return os.remove(path)
end

local function bind(path)
  local found, unix = pcall(require, "socket.unix")
  if not found then return nil, "LuaSocket has no socket.unix here" end
  local ok, err = make_room(unix, path)
  if not ok then return nil, err end
  local sock = unix.stream()
  ok, err = sock:bind(path)
  if ok then ok, err = sock:listen(BACKLOG) end
  if not ok then
    sock:close()
    return nil, err
  end
  local fd = assert(core.fd(sock:getfd()))
  sock:setfd(-1)
  return fd
end

-- Take connections, if there is room for them.
function Control:hear()
  self.deaf = false
  if not self.listener then return end
  assert(self.server:attend(self.listener:getfd(), "r", function()
    self:accept()
  end))
end

function Control:accept()
  while self.n < CLIENTS do
    local fd, err = self.listener:accept()
    if err == "timeout" then return end
    if not fd then break end
    local client = setmetatable({ control = self, fd = fd, number = fd:getfd(),
                                  text = "", at = 1, pieces = {}, size = 0,
                                  overlong = 0 }, Client)
    self.clients[client.number] = client
    self.n = self.n + 1
    watch(client)
  end
  self.deaf = core.now()
  self.server:attend(self.listener:getfd(), "")
end

-- Those clients of which it holds, in a fixed order: answering may end some.
local function those(control, holds)
  local list = {}
  for _, client in pairs(control.clients) do
    if holds(client) then list[#list + 1] = client end
  end
  table.sort(list, function(a, b) return a.number < b.number end)
  return list
end

local function is_waiting(client) return client.waiting end
local function is_asking(client) return client.line ~= nil end

-- Answer who has waited long enough. Seconds until the next one has, or nil.
function Control:look()
  local least
  if self.deaf then
    least = self.deaf + 1 - core.now()
    if least <= 0 then self:hear() end
  end
  for _, client in ipairs(those(self, is_waiting)) do
    local w = client.waiting
    local left = w.deadline - core.now()
    local fields, err, code = w.look(left <= 0)
    if fields ~= false then
      client.waiting = nil
      client:say(requests.line(w.id, fields, err, code))
    elseif not least or left < least then
      least = left
    end
  end
  return least and math.max(least, 0)
end

--- Serve mail and requests until the server is to stop: `server.running` is
-- then false.
-- @treturn boolean true, or nil, message, "io"
function Control:run()
  local server, rounds = self.server, 0
  server.running = true
  while server.running do
    local left = self:look()
    local asking = those(self, is_asking)
    local asked = asking[1] ~= nil
    local n, err, code = server:turn(asked and 0 or left)
    if not n then return nil, err, code end
    rounds = asked and rounds + 1 or 0
    if asked and (n == 0 or rounds > ROUNDS) then
      rounds = 0
      for _, client in ipairs(asking) do
        if not client.ended and server.running then client:answer() end
      end
    end
  end
  return true
end

--- Stop listening, end all connections, and remove the socket.
function Control:close()
  if not self.listener then return end
  self.server:attend(self.listener:getfd(), "")
  self.listener:close()
  self.listener = false
  os.remove(self.path)
  for _, client in ipairs(those(self, function() return true end)) do
    client:close()
  end
end

Control.__close = Control.close

--- Listen for requests.
-- @tparam string path of the socket, which is made, and removed at the end
-- @treturn boolean true, or nil, message, "io"
function Control:listen(path)
  local ok, err = json.available()
  if not ok then return nil, err, "io" end
  ok, err = self.server:listen()
  if not ok then return nil, err, "io" end
  local fd
  fd, err = bind(path)
  if not fd then
    return nil, ("control: %s: %s"):format(path, err), "io"
  end
  self.listener, self.path = fd, path
  self:hear()
  return true
end

local control = {}

--- The control of a server.
-- @tparam pop3.server server
-- @treturn table with `listen`, `run`, `close`, and `failed`, what the first
-- `verify` said that did not hold
function control.new(server)
  return setmetatable({ server = server, clients = {}, n = 0, deaf = false,
                        listener = false, failed = false }, Control)
end

return control
