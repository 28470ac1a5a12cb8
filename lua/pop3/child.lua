--- A server in a child process: any client can talk to it, a blocking one too,
-- while this process looks on through a channel.
-- @classmod pop3.run

local core = require "pop3.core"
local transcript = require "pop3.transcript"
local wire = require "pop3.wire"

local child = {}

-- ---------------------------------------------------------------- the child

local Control = {}
Control.__index = Control

-- Octets for the parent; it reads, so waiting for it is short.
local function write_all(fd, octets)
  local from = 1
  while from <= #octets do
    local n, err = fd:write(octets, from)
    if n then from = from + n
    elseif err ~= "timeout" or not core.poll(fd:getfd(), "w", 10) then
      return nil, "closed"
    end
  end
  return true
end

local CHUNK = 65536

-- The channel has something to read, or its other end is gone.
function Control:ready()
  local octets, err = self.fd:read(CHUNK)
  if not octets then
    if err ~= "timeout" then self.server.running = false end
    return
  end
  self.buffer = self.buffer .. octets
  local whole, request, rest = wire.decode(self.buffer)
  while whole do
    self.buffer = rest
    self.requests[#self.requests + 1] = request
    whole, request, rest = wire.decode(self.buffer)
  end
end

-- What the parent may ask for: name → function(server, arguments...).
local answers = {
  transcript = function(server)
    local entries, lost = server.journal:list()
    return { entries = entries, lost = lost, errors = server.errors }
  end,
  count = function(server, verb) return server:count(verb) end,
  mailbox = function(server, user) return server:mailbox(user) end,
  deliver = function(server, user, octets)
    return server:deliver(user, octets)
  end,
  advance = function(server, seconds)
    server:advance(seconds)
    return true
  end,
  fault = function(server, f)
    server:fault(f)
    return true
  end,
  stop = function(server)
    server.running = false
    return true
  end,
}

function Control:answer(...)
  write_all(self.fd, wire.encode(table.pack(...)))
end

-- Answer what was asked for.
function Control:serve()
  for _, request in ipairs(self.requests) do
    if request[1] == "wait_for" then
      self.waiting = { verb = request[2], count = request[4],
                       deadline = core.now() + request[3] }
    else
      local result = table.pack(pcall(answers[request[1]], self.server,
                                      table.unpack(request, 2, request.n)))
      if result[1] then self:answer(table.unpack(result, 2, result.n))
      else self:answer(nil, tostring(result[2]), "raise") end
    end
  end
  self.requests = {}
end

-- Is what the parent waits for there?
function Control:look()
  local w = self.waiting
  if not w then return nil end
  local left = w.deadline - core.now()
  local count = self.server:count(w.verb)
  if count >= w.count then
    self.waiting = nil
    self:answer(true)
  elseif left <= 0 then
    self.waiting = nil
    self:answer(nil, ("%s: %d of %d came"):format(w.verb, count, w.count),
                "timeout")
  end
  return left > 0 and left or 0
end

local ROUNDS = 1000  -- of steps before a question, under load without a pause

-- Serve. A question is answered once nothing else is there to do, so that it
-- finds done what clients sent before it was asked.
local function serve(server, control)
  server.control = control
  control.server = server
  server:step(0)
  control.number = control.fd:getfd()
  assert(server.poller:watch(control.number, "r", false))
  server.running = true
  local rounds = 0
  while server.running do
    local left = control:look()
    local asked = control.requests[1] ~= nil
    local n = server:step(asked and 0 or left)
    rounds = asked and rounds + 1 or 0
    if asked and (n == 0 or rounds > ROUNDS) then control:serve() end
  end
  server:stop()
end

-- Leave what the parent has: its sessions go on there.
local function disown(server)
  for _, session in pairs(server.by_fd) do session.fd:close() end
  if server.poller then server.poller:close() end
  server.poller, server.by_fd, server.sessions, server.locks = nil, {}, {}, {}
  server.pid = core.getpid()
end

local function be_child(server, fd)
  disown(server)
  local ok, err = xpcall(serve, debug.traceback, server, setmetatable({
    fd = fd, buffer = "", requests = {},
  }, Control))
  if not ok then io.stderr:write("pop3.server: ", tostring(err), "\n") end
  core.exit(ok and 0 or 1)
end

-- --------------------------------------------------------------- the parent

local Run = { __name = "pop3.run" }
local methods = {}
Run.__index = methods

--- Start a server in a child process; what `server:fork` does.
-- @tparam pop3.server server
-- @treturn pop3.run with the fields `port`, `pid` and `host`
function child.fork(server)
  server:listen()
  local mine, its = core.socketpair()
  if not mine then error("server: " .. tostring(its), 3) end
  local pid, err = core.fork()
  if not pid then error("server: " .. err, 3) end
  if pid == 0 then
    mine:close()
    be_child(server, its)
  end
  its:close()
  server.listener:close()
  server.listener = nil
  return setmetatable({
    host = server.host, port = server.port, pid = pid, fd = mine, buffer = "",
  }, Run)
end

-- The next answer of the child.
local function receive(run)
  while true do
    local whole, value, rest = wire.decode(run.buffer)
    if whole then
      run.buffer = rest
      return table.unpack(value, 1, value.n)
    end
    local octets, err = run.fd:read(CHUNK)
    if octets then run.buffer = run.buffer .. octets
    elseif err ~= "timeout" then
      return nil, "the server's process has ended", "closed"
    else
      core.poll(run.fd:getfd(), "r")
    end
  end
end

local function ask(run, ...)
  if run.stopped then error("the server is stopped", 3) end
  if not write_all(run.fd, wire.encode(table.pack(...))) then
    return nil, "the server's process has ended", "closed"
  end
  local result = table.pack(receive(run))
  if result[1] == nil and result[3] == "raise" then error(result[2], 3) end
  return table.unpack(result, 1, result.n)
end

--- What was said so far, see `pop3.server:transcript`.
-- @treturn transcript
function methods:transcript()
  local all, err, code = ask(self, "transcript")
  if not all then return nil, err, code end
  return transcript.new(all.entries)
end

--- Check the commands that came, see `pop3.server:verify`.
-- @tparam {string,...} list
-- @treturn boolean true
function methods:verify(list)
  local all, err = ask(self, "transcript")
  local problem = err
  if all then
    problem = transcript.verify(all.entries, all.lost, all.errors, list)
  end
  if problem then error(problem, 2) end
  return true
end

--- How many commands of a verb came.
-- @tparam string verb
-- @treturn integer
function methods:count(verb)
  local n, err, code = ask(self, "count", verb)
  return n, err, code
end

--- Wait until so many commands of a verb have come, counted from the start.
-- @tparam string verb
-- @tparam number seconds
-- @tparam[opt=1] integer count
-- @treturn boolean true, or nil, message, "timeout"
function methods:wait_for(verb, seconds, count)
  local ok, err, code = ask(self, "wait_for", verb, seconds, count or 1)
  return ok, err, code
end

--- The messages that a user's maildrop holds now.
-- @tparam string user
-- @treturn {string,...} octets
function methods:mailbox(user)
  local list, err, code = ask(self, "mailbox", user)
  return list, err, code
end

--- Deliver a message. It takes the last number at the next login.
-- @tparam string user
-- @tparam string octets
-- @treturn boolean true
function methods:deliver(user, octets)
  local ok, err, code = ask(self, "deliver", user, octets)
  return ok, err, code
end

--- Move the server's clock.
-- @tparam number seconds
-- @treturn boolean true
function methods:advance(seconds)
  local ok, err, code = ask(self, "advance", seconds)
  return ok, err, code
end

--- Add a fault without functions in it, see `pop3.fault`.
-- @tparam table f
-- @treturn boolean true
function methods:fault(f)
  local ok, err, code = ask(self, "fault", f)
  return ok, err, code
end

local PATIENCE = 2  -- seconds that a child has to end by itself

--- Stop the server. Does nothing the second time.
-- @treturn integer the child's exit status
function methods:stop()
  if self.stopped then return self.status end
  self.stopped = true
  if write_all(self.fd, wire.encode { "stop", n = 1 }) then
    local deadline = core.now() + PATIENCE
    repeat
      local left = deadline - core.now()
      local _, err = self.fd:read(CHUNK)
      if err == "timeout" and left > 0 then
        core.poll(self.fd:getfd(), "r", left)
      end
    until err == "closed" or left <= 0
  end
  self.fd:close()
  self.status = core.waitpid(self.pid, true)
  if not self.status then
    core.kill(self.pid)
    self.status = core.waitpid(self.pid)
  end
  return self.status
end

Run.__close = methods.stop
Run.__gc = methods.stop

function Run:__tostring()
  return ("pop3.run (%s:%d, process %d)"):format(self.host, self.port, self.pid)
end

return child
