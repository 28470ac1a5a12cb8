--- A server in a child process: any client can talk to it, a blocking one too,
-- while this process looks on through a channel.
-- @classmod pop3.run
-- @alias methods

local check = require "pop3.util.argument"
local core = require "pop3.core"
local expect = require "pop3.verify"
local timers = require "pop3.server.timers"
local transcript = require "pop3.verify.transcript"
local wire = require "pop3.server.channel"

local child = {}

-- ---------------------------------------------------------------- the child

local Control = {}
Control.__index = Control

-- Octets for the other end; it reads, so waiting for it is short. After a
-- "timeout" some may be on their way, and nothing can follow them.
local function write_all(fd, octets)
  local from = 1
  while from <= #octets do
    local n, err = fd:write(octets, from)
    if n then from = from + n
    elseif err ~= "timeout" then return nil, "closed"
    elseif not core.poll(fd:getfd(), "w", 10) then return nil, "timeout" end
  end
  return true
end

local CHUNK = 1024 * 1024

-- The channel has something to read, or its other end is gone.
function Control:ready()
  local octets, err = self.fd:read(CHUNK)
  if not octets then
    if err ~= "timeout" then self.server.running = false end
    return
  end
  self.inbox:add(octets)
  for request in self.inbox.next, self.inbox do
    self.requests[#self.requests + 1] = request
  end
end

-- What the parent may ask for: name → function(server, arguments...).
local answers = {
  transcript = function(server)
    local entries, lost = server.journal:list()
    return { entries = entries, lost = lost, errors = server.errors,
             sessions = server.last_id }
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
  reset = function(server)
    server:reset()
    return true
  end,
  stop = function(server)
    server.running = false
    return true
  end,
}

function Control:answer(id, ...)
  if not write_all(self.fd, wire.encode { id = id,
                                          answer = table.pack(...) }) then
    self.server.running = false
  end
end

-- Answer what was asked for.
function Control:serve()
  for _, request in ipairs(self.requests) do
    local id = request.id
    if request[1] == "wait_for" then
      self.waiting = { id = id, verb = request[2], count = request[4],
                       deadline = core.now() + request[3] }
    else
      local result = table.pack(pcall(answers[request[1]], self.server,
                                      table.unpack(request, 2, request.n)))
      if result[1] then self:answer(id, table.unpack(result, 2, result.n))
      else self:answer(id, nil, check.said(result[2]), "raise") end
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
    self:answer(w.id, true)
  elseif left <= 0 then
    self.waiting = nil
    self:answer(w.id, nil, ("%s: %d of %d came"):format(w.verb, count, w.count),
                "timeout")
  end
  return left > 0 and left or 0
end

local ROUNDS = 1000  -- of steps before a question, under load without a pause

-- Serve. A question is answered once nothing else is there to do, so that it
-- finds done what clients sent before it was asked.
local function serve(server, control)
  control.server = server
  server:mark()
  assert(server:attend(control.fd:getfd(), "r", function() control:ready() end))
  server.running = true
  local rounds = 0
  while server.running do
    local left = control:look()
    local asked = control.requests[1] ~= nil
    local n = assert(server:turn(asked and 0 or left))
    rounds = asked and rounds + 1 or 0
    if asked and (n == 0 or rounds > ROUNDS) then control:serve() end
  end
  server:stop()
end

-- Leave what the parent has: its sessions go on there, and when it closes a
-- socket, that must be the end of it.
local function disown(server, fd)
  core.disown(server.listener:getfd(), fd:getfd())
  if server.poller then server.poller:close() end
  server.poller, server.by_fd, server.sessions, server.locks = nil, {}, {}, {}
  server.parting = {}
  server.heap, server.idle = timers.heap(), timers.queue(server.autologout)
  server.stepping, server.deaf, server.attended = false, false, {}
  server.pid = core.getpid()
end

local function be_child(server, fd)
  disown(server, fd)
  local ok, err = xpcall(serve, debug.traceback, server, setmetatable({
    fd = fd, inbox = wire.inbox(), requests = {},
  }, Control))
  if not ok then io.stderr:write("pop3.server: ", tostring(err), "\n") end
  core.exit(ok and 0 or 1)
end

-- --------------------------------------------------------------- the parent

local Run = { __name = "pop3.run" }
local methods = {}
Run.__index = methods

--- Start a server in a child process; what `server:fork` does.
-- @local
-- @tparam pop3.server server
-- @treturn pop3.run or nil, message, "io"; with the fields `port`, `pid`,
-- `host` and `cafile`
function child.fork(server)
  local port, err, code = server:listen()
  if not port then return nil, "fork: " .. err, code end
  local mine, its = core.socketpair()
  if not mine then return nil, "fork: " .. tostring(its), "io" end
  local pid
  pid, err, code = core.fork()
  if not pid then return nil, err, code end
  if pid == 0 then
    mine:close()
    be_child(server, its)
  end
  its:close()
  server.listener:close()
  server.listener = nil
  return setmetatable({
    host = server.host, port = server.port, pid = pid, fd = mine,
    cafile = server.cafile, certificates = server.certificates,
    inbox = wire.inbox(), asked = 0, owner = core.getpid(),
  }, Run)
end

local SILENT = "the server does not answer"
local PATIENCE = 30  -- seconds for an answer that needs no waiting

-- The child's answer to a question. One that came too late for an earlier
-- question is passed over.
local function receive(run, id, seconds)
  local deadline = core.now() + seconds
  while true do
    local message = run.inbox:next()
    if message then
      if message.id == id then return message.answer end
    else
      local octets, err = run.fd:read(CHUNK)
      if octets then run.inbox:add(octets)
      elseif err ~= "timeout" then
        return { nil, "the server's process has ended", "closed", n = 3 }
      else
        local left = deadline - core.now()
        if left <= 0 then return { nil, SILENT, "timeout", n = 3 } end
        core.poll(run.fd:getfd(), "r", left)
      end
    end
  end
end

local function ask(run, seconds, ...)
  if run.stopped then check.misuse(2, "the server is stopped") end
  run.asked = run.asked + 1
  local request = table.pack(...)
  request.id = run.asked
  local ok, octets = pcall(wire.encode, request)
  if not ok then check.misuse(2, "%s", octets) end
  if run.silent then return nil, SILENT, "timeout" end
  local sent, why = write_all(run.fd, octets)
  if why == "timeout" then
    run.silent = true
    return nil, SILENT, "timeout"
  elseif not sent then
    return nil, "the server's process has ended", "closed"
  end
  local answer = receive(run, request.id, seconds)
  if answer[3] == "raise" then check.misuse(2, "%s", answer[2]) end
  return table.unpack(answer, 1, answer.n)
end

--- What was said so far, see `pop3.server:transcript`.
-- @treturn transcript
function methods:transcript()
  local all, err, code = ask(self, PATIENCE, "transcript")
  if not all then return nil, err, code end
  return transcript.new(all.entries)
end

--- Check the commands that came, see `pop3.server:verify`.
-- @tparam table list
-- @treturn boolean true
function methods:verify(list)
  local want = expect.new(list, 1)
  local all, err = ask(self, PATIENCE, "transcript")
  local problem = err
  if all then
    problem = expect.compare(want, all.entries, all.lost, all.errors,
                            all.sessions)
  end
  if problem then error(problem, 2) end
  return true
end

--- How many commands of a verb came.
-- @tparam string verb
-- @treturn integer
function methods:count(verb)
  check.text(verb, "count: the verb", 1)
  local n, err, code = ask(self, PATIENCE, "count", verb)
  return n, err, code
end

--- Wait until so many commands of a verb have come, counted from the start.
-- @tparam string verb
-- @tparam number seconds
-- @tparam[opt=1] integer count
-- @treturn boolean true, or nil, message, "timeout"
function methods:wait_for(verb, seconds, count)
  check.wait_for(verb, seconds, count, 1)
  local ok, err, code = ask(self, seconds + 1, "wait_for", verb, seconds,
                            count or 1)
  return ok, err, code
end

--- The messages that a user's maildrop holds now.
-- @tparam string user
-- @treturn {string,...} octets
function methods:mailbox(user)
  local list, err, code = ask(self, PATIENCE, "mailbox", user)
  return list, err, code
end

--- Deliver a message. It takes the last number at the next login.
-- @tparam string user
-- @tparam string octets
-- @treturn boolean true
function methods:deliver(user, octets)
  local ok, err, code = ask(self, PATIENCE, "deliver", user, octets)
  return ok, err, code
end

--- Move the server's clock.
-- @tparam number seconds
-- @treturn boolean true
function methods:advance(seconds)
  local ok, err, code = ask(self, PATIENCE, "advance", seconds)
  return ok, err, code
end

--- Add a fault without functions in it, see `pop3.server.fault`.
-- @tparam table f
-- @treturn boolean true
function methods:fault(f)
  local ok, err, code = ask(self, PATIENCE, "fault", f)
  return ok, err, code
end

--- Back to how it was when it was forked, see `pop3.server:reset`.
-- @treturn boolean true
function methods:reset()
  local ok, err, code = ask(self, PATIENCE, "reset")
  return ok, err, code
end

local LAST = 2  -- seconds that a child has to end by itself

--- Stop the server. Does nothing the second time, and in another process than
-- the one that forked it.
-- @treturn integer the child's exit status
function methods:stop()
  if self.stopped then return self.status end
  self.stopped = true
  if self.owner ~= core.getpid() then  -- a copy; the server is not its child
    self.fd:close()
    return nil
  end
  if not self.silent
     and write_all(self.fd, wire.encode { "stop", n = 1, id = 0 }) then
    local deadline = core.now() + LAST
    repeat
      local left = deadline - core.now()
      local _, err = self.fd:read(CHUNK)
      if err == "timeout" and left > 0 then
        core.poll(self.fd:getfd(), "r", left)
      end
    until err == "closed" or left <= 0
  end
  self.fd:close()
  local status, none = core.waitpid(self.pid, true)
  if not status and not none then
    core.kill(self.pid)
    status = core.waitpid(self.pid)
  end
  -- one that somebody else has waited for has a number that may be another's now
  self.status = status
  return status
end

Run.__close = methods.stop
Run.__gc = methods.stop

function Run:__tostring()
  return ("pop3.run (%s:%d, process %d)"):format(self.host, self.port, self.pid)
end

return child
