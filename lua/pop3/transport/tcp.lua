--- Connect by TCP to a host with several addresses: Happy Eyeballs (RFC 8305).
--
-- Packets to the first address may be lost, for example IPv6 on a network without a
-- route for it. So the addresses are tried at intervals of 250 ms, without giving up
-- the earlier ones, and the first connection that is made wins. Families alternate.
-- Waiting goes through the `wait` hook, which decides how much time has passed: after
-- "timeout" the time has passed.
-- @module pop3.transport.tcp
-- @local

local address = require "pop3.util.address"
local core = require "pop3.core"
local getaddrinfo = require "pop3.transport.getaddrinfo"
local resolve = require "pop3.transport.resolve"
local socket = require "socket"

local INTERVAL = 0.25  -- seconds: Connection Attempt Delay, RFC 8305 section 5
local SLICE = 0.05     -- seconds on one of several, where there is no epoll

local families = { ipv4 = "inet", ipv6 = "inet6" }

-- ---------------------------------------------------------------- addresses

-- Each address once, those of one family if `family` is given.
local function filtered(found, family)
  local list, seen = {}, {}
  for _, a in ipairs(found) do
    if not seen[a.addr] and (not family or a.family == families[family]) then
      seen[a.addr] = true
      list[#list + 1] = a
    end
  end
  return list
end

-- Families in turn, beginning with that of the first address; the order within a
-- family is the resolver's (RFC 8305 section 4).
local function interleaved(list)
  local first, other, mixed = {}, {}, {}
  for _, a in ipairs(list) do
    local to = a.family == list[1].family and first or other
    to[#to + 1] = a
  end
  for i = 1, math.max(#first, #other) do
    mixed[#mixed + 1] = first[i]
    mixed[#mixed + 1] = other[i]
  end
  return mixed
end

-- ----------------------------------------------------------------- attempts

-- Begin to connect: a LuaSocket object and whether it is connected; or nil, message.
local function begin(a, port, local_address)
  local sock, err = (a.family == "inet6" and socket.tcp6 or socket.tcp4)()
  if not sock then return nil, err end
  sock:settimeout(0)
  if local_address then
    local ok
    ok, err = sock:bind(local_address, 0)
    if not ok then
      sock:close()
      return nil, local_address .. ": " .. err
    end
  end
  local ok
  ok, err = sock:connect(a.addr, port)
  if ok then return sock, true end
  if err == "timeout" or err == "Operation already in progress" then
    return sock, false
  end
  sock:close()
  return nil, err
end

-- The attempts that wait for an answer.
local Race = {}
Race.__index = Race

function Race:__close()
  for _, attempt in ipairs(self.pending) do attempt.sock:close() end
  if self.poller then self.poller:close() end
end

-- The descriptor to wait for, where there are several attempts: it can be read when one
-- of theirs can be written. Nil where the system has no such descriptor.
function Race:descriptor()
  if not self.poller then
    self.poller = core.poller()
    self.number = self.poller and self.poller:getfd()
  end
  if not self.number then return nil end
  for _, attempt in ipairs(self.pending) do
    if not attempt.watched then
      attempt.watched = self.poller:watch(attempt.sock:getfd(), "w", false)
    end
  end
  return self.number
end

-- Wait until one of them may have an answer: true, or nil when the time has passed.
function Race:wait(hook, seconds)
  local pending = self.pending
  if #pending == 1 then return hook(pending[1].sock:getfd(), "w", seconds) end
  local number = self:descriptor()
  if number then return hook(number, "r", seconds) end
  local slice = math.min(seconds, SLICE)
  self.turn = (self.turn or 0) % #pending + 1
  return hook(pending[self.turn].sock:getfd(), "w", slice) or slice < seconds
end

-- The first that is connected, which is not pending any more; or nil.
-- Those that failed are dropped; the second result is why the last one did.
function Race:winner()
  local pending, err = self.pending, nil
  for i = #pending, 1, -1 do
    local attempt = pending[i]
    local sock = attempt.sock
    if core.poll(sock:getfd(), "w", 0) then
      local ok, why = sock:connect(attempt.address.addr, attempt.port)
      if ok or why == "already connected" then
        table.remove(pending, i)
        if attempt.watched then
          self.poller:watch(sock:getfd(), "", true)
        end
        return sock
      elseif why ~= "timeout" and why ~= "Operation already in progress" then
        table.remove(pending, i)
        sock:close()
        err = why
      end
    end
  end
  return nil, err
end

-- ------------------------------------------------------------------ connect

local function connected(sock)
  local fd = sock:getfd()
  sock:setfd(-1)
  return core.fd(fd)
end

-- Connect to one of the addresses.
local function race(list, port, deadline, wait, local_address)
  local runners <close> = setmetatable({ pending = {} }, Race)
  local pending, next_one, err = runners.pending, 1, nil
  local due = core.now()  -- when the next address is tried
  while true do
    local left = deadline - core.now()
    if left <= 0 then return nil, "timeout", "timeout" end
    if list[next_one] and (#pending == 0 or core.now() >= due) then
      local sock, done = begin(list[next_one], port, local_address)
      if sock and done then return connected(sock) end
      if sock then
        pending[#pending + 1] = { sock = sock, address = list[next_one],
                                  port = port }
      else
        err = done
      end
      next_one, due = next_one + 1, core.now() + INTERVAL
    elseif #pending == 0 then
      return nil, err, "connect"
    end
    if #pending > 0 then
      local more = list[next_one] ~= nil
      local seconds = more and math.min(left, math.max(due - core.now(), 0))
                      or left
      local ready = seconds > 0 and runners:wait(wait, seconds)
      local sock, why = runners:winner()
      if sock then return connected(sock) end
      err = why or err
      -- a refused connection, or an interval that passed: the next one is due
      if why or not ready and more then due = core.now()
      elseif not ready then return nil, "timeout", "timeout" end
    end
  end
end

--- Connect to a host.
-- @tparam string host a name or an address
-- @tparam integer port
-- @tparam number seconds for all of its addresses together
-- @tparam function wait the option `wait` of `pop3.connect`
-- @tparam[opt] table opts
--
-- - `resolve`: `function(host)` → a list of `{ family = "inet" or "inet6", addr = }`,
--   or nil, message (default: `pop3.transport.resolve` with the hook of an event
--   loop; getaddrinfo(3) by LuaSocket, which blocks, without)
-- - `family`: "ipv4" or "ipv6": use no other addresses
-- - `local_address`: the address of this machine to connect from
-- @treturn pop3.fd or nil, message, code ("connect" or "timeout")
return function(host, port, seconds, wait, opts)
  opts = opts or {}
  local deadline = core.now() + seconds
  local found, err
  if opts.resolve then found, err = opts.resolve(host)
  elseif wait == core.poll then found, err = getaddrinfo(host)
  else found, err = resolve(host, wait, seconds) end
  if not found then return nil, err, "connect" end
  local family = opts.family
  if opts.local_address then family = address.family(opts.local_address) end
  local list = filtered(found, family)
  if #list == 0 then
    return nil, family and "the host has no address of " .. family
                or "the host has no address", "connect"
  end
  return race(interleaved(list), port, deadline, wait, opts.local_address)
end
