--- Helpers that all specs share: a scripted peer with a virtual clock, checks of
-- failures and of misuse, temporary directories, child processes, sampling.

local assert = require "luassert"
local core = require "pop3.core"
local pop3 = require "pop3"
local sample = require "spec.support.sample"
local socket = require "socket"

local helper = {}

--- Seconds after which something that should happen is said not to happen. A
-- run that passes never waits for it, on the slowest machine either.
helper.PATIENCE = 300

--- `seed()`, `random(first, last)`, `sweep(first, last, most)`,
-- `some(list, most)`, `one_in(n)`: see spec/support/sample.lua. `all` is true
-- with LPOP3_ALL=1.
helper.seed, helper.random = sample.seed, sample.random
helper.sweep, helper.some = sample.sweep, sample.some
helper.one_in, helper.all = sample.one_in, sample.all

local huge = math.huge

-- ---------------------------------------------------------- a scripted peer

--- What a script can hold in place of octets.
helper.CLOSED = setmetatable({}, { __name = "closed" })
helper.SILENCE = huge

local Peer = { __name = "spec.peer", loopback = true }
Peer.__index = Peer

--- A transport that plays a script: its first entry is the greeting, each other
-- one is { command, reply }. A command is the whole line or
-- "~" and a pattern. A reply is
--
-- - a line, which gets its CRLF, or octets that have their line ends
-- - a list of unchanged octets, seconds to wait, `CLOSED`, `SILENCE`
-- - a function of the command that returns one of these
--
-- `opts`: `chunk` octets come at once at the most; the first chunk ends after
-- `split` octets; after `stop` octets only `ending` ("closed") comes;
-- `accept` octets are taken at once at the most; `foreign`: it is not a loopback.
function helper.peer(script, opts)
  opts = opts or {}
  local self = setmetatable({
    script = script, at = 1, time = 0, opts = opts,
    got = {},          -- commands
    line = "",         -- of a command that has not ended
    queue = {},        -- what is to be received
    from = 1,          -- in the first of it
    queued = 0,        -- octets that ever were in it
    given = 0,         -- octets that were received
    ends = {},         -- of replies, in octets given
    most = 0,          -- commands without their whole reply, at the most
    closed = 0,        -- calls of close
  }, Peer)
  if opts.foreign then self.loopback = false end
  self:say(script[1])
  return self
end

