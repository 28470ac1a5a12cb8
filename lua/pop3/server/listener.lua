--- A server in this process: it listens, waits for descriptors and timers, and
-- ends connections.
-- @submodule pop3.server

local argument = require "pop3.util.argument"
local core = require "pop3.core"

-- Methods that run once a read, without the look-up.
local engine_rest = core.types["pop3.server.engine"].rest
local fd_recv = core.types["pop3.fd"].recv

local methods = {}

-- ------------------------------------------------------------- the listener

--- Listen, unless the server listens already.
-- @treturn integer the port; or nil, message, "io"
-- @usage local port = assert(server:listen())
function methods:listen()
  if self.listener then return self.port end
  local socket = require "socket"
  local sock, err = socket.bind(self.host, self.wanted_port, 4096)
  if not sock then
    return nil, ("listen: %s:%d: %s"):format(self.host, self.wanted_port, err),
           "io"
  end
  local _, number = sock:getsockname()
  self.port = math.tointeger(tonumber(number))
  self.listener = assert(core.fd(sock:getfd()))
  sock:setfd(-1)
  self.started = self.started or core.now()
  return self.port
end

-- Create the poller, in the process that uses it.
local function open_poller(self)
  local port, err, code = self:listen()
  if not port then return nil, err, code end
  self.poller, err, code = core.poller()
  if not self.poller then return nil, err, code end
  self.ready_list = {}
  self.listening = self.listener:getfd()
  assert(self.poller:watch(self.listening, "r", false))
  return true
end

-- Accept connections, a limited number at a time. Without free descriptors the
-- listener is ignored until a session ends or a second has passed.
local function accept(self)
  for _ = 1, 64 do
    local fd, peer = self.listener:accept()
    if not fd then
      if peer ~= "timeout" then
        self.poller:watch(self.listening, "", true)
        self.deaf = self.time
      end
      return
    end
    self:watch(self:begin(fd, peer))
  end
end

-- A descriptor may be free: poll the listener again.
local function hear(self)
  if not self.deaf then return end
  self.deaf = false
  self.poller:watch(self.listening, "r", false)
end

-- -------------------------------------------------------------- connections

local PARTING = 0.005  -- seconds between two checks of connections to reset
local PATIENCE = 10    -- seconds without progress, then it is reset

-- End a connection by FIN or RST. A reset drops what the kernel has not sent
-- yet: it waits until all is sent, or until the peer does not read.
function methods:part(fd, how)
  local left = how == "rst" and fd:unsent()
  if not left then
    fd:drain()
    fd:close()
  elseif left == 0 then
    fd:close(true)
  else
    self.parting[#self.parting + 1] = { fd = fd, left = left,
                                        since = core.now() }
  end
end

local function look_at_parting(self)
  local now = core.now()
  for i = #self.parting, 1, -1 do
    local link = self.parting[i]
    local unsent = link.fd:unsent()
    if unsent < link.left then link.left, link.since = unsent, now end
    if unsent == 0 or now - link.since >= PATIENCE then
      link.fd:close(true)
      table.remove(self.parting, i)
    end
  end
end

function methods:forget(session)
  self.sessions[session.id] = nil
  self.idle:remove(session)
  if session.fd then
    if session.watched then
      self.poller:watch(session.number, "", true)
      session.watched = false
    end
    if self.by_fd[session.number] == session then
      self.by_fd[session.number] = nil
    end
    hear(self)
  end
end

-- Tell the poller what a session waits for: room to write, octets to read, or
-- only the end of the connection.
local function watch(self, session)
  if session.ended or not session.fd then return end
  local want
  if session.blocked then want = "w"
  elseif session.eof then want = false
  elseif session.held then want = "h"  -- nothing is read, but a hang-up is seen
  else
    want = "r"
    engine_rest(session.engine)
    if session.tls then session.tls:rest() end
  end
  if want == session.watched then return end
  self.poller:watch(session.number, want or "", session.watched)
  session.watched = want
end
methods.watch = watch

-- The descriptor of a session is ready.
local function ready(self, session)
  if session.blocked then
    session:advance()
  elseif session.watched == "h" then
    local n, err
    repeat n, err = fd_recv(session.fd, session.port) until not n
    if err == "closed" then session:gone() end
  else
    local fd = session.fd
    repeat
      local n, more = fd_recv(fd, session.port)
      if not n then
        if more ~= "closed" then break end
        session.eof = true
      end
      session:advance()
    until not more or session.blocked or session.held or session.eof
          or session.ended
  end
  return watch(self, session)
end

-- ------------------------------------------------------------------- a turn

