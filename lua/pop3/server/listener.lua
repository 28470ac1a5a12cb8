--- How a server serves in this process: it listens, waits for its descriptors,
-- and does what they are ready for; and how links end.
-- @submodule pop3.server

local check = require "pop3.util.argument"
local core = require "pop3.core"

-- These run once a read, without the look-up.
local engine_rest = core.types["pop3.server.engine"].rest
local fd_recv = core.types["pop3.fd"].recv

local methods = {}

-- ------------------------------------------------------------- the listener

--- Listen, if it does not yet.
-- @treturn integer the port, or nil, message, "io"
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
  core.maxfiles()
  return self.port
end

-- The poller, made in the process that uses it.
local function open_poller(self)
  if self.poller then return true end
  local port, err, code = self:listen()
  if not port then return nil, err, code end
  self.poller, err, code = core.poller()
  if not self.poller then return nil, err, code end
  self.ready_list = {}
  self.listening = self.listener:getfd()
  assert(self.poller:watch(self.listening, "r", false))
  return true
end

-- Take connections, a bounded number at a time. Without descriptors to spare
-- the listener is left alone until a session has ended, or a second later.
local function accept(self)
  for _ = 1, 64 do
    local fd, err = self.listener:accept()
    if not fd then
      if err ~= "timeout" then
        self.poller:watch(self.listening, "", true)
        self.deaf = self.time
      end
      return
    end
    self:watch(self:begin(fd))
  end
end

-- Out of descriptors, the listener was left alone; there may be one again.
local function hear(self)
  if not self.deaf then return end
  self.deaf = false
  self.poller:watch(self.listening, "r", false)
end

-- -------------------------------------------------------------------- links

local PARTING = 0.005  -- seconds between two looks at links to be reset
local PATIENCE = 10    -- seconds without any octet that leaves, then it is reset

-- A link ends, by FIN or RST. A reset takes away what the kernel has not sent
-- yet, so it waits until there is no such thing, or the peer does not read.
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

-- Wait for what the session waits for: room to write, octets to read, or
-- nothing but time.
local function watch(self, session)
  if session.ended or not session.fd then return end
  local want
  if session.blocked then want = "w"
  elseif session.eof then want = false
  elseif session.held then want = "h"  -- nothing is read, but the end is seen
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

-- A descriptor is ready.
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
      if n then
        session:advance()
      elseif more == "closed" then
        session.eof = true
        session:advance()
      end
    until not more or not n or session.blocked or not session:listening()
  end
  watch(self, session)
end

-- ------------------------------------------------------------------- a turn

-- Wait for something to do, for so many seconds or, with nil, for ever; do it.
local function turn(self, seconds)
  if self.stepping then
    check.misuse(2, "step: not from a handler, which runs in a step")
  end
  local ok, err, code = open_poller(self)
  if not ok then return nil, err, code end
  self.stepping = true
  local _ <close> = self.step_guard
  if self.deaf and self.time - self.deaf >= 1 then hear(self) end
  local due = self:next_due()
  local wait = seconds
  if due then
    -- a look at the clock is only worth it when something is near
    local left = due - self.time
    if left < 60 or self.clock then left = math.max(due - self:tick(), 0) end
    if left == 0 then self:fire() end  -- it was due before what comes now
    if not wait or left < wait then wait = left end
  end
  if self.deaf then wait = math.min(wait or 1, 1) end
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
  if due and due <= now or (self.heap.at[1] or now + 1) <= now then
    self:fire()
  end
  if self.parting[1] then look_at_parting(self) end
  if self.stopping then
    self.stepping = false
    self:stop()
  end
  return n
end
methods.turn = turn

-- Wait for one more descriptor, beside those of sessions; `act` is called when
-- it can be read, or written ("w"). Modes "" end that.
function methods:attend(number, modes, act)
  if modes == "" and not self.poller then return true end  -- it has stopped
  local ok, err, code = open_poller(self)
  if not ok then return nil, err, code end
  local before = self.attended[number] ~= nil
  if before or modes ~= "" then
    assert(self.poller:watch(number, modes, before))
  end
  self.attended[number] = modes ~= "" and act or nil
  return true
end

--- Serve for a while: wait until there is something to do, do it.
-- @tparam[opt=0] number seconds to wait at the most
-- @treturn integer how many descriptors were ready, or nil, message, "io"
function methods:step(seconds)
  if seconds ~= nil and type(seconds) ~= "number" then
    check.misuse(1, "step: the seconds must be a number, not a %s", type(seconds))
  end
  local n, err, code = turn(self, seconds or 0)
  return n, err, code
end

--- Serve until `stop` is called, by a handler or a hook.
-- @treturn boolean true, or nil, message, "io" when it cannot listen
function methods:run()
  self.running = true
  while self.running do
    local n, err, code = turn(self, nil)
    if not n then return nil, err, code end
  end
  return true
end

--- Stop serving: `run` returns, sessions end, nothing is deleted. A handler's
-- reply leaves before that.
function methods:stop()
  self.running = false
  self.stopping = self.stepping
  if self.stopping then return end
  local open = {}
  for _, session in pairs(self.sessions) do open[#open + 1] = session end
  table.sort(open, function(a, b) return a.id < b.id end)
  for _, session in ipairs(open) do
    -- in memory, what is written is with the client, as it is in a socket
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
