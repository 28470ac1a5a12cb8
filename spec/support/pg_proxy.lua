-- A proxy between a client of PostgreSQL and the server, as tasks of a loop, which
-- loses or holds back pieces by a rule.
--
--    local proxy <close> = pg_proxy(loop, server, url)
--    proxy.rule = function(from, octets, count, pair) return "pass" end
--
-- `from` is "client" or "server", `count` the number of pieces from that side until now,
-- over all connections, `pair` a table for each connection. A rule answers
--
-- - "pass"
-- - an integer: this number of octets passes, the rest and all after it are held back, as
--   by "stall"
-- - "lose": the piece is lost, and both connections end
-- - "half": half of the piece passes, then both connections end
-- - "stall": the piece and all after it are held back; both connections stay
-- - "hold": as "stall", but `proxy:release()` passes all held pieces to the server, and
--   waits until the server has closed

local core = require "pop3.core"
local socket = require "socket"

local Proxy = {}
Proxy.__index = Proxy

local PATIENCE = 300

local function connect_upstream(directory)
  local sock = assert(require "socket.unix".stream())
  assert(sock:connect(directory .. "/.s.PGSQL.5432"))
  local fd = assert(core.fd(math.tointeger(sock:getfd())))
  sock:setfd(-1)
  return fd
end

local function write_all(loop, fd, octets)
  local from = 1
  while from <= #octets do
    local n, err = fd:write(octets, from)
    if n then from = from + n
    elseif err == "timeout" then loop.wait(fd:getfd(), "w", PATIENCE)
    else return nil end
  end
  return true
end

-- End both connections; the descriptors stay until no task waits for them.
local function finish(pair)
  pair.client:shutdown(true)
  if not pair.keep then pair.upstream:shutdown(true) end
end

-- What becomes of a piece: true if the connection goes on.
local function handle(self, from, octets, target, pair)
  self.counts[from] = self.counts[from] + 1
  local answer = pair.held and "stall" or self.rule(from, octets, self.counts[from],
                                                       pair)
  if answer == "pass" then
    return write_all(self.loop, target, octets)
  elseif math.type(answer) == "integer" then
    pair.held = {}
    return write_all(self.loop, target, octets:sub(1, answer))
  elseif answer == "stall" or answer == "hold" then
    pair.held = pair.held or {}
    if answer == "hold" then
      pair.keep = true
      table.insert(self.held, pair)
    end
    if from == "client" then table.insert(pair.held, octets) end
    return true
  end
  if answer == "half" then write_all(self.loop, target, octets:sub(1, #octets // 2)) end
  self.lost = self.lost + 1
  return false
end

-- Move octets one way until the connection ends.
local function pump(self, from, source, target, pair)
  local go_on = true
  while go_on do
    local octets, err = source:read(65536)
    if octets then
      go_on = handle(self, from, octets, target, pair)
    elseif err == "timeout" then
      go_on = self.loop.wait(source:getfd(), "r", PATIENCE)
    else
      go_on = false
    end
  end
  finish(pair)
  pair.pumps = pair.pumps - 1
  if pair.pumps == 0 then
    pair.client:close()
    pair.upstream:close()
  end
end

local function accept(self)
  while not self.closed do
    self.loop.wait(self.listener:getfd(), "r", PATIENCE)
    local sock = not self.closed and self.listener:accept()
    if sock then
      local client = assert(core.fd(math.tointeger(sock:getfd())))
      sock:setfd(-1)
      local ok, upstream = pcall(connect_upstream, self.directory)
      if ok then
        local pair = { client = client, upstream = upstream, pumps = 2 }
        self.tasks[#self.tasks + 1] = self.loop:spawn(pump, self, "client", client,
                                                      upstream, pair)
        self.tasks[#self.tasks + 1] = self.loop:spawn(pump, self, "server", upstream,
                                                      client, pair)
      else
        client:close()
      end
    end
  end
end

-- Pass the held pieces to the server, with the end of the connection, and wait until
-- it has closed.
function Proxy:release()
  for _, pair in ipairs(self.held) do
    write_all(self.loop, pair.upstream, table.concat(pair.held))
    pair.upstream:shutdown()
    while pair.pumps > 0 do assert(self.loop:sleep(0.001)) end
  end
  self.held = {}
end

function Proxy:close()
  self.closed = true
  for _, task in ipairs(self.tasks) do task:cancel() end
  while next(self.tasks) do
    if self.tasks[#self.tasks].ended then table.remove(self.tasks)
    else self.loop:sleep(0) end
  end
  self.listener:close()
end

Proxy.__close = Proxy.close

return function(loop, server, url)
  local listener = assert(socket.bind("127.0.0.1", 0))
  listener:settimeout(0)
  local _, port = listener:getsockname()
  local self = setmetatable({
    loop = loop, directory = server.directory, listener = listener, tasks = {},
    held = {}, counts = { client = 0, server = 0 }, lost = 0,
    rule = function() return "pass" end,
    url = ("hostaddr=127.0.0.1 port=%s sslmode=disable gssencmode=disable "
           .. "user=pop3 %s"):format(port, url:match "dbname=%S+"),
  }, Proxy)
  self.tasks[1] = loop:spawn(accept, self)
  return self
end