-- One turn of the loop, see `turn`; the poller is open, and `stepping` is set.
local function serve(self, seconds)
  local wait = seconds
  local due, at = self.idle.after.due, self.heap.at[1]
  if at and not (due and due < at) then due = at end
  if due then
    -- the exact time is computed, and the clock read, only when something is due
    -- soon
    local left = due - self.time
    if left < 60 or self.clock then
      due = self:next_due()
      left = math.max(due - self:tick(), 0)
      if left == 0 then self:fire() end  -- it was due before what comes now
    end
    if not wait or left < wait then wait = left end
  end
  if self.deaf then
    if self.time - self.deaf >= 1 then hear(self)
    else wait = math.min(wait or 1, 1) end
  end
  if self.parting[1] then wait = math.min(wait or PARTING, PARTING) end
  local list, by_fd = self.ready_list, self.by_fd
  local n = assert(self.poller:wait(list, wait))
  local now = self:tick()
  for i = 1, n do
    local number = list[i]
    local session = by_fd[number]
    if session then ready(self, session)
    elseif number == self.listening then accept(self)
    elseif self.attended[number] then
      self.attended[number]()
    end
  end
  at = self.heap.at[1]
  if at and at <= now or due and due <= now then self:fire() end
  if self.parting[1] then look_at_parting(self) end
  return n
end

-- Call act(self, seconds), which serves, as a step: handlers in it cannot begin
-- another one, and a `stop` in it takes effect after it. Returns what `act`
-- returns; or nil, message, "io".
local function in_step(self, act, seconds)
  if self.stepping then
    argument.misuse(2, "step: not from a handler: it runs in a step")
  end
  if not self.poller then
    local ok, err, code = open_poller(self)
    if not ok then return nil, err, code end
  end
  self.stepping = true
  local _ <close> = self.step_guard
  local result = act(self, seconds)
  if self.stopping then
    self.stepping = false
    self:stop()
  end
  return result
end

-- Wait at most `seconds` (nil: no limit) for an event, and handle it.
function methods:turn(seconds)
  local n, err, code = in_step(self, serve, seconds)
  return n, err, code
end

-- Wait for a descriptor that is not a session's; `act` is called when it can be
-- read ("r") or written ("w"). The modes "" end that.
function methods:attend(number, modes, act)
  if modes == "" and not self.poller then return true end  -- it has stopped
  if not self.poller then
    local ok, err, code = open_poller(self)
    if not ok then return nil, err, code end
  end
  local before = self.attended[number] ~= nil
  if before or modes ~= "" then
    assert(self.poller:watch(number, modes, before))
  end
  self.attended[number] = modes ~= "" and act or nil
  return true
end

local ENDS = { fin = true, rst = true, half = true }

--- End a session now, without an update.
-- @tparam integer id its number
-- @tparam[opt="fin"] string how "fin", "rst", or "half": only the server's side
-- is closed
-- @treturn boolean true; or nil, message, "state" when no such session is open
-- @usage server:drop(1, "rst")
function methods:drop(id, how)
  if how ~= nil and not ENDS[how] then
    argument.misuse(1, "drop: it ends by fin, rst or half, not %s",
                    tostring(how))
  end
  local session = self.sessions[id]
  if not session then
    return nil, ("drop: session %s is not open"):format(tostring(id)), "state"
  end
  session:finish(how or "fin")
  return true
end

--- Serve once: wait for an event, and handle it.
-- @tparam[opt=0] number seconds to wait at most
-- @treturn integer how many descriptors were ready; or nil, message, "io"
-- @usage
-- while server:count "QUIT" == 0 and server:now() < 1 do server:step(1) end
function methods:step(seconds)
  if seconds ~= nil and type(seconds) ~= "number" then
    argument.misuse(1, "step: seconds must be a number, not a %s",
                    type(seconds))
  end
  local n, err, code = in_step(self, serve, seconds or 0)
  return n, err, code
end

-- Serve until `stop` is called.
local function serve_all(self)
  while self.running do serve(self, nil) end
  return true
end

--- Serve until a handler or a hook calls `stop`.
-- @treturn boolean true; or nil, message, "io" when the server cannot listen
function methods:run()
  self.running = true
  local ok, err, code = in_step(self, serve_all)
  return ok, err, code
end

--- Stop serving: `run` returns, and sessions end without an update. A handler
-- may call it: its reply is sent before.
function methods:stop()
  self.running = false
  self.stopping = self.stepping
  if self.stopping then return end
  local open = {}
  for _, session in pairs(self.sessions) do open[#open + 1] = session end
  table.sort(open, function(a, b) return a.id < b.id end)
  for _, session in ipairs(open) do
    -- in memory, what is written counts as sent, as it does in a socket
    if not session.fd then session.last = session:take_out(math.maxinteger) end
    session:finish "fin"
  end
  for _, link in ipairs(self.parting) do link.fd:close(true) end
  self.parting = {}
  if self.poller then self.poller:close() end
  if self.listener then self.listener:close() end
  self.poller, self.listener, self.port, self.deaf = nil, nil, nil, false
  self.attended = {}
end

return methods
