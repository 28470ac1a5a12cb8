--- A server in a child process: `server:fork` returns it. Any client can
-- connect to it, also one that blocks; the methods here ask the child over a
-- channel.
--
-- A method returns nil, message, "closed" when the child has ended, and nil, message,
-- "timeout" when it does not answer within 30 seconds, for example when a handler never
-- returns.
-- @classmod pop3.run
-- @alias methods
-- @usage
-- local server = pop3.server.new{ users = { mrose = { password = "secret" } } }
-- local run <close> = server:fork()
-- assert(run:deliver("mrose", "Subject: hi\r\n\r\nhi\r\n"))
-- print(run.host, run.port, #run:mailbox "mrose")

--- Fields.
-- @table fields
-- @tfield string host the address that it listens on
-- @tfield integer port
-- @tfield integer pid of the child process
-- @tfield ?string cafile as of the server

local argument = require "pop3.util.argument"
local channel = require "pop3.server.channel"
local core = require "pop3.core"
local expect = require "pop3.verify"
local serve_child = require "pop3.server.child"
local transcript = require "pop3.verify.transcript"

local Run = { __name = "pop3.run" }
local methods = {}
Run.__index = methods

local CHUNK = 1024 * 1024  -- octets read at once
local PATIENCE = 30        -- seconds for an answer, besides the request's own
local GRACE = 10           -- seconds for the child to end after it was told to

local SILENT = "the server does not answer"
local ENDED = "the server's process has ended"

-- Start a server in a child process.
local function fork(server)
  local port, err, code = server:listen()
  if not port then return nil, "fork: " .. err, code end
  local mine, its = core.socketpair()
  if not mine then return nil, "fork: " .. tostring(its), "io" end
  local pid
  pid, err, code = core.fork()
  if not pid then return nil, err, code end
  if pid == 0 then
    mine:close()
    serve_child(server, its)
  end
  its:close()
  server.listener:close()
  server.listener = nil
  return setmetatable({
    host = server.host, port = server.port, pid = pid, fd = mine,
    cafile = server.cafile, certificates = server.certificates,
    inbox = channel.inbox(), asked = 0, owner = core.getpid(), grace = GRACE,
  }, Run)
end

-- The child's answer to a request. An answer that came too late for an earlier
-- request is skipped.
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
        return { nil, ENDED, "closed", n = 3 }
      else
        local left = deadline - core.now()
        if left <= 0 then return { nil, SILENT, "timeout", n = 3 } end
        core.poll(run.fd:getfd(), "r", left)
      end
    end
  end
end

-- Send a request and wait for the answer: its fields, or nil, message, code.
local function ask(run, name, fields, seconds)
  if run.stopped then argument.misuse(2, "the server is stopped") end
  run.asked = run.asked + 1
  local ok, octets = pcall(channel.encode, { id = run.asked, name = name,
                                             fields = fields or {} })
  if not ok then argument.misuse(2, "%s", octets) end
  if run.silent then return nil, SILENT, "timeout" end
  local sent, why = channel.send(run.fd, octets)
  if why == "timeout" then
    run.silent = true
    return nil, SILENT, "timeout"
  elseif not sent then
    return nil, ENDED, "closed"
  end
  local answer = receive(run, run.asked, (seconds or 0) + PATIENCE)
  if answer[3] == "argument" then argument.misuse(2, "%s", answer[2]) end
  return answer[1], answer[2], answer[3]
end

-- True in place of the fields of an answer.
local function done(fields, err, code)
  if not fields then return nil, err, code end
  return true
end

--- The transcript so far, see `pop3.server:transcript`.
-- @treturn {table,...} entries
function methods:transcript()
  local all, err, code = ask(self, "transcript")
  if not all then return nil, err, code end
  return transcript.new(all.transcript)
end

--- Check the commands that came, see `pop3.server:verify`. An error of a
-- handler and a child that does not answer raise an error as well.
-- @tparam table list
-- @treturn boolean true
-- @usage
-- local run <close> = pop3.server.new{}:fork()
-- local s = assert(pop3.connect{ host = run.host, port = run.port,
--                                tls = "none" })
-- s:quit()
-- run:verify{ "QUIT" }
function methods:verify(list)
  expect.new(list, 1)  -- misuse is an error here, not in the child
  local fields = { never = list.never, count = list.count,
                   session = list.session, commands = {} }
  for i, item in ipairs(list) do fields.commands[i] = item end
  local ok, problem = ask(self, "verify", fields)
  if not ok then error(problem, 2) end
  return true
end

--- How many commands with a verb came.
-- @tparam string verb in upper or lower case
-- @treturn integer
function methods:count(verb)
  argument.text(verb, "count: the verb", 1)
  local answer, err, code = ask(self, "count", { verb = verb })
  if not answer then return nil, err, code end
  return answer.count
end

--- Wait until a number of commands with a verb has come, counted from the
-- start.
-- @tparam string verb
-- @tparam number seconds to wait at most
-- @tparam[opt=1] integer count
-- @treturn boolean true, or nil, message, "timeout"
-- @usage
-- local run <close> = pop3.server.new{}:fork()
-- local s = assert(pop3.connect{ host = run.host, port = run.port,
--                                tls = "none" })
-- s:capa()
-- assert(run:wait_for("CAPA", 30))
function methods:wait_for(verb, seconds, count)
  argument.wait_for(verb, seconds, count, 1)
  return done(ask(self, "wait_for", { verb = verb, seconds = seconds,
                                      count = count }, seconds))
end

--- The messages in a user's maildrop now.
-- @tparam string user
-- @treturn {string,...} messages as octets; or nil, message, code
function methods:mailbox(user)
  local answer, err, code = ask(self, "mailbox", { user = user })
  if not answer then return nil, err, code end
  return answer.mail
end

--- Deliver a message. It has the last number at the next login.
-- @tparam string user
-- @tparam string octets of the message
-- @treturn boolean true, or nil, message, code
function methods:deliver(user, octets)
  return done(ask(self, "deliver", { user = user, mail = octets }))
end

--- The maildrops of all users, see `pop3.server:list_maildrops`.
-- @treturn {table,...}
function methods:list_maildrops()
  local answer, err, code = ask(self, "maildrops")
  if not answer then return nil, err, code end
  return answer.maildrops
end

--- Some messages of a maildrop, see `pop3.server:list_messages`.
-- @tparam string user
-- @tparam[opt=1] integer from
-- @tparam[opt=100] integer most
-- @treturn {table,...}
-- @treturn integer how many messages the maildrop has
function methods:list_messages(user, from, most)
  local answer, err, code = ask(self, "messages",
                                { user = user, from = from, most = most })
  if not answer then return nil, err, code end
  return answer.messages, answer.count
end

--- A message as `pop3.message` reads it, see `pop3.server:read_message`.
-- @tparam string user
-- @tparam integer n its number
-- @tparam[opt] integer limit octets of text
-- @treturn table; or nil, message, code
function methods:read_message(user, n, limit)
  return ask(self, "read", { user = user, number = n, limit = limit })
end

--- One part of a message, see `pop3.server:read_part`.
-- @tparam string user
-- @tparam integer n the number of the message
-- @tparam[opt] string path
-- @tparam[opt="octets"] string form
-- @treturn string octets; or nil, message, code
-- @treturn string the type
-- @treturn string a safe name for a file
function methods:read_part(user, n, path, form)
  local answer, err, code = ask(self, "part", { user = user, number = n,
                                                path = path, form = form })
  if not answer then return nil, err, code end
  return answer.octets, answer.type, answer.filename
end

--- Move the server's clock, as `pop3.server:advance` does.
-- @tparam number seconds
-- @treturn boolean true
function methods:advance(seconds)
  return done(ask(self, "advance", { seconds = seconds }))
end

--- Add a fault without functions.
-- @tparam pop3.server.fault f
-- @treturn boolean true
function methods:fault(f)
  return done(ask(self, "fault", { fault = f }))
end

--- The faults of the server, see `pop3.server:list_faults`. A function in one
-- is the text "a function".
-- @treturn {table,...}
function methods:list_faults()
  local answer, err, code = ask(self, "faults")
  if not answer then return nil, err, code end
  return answer.faults
end

--- Remove a fault, or all faults.
-- @tparam[opt] integer id see `list_faults`
-- @treturn boolean true; or nil, message, "state" when there is no such fault
function methods:clear_faults(id)
  return done(ask(self, "faults", { clear = id or true }))
end

--- Add a user, change one, or remove one, see `pop3.server:user`.
-- @tparam string name
-- @tparam ?pop3.server.user_fields fields
-- @treturn boolean true; or nil, message, "state" when there is no user to
-- remove
function methods:user(name, fields)
  argument.text(name, "user: the name", 1)
  local request = { user = name, remove = fields == nil or nil }
  for field, value in pairs(fields or {}) do request[field] = value end
  return done(ask(self, "user", request))
end

--- Behave like another known server, see `pop3.server:preset`.
-- @tparam[opt] string name of the preset
-- @treturn boolean true
function methods:preset(name)
  return done(ask(self, "preset", { preset = name }))
end

--- Run Lua in the server's process, to set handlers. The chunk finds `server`,
-- `on` and `default`.
-- @tparam string lua
-- @treturn boolean true; an error in the chunk raises an error
-- @usage
-- local run <close> = pop3.server.new{}:fork()
-- run:handlers "function on.NOOP(session) return session:ok 'still here' end"
function methods:handlers(lua)
  return done(ask(self, "handlers", { lua = lua }))
end

--- The sessions that are open, see `pop3.server:list_sessions`.
-- @treturn {table,...}
function methods:list_sessions()
  local answer, err, code = ask(self, "sessions")
  if not answer then return nil, err, code end
  return answer.sessions
end

--- End a session now, see `pop3.server:drop`.
-- @tparam integer id
-- @tparam[opt="fin"] string how
-- @treturn boolean true; or nil, message, "state" when no such session is open
function methods:drop(id, how)
  return done(ask(self, "drop", { session = id, how = how }))
end

--- Seconds on the server's clock.
-- @treturn number
function methods:now()
  local answer, err, code = ask(self, "stats")
  if not answer then return nil, err, code end
  return answer.time
end

--- Make a certificate for a client, see `pop3.server:client_certificate`.
-- @tparam string user
-- @treturn string path of the certificate
-- @treturn string path of its key
function methods:client_certificate(user)
  argument.text(user, "client_certificate: the user", 1)
  if not self.cafile then
    argument.misuse(1, "client_certificate: the server has no CA of its own")
  end
  -- the CA is the same in both processes; these files go with this one
  return self.certificates:client_certificate(user)
end

--- Save the present mail, users and faults, see `pop3.server:snapshot`.
-- @treturn boolean true
function methods:snapshot()
  return done(ask(self, "snapshot"))
end

--- Go back to the state in which the server was forked, see
-- `pop3.server:reset`.
-- @treturn boolean true
function methods:reset()
  return done(ask(self, "reset"))
end

--- Stop the server. The child is killed when it does not end within `grace`
-- seconds (a field, 10), for example when a handler never returns. The second call does
-- nothing, and so does a call in another process than the one that forked it.
-- @treturn integer the exit status of the child, nil when that is not known
function methods:stop()
  if self.stopped then return self.status end
  self.stopped = true
  if self.owner ~= core.getpid() then  -- a copy: the server is not its child
    self.fd:close()
    return nil
  end
  local request = channel.encode { id = 0, name = "stop", fields = {} }
  if not self.silent and channel.send(self.fd, request) then
    local deadline = core.now() + self.grace
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
  -- without a child of that number, other code has waited for it: the number
  -- may belong to another process now
  self.status = status
  return status
end

Run.__close = methods.stop
Run.__gc = methods.stop

function Run:__tostring()
  return ("pop3.run (%s:%d, process %d)"):format(self.host, self.port, self.pid)
end

return fork
