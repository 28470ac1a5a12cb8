--- A proxy of PostgreSQL (`spec.support.pg_proxy`) in a child process. It holds back all
-- octets, on all connections, after a number of messages of the clients: the server sees
-- the same as of a client that is frozen at that place.
--
--    local proxy <close> = stopping(server(), url, 40, true)  -- in the 40th message
--    proxy:has_stopped()
--    proxy:go_on()           -- the connections end, and new ones pass
--    proxy:count()           -- messages until now

local core = require "pop3.core"
local helper = require "spec.helper"
local new_loop = require "pop3.loop.own"
local pg_proxy = require "spec.support.pg_proxy"

local Stopping = {}
Stopping.__index = Stopping

-- Call a function with the octets that each message of a piece has in it until its end;
-- the function ends the loop by true. `pair` keeps an incomplete message. The first
-- message of a connection has no type.
local function each_message(pair, octets, fn)
  pair.rest, pair.head = (pair.rest or 0), pair.head or ""
  local at = 1
  while at <= #octets do
    if pair.rest == 0 then
      local size = pair.begun and 5 or 4
      local missing = size - #pair.head
      pair.head = pair.head .. octets:sub(at, at + missing - 1)
      at = at + missing
      if #pair.head < size then return end
      pair.rest = string.unpack(">I4", pair.head, size - 3) - 4
      pair.head, pair.begun = "", true
    end
    local step = math.min(pair.rest, #octets - at + 1)
    at, pair.rest = at + step, pair.rest - step
    if pair.rest == 0 and fn(at - 1) then return end
  end
end

local function serve(its, server, url, most, is_half)
  local loop <close> = assert(new_loop())
  local proxy = pg_proxy(loop, server, url)
  local count, stopped, before, pairs_seen = 0, false, 0, {}
  function proxy.rule(from, octets, _, pair)
    pairs_seen[pair] = true
    if stopped then return 0 end
    if from ~= "client" then return "pass" end
    local last, answer = 0, "pass"
    each_message(pair, octets, function(at)
      count = count + 1
      before, last = last, at
      if count < most then return false end
      stopped, answer = true, is_half and (before + at) // 2 or at
      return true
    end)
    if stopped then helper.say(its, "stopped\n") end
    return answer
  end
  helper.say(its, proxy.url .. "\n")
  loop:spawn(function()
    local fd = its:getfd()
    while loop.wait(fd, "r", helper.PATIENCE) do
      local asked = its:read(100)
      if not asked then break end
      if asked:find "go" then
        most, stopped = math.huge, false
        for pair in pairs(pairs_seen) do
          if pair.pumps > 0 then
            pair.client:shutdown(true)
            pair.upstream:shutdown(true)
          end
        end
      end
      helper.say(its, count .. "\n")
    end
    core.exit(0)
  end)
  loop:run()
end

local function ask(self, what)
  helper.say(self.fd, what .. "\n")
  local told = helper.hear(self.fd)
  if told:find "stopped" then
    self.stopped = true
    told = told:gsub("stopped\n", "")
    if told == "" then told = helper.hear(self.fd) end
  end
  return math.tointeger(tonumber(told))
end

--- Has it stopped?
function Stopping:has_stopped()
  if not self.stopped and core.poll(self.fd:getfd(), "r", 0) then
    self.stopped = helper.hear(self.fd) == "stopped\n"
  end
  return self.stopped
end

--- How many messages came until now.
function Stopping:count()
  return ask(self, "count")
end

--- All connections end, and all passes from now on.
function Stopping:go_on()
  ask(self, "go")
end

function Stopping:__close()
  core.kill(self.pid)
  core.waitpid(self.pid)
  self.fd:close()
end

return function(server, url, most, is_half)
  local mine, its = assert(core.socketpair())
  local pid = assert(core.fork())
  if pid == 0 then
    mine:close()
    local ok, err = xpcall(serve, debug.traceback, its, server, url, most, is_half)
    io.stderr:write("the proxy failed: ", tostring(ok and "it ended" or err), "\n")
    core.exit(1)
  end
  its:close()
  return setmetatable({ pid = pid, fd = mine, stopped = false,
                        url = helper.hear(mine):match "[^\n]+" }, Stopping)
end