function Peer:push(octets)
  local queue = self.queue
  if type(octets) == "string" then
    self.queued = self.queued + #octets
    if type(queue[#queue]) == "string" then
      queue[#queue] = queue[#queue] .. octets
      return
    end
  end
  queue[#queue + 1] = octets
end

function Peer:say(reply)
  if type(reply) == "string" then
    self:push(reply:find "\n" and reply or reply .. "\r\n")
  elseif getmetatable(reply) or type(reply) == "number" then
    self:push(reply)
  else
    for _, part in ipairs(reply) do self:push(part) end
  end
  self.ends[#self.ends + 1] = self.queued
end

-- Commands without their whole reply.
function Peer:outstanding()
  local done = 0
  for _, at in ipairs(self.ends) do
    if at <= self.given then done = done + 1 end
  end
  return #self.got + 1 - done
end

function Peer:command(line)
  self.got[#self.got + 1] = line
  self.at = self.at + 1
  local step = self.script[self.at]
  if not step then
    error("the client sent more than the script has: " .. line, 0)
  end
  local want, reply = step[1], step[2]
  if want ~= line
     and not (want:sub(1, 1) == "~" and line:find(want:sub(2))) then
    error(("the client sent '%s', the script has '%s'"):format(line, want), 0)
  end
  if type(reply) == "function" then reply = reply(line) end
  self:say(reply)
  self.most = math.max(self.most, self:outstanding())
end

function Peer:now()
  return self.time
end

function Peer:settimeout(seconds)
  self.timeout = seconds
end

function Peer:send(octets)
  if self.gone then return nil, "closed" end
  if self.opts.accept then octets = octets:sub(1, self.opts.accept) end
  self.line = self.line .. octets
  while true do
    local line, rest = self.line:match "^(.-)\r\n(.*)$"
    if not line then return #octets end
    self.line = rest
    self:command(line)
  end
end

-- How many octets may be given now.
function Peer:size(max)
  local opts, n = self.opts, math.min(max, #self.queue[1] + 1 - self.from)
  if opts.chunk then n = math.min(n, opts.chunk) end
  for _, border in ipairs { opts.split or huge, opts.stop or huge } do
    if self.given < border then n = math.min(n, border - self.given) end
  end
  return n
end

function Peer:receive(max)
  local left = self.timeout or huge
  local queue, opts = self.queue, self.opts
  while true do
    local part = queue[1]
    if part == helper.CLOSED or opts.stop == self.given then
      local ending = opts.stop == self.given and opts.ending or "closed"
      if ending ~= "timeout" then
        self.gone = true
        return nil, ending
      end
      part = huge
    end
    if type(part) == "string" then
      local n = self:size(max)
      local octets = part:sub(self.from, self.from + n - 1)
      self.from = self.from + n
      if self.from > #part then
        table.remove(queue, 1)
        self.from = 1
      end
      self.given = self.given + n
      return octets
    end
    part = part or huge
    if part > left then
      if queue[1] then queue[1] = part - left end
      self.time = self.time + left
      return nil, "timeout"
    elseif part == huge then
      error("the client waits for ever", 0)
    end
    self.time = self.time + part
    left = left - part
    table.remove(queue, 1)
  end
end

function Peer:close()
  self.closed = self.closed + 1
  self.gone = true
end

--- A reply with a body, dots stuffed.
function helper.multi(text, body)
  assert(body == "" or body:sub(-2) == "\r\n")
  local stuffed = ("\r\n" .. body):gsub("\r\n%.", "\r\n.."):sub(3)
  return "+OK " .. text .. "\r\n" .. stuffed .. ".\r\n"
end

-- ------------------------------------------------------------------ sessions

helper.USER = { "USER mrose", "+OK" }
helper.PASS = { "PASS secret", "+OK" }

--- Connect to a peer; returns the results of `pop3.connect`.
function helper.connect(peer, opts)
  local all = { transport = peer }
  for name, value in pairs(opts or {}) do all[name] = value end
  return pop3.connect(all)
end

--- A session that is logged in and continues by a script without a greeting.
-- Returns the session and the peer.
function helper.login(script, peer_opts, opts)
  local peer = helper.peer({ "+OK ready", helper.USER, helper.PASS,
                             table.unpack(script) }, peer_opts)
  local all = { user = "mrose", password = "secret", mechs = { "USER" } }
  for name, value in pairs(opts or {}) do all[name] = value end
  return assert(helper.connect(peer, all)), peer
end

--- The number of octets that a peer sends before the login is done.
helper.LOGIN_OCTETS = #"+OK ready\r\n+OK\r\n+OK\r\n"

-- -------------------------------------------------------------------- checks

local codes = {}
for code in ("connect timeout closed tls auth err proto limit state charset io")
            :gmatch "%a+" do
  codes[code] = true
end

--- Check that a call failed with a code: `fails("err", s:dele(3))`.
-- Returns the message and the reply.
function helper.fails(code, value, message, got, reply, ...)
  assert.is_nil(value)
  assert.is_string(message)
  assert.is_nil(message:find "%c")
  assert.is_truthy(message:find "^[^:]+: [^:]+:?[^ ]*: .")
  assert.is_true(codes[got])
  assert.are.equal(code, got, message)
  if got == "err" then assert.is_table(reply) end
  if reply ~= nil then
    assert.is_true(got == "err" or got == "auth")
    assert.is_string(reply.text)
    assert.is_nil(reply.text:find "^%[")
    assert.are.equal(reply.code and reply.code:upper(), reply.code)
  end
  assert.are.equal(0, select("#", ...))
  return message, reply
end

--- Check that `f` is misuse: it raises an error that names a line of `f`, and
-- holds `text`.
function helper.misuse(text, f)
  local ok, err = pcall(f)
  assert.is_false(ok)
  assert.is_string(err)
  local info = debug.getinfo(f, "S")
  local file, line = err:match "^([^:]+):(%d+): "
  assert.are.equal(info.short_src, file, err)
  line = math.tointeger(line)
  assert.is_true(line >= info.linedefined and line <= info.lastlinedefined, err)
  assert.is_truthy(err:find(text, 1, true), err)
  return err
end

local numbers = { HUP = 1, INT = 2, TERM = 15 }

--- Those of some signals that are not ignored. SIGHUP is under nohup(1), and SIGINT
-- after "&" in a script; a process that is started then ignores it as well.
function helper.heeded(names)
  local file <close> = io.open "/proc/self/status"
  local mask = file and file:read("a"):match "SigIgn:%s*%x*(%x%x%x%x)"
  local list = {}
  for _, name in ipairs(names) do
    local bit = numbers[name] and 1 << (numbers[name] - 1) or 0
    if not mask or tonumber(mask, 16) & bit == 0 then list[#list + 1] = name end
  end
  return list
end

--- How many descriptors this process has open.
function helper.descriptors()
  collectgarbage()
  collectgarbage()
  return #core.readdir "/proc/self/fd"
end

--- The child processes of this process, zombies too: a list of numbers.
function helper.children()
  local pid, list = core.getpid(), {}
  local file <close> = assert(io.open(("/proc/%d/task/%d/children"):format(pid,
                                                                       pid)))
  for child in file:read "a":gmatch "%d+" do list[#list + 1] = tonumber(child) end
  return list
end

--- Call `f` at intervals until it returns a true value, for an event without
-- notification. Returns its value, or nil after PATIENCE.
function helper.await(f)
  local deadline = core.now() + helper.PATIENCE
  repeat
    local value = f()
    if value then return value end
    socket.select(nil, nil, 0.005)
  until core.now() > deadline
end

-- -------------------------------------------------------- files, processes

--- A temporary directory, removed at the end of the block (spec.support.tempdir).
helper.directory = require "spec.support.tempdir"

--- The octets of a file.
function helper.read(path)
  local f <close> = assert(io.open(path, "rb"))
  return f:read "a"
end

--- A word for sh.
function helper.quote(word)
  return "'" .. tostring(word):gsub("'", "'\\''") .. "'"
end

--- Run a Lua program in another process, after the shell commands `before`, and
-- return its output.
function helper.run(program, before)
  local dir <close> = helper.directory()
  local path = dir:write("program.lua", program)
  local pipe = assert(io.popen((before or "") .. " exec lua5.4 " .. path
                               .. " 2>&1"))
  local out = pipe:read "a"
  local ok = pipe:close()
  assert.is_true(ok, out)
  return out
end

--- A wait hook: in a coroutine it yields, elsewhere it polls.
function helper.yield_or_poll(fd, mode, seconds)
  if coroutine.isyieldable() then
    coroutine.yield()
    return true
  end
  return core.poll(fd, mode, seconds)
end

--- Write all of it to a descriptor.
function helper.say(fd, octets)
  local from = 1
  while from <= #octets do
    local n, err = fd:write(octets, from)
    if n then from = from + n
    elseif err == "timeout" then core.poll(fd:getfd(), "w")
    else error(err, 0) end
  end
end

--- Read from a descriptor until it has sent `lines` lines (1); all octets read.
function helper.hear(fd, lines)
  local octets, have = "", 0
  while have < (lines or 1) do
    local chunk, err = fd:read(65536)
    if chunk then
      octets = octets .. chunk
      have = select(2, octets:gsub("\n", ""))
    elseif err == "timeout" then core.poll(fd:getfd(), "r")
    else error(err, 0) end
  end
  return octets
end

--- Fork a process that serves one connection and ends: `serve(fd)`, where `fd`
-- is one of `pop3.core`. Returns the other end and a thing to close.
function helper.fork(serve)
  local mine, its = assert(core.socketpair())
  local pid = assert(core.fork())
  if pid == 0 then
    mine:close()
    local ok, err = pcall(serve, its)
    if not ok then io.stderr:write(tostring(err), "\n") end
    core.exit(ok and 0 or 1)
  end
  its:close()
  return mine, setmetatable({}, { __close = function()
    core.kill(pid)
    core.waitpid(pid)
  end })
end

--- Two ends of a TCP connection, as LuaSocket objects.
function helper.pair()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local host, port = listener:getsockname()
  local ours = assert(socket.connect(host, port))
  local theirs = assert(listener:accept())
  listener:close()
  return ours, theirs
end

helper.BODY = "A: b\r\n\r\n.x\r\n"

--- A server for `fork`, and the session that `use` has with it.
function helper.serve(fd)
  helper.say(fd, "+OK ready\r\n")
  for _, reply in ipairs { "+OK\r\n", "+OK\r\n",
                           helper.multi("", helper.BODY), "+OK\r\n" } do
    helper.hear(fd)
    helper.say(fd, reply)
  end
end

function helper.use(s)
  assert.are.equal("ready", s:greeting())
  assert.is_true(s:login("mrose", "secret", { mechs = { "USER" } }))
  assert.are.equal(helper.BODY, s:retr(1))
  assert.is_true(s:quit())
end

return helper
