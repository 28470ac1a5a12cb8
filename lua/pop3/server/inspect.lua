--- What is to be seen of a server from outside of its sessions: what was said,
-- and the mail there is.
-- @submodule pop3.server

local check = require "pop3.util.argument"
local core = require "pop3.core"
local expect = require "pop3.verify"
local transcript = require "pop3.verify.transcript"

local methods = {}

--- What was said: `{ session =, time =, from = "C" or "S", line = }`, in order.
-- Commands and status lines are there, secrets as "***"; bodies are not. It
-- prints as text.
-- @treturn transcript
function methods:transcript()
  return transcript.new(self.journal:list())
end

--- How many commands of a verb came.
-- @tparam string verb
-- @treturn integer
function methods:count(verb)
  verb = check.text(verb, "count: the verb", 1):upper()
  return self.journal:count(verb) or self.counts[verb] or 0
end

--- Check the commands of all sessions, in their order, against a list. Raises an
-- error with the difference and the nearest line, also when a handler failed.
--
-- In the list are lines; Lua patterns behind "~"; `{ any_order = { line, ... } }`;
-- `{ line, times = n }`, or `at_least` and `at_most`; `{ anything = true }`. By name,
-- beside the list or in its place: `never = line or list`, `count = { RETR = 2,
-- ["~^TOP"] = { least, most } }`, `session = n` for the commands of one session.
-- @tparam table list
-- @treturn boolean true
function methods:verify(list)
  local want = expect.new(list, 1)
  local entries, lost = self.journal:list()
  local problem = expect.compare(want, entries, lost, self.errors,
                                self.last_id)
  if problem then error(problem, 2) end
  return true
end

--- Serve until so many commands of a verb have come, counted from the start. In
-- memory, where nothing comes meanwhile but what waits for its time, the clock
-- jumps.
-- @tparam string verb
-- @tparam number seconds to wait at the most
-- @tparam[opt=1] integer count
-- @treturn boolean true, or nil, message, "timeout"
function methods:wait_for(verb, seconds, count)
  check.wait_for(verb, seconds, count, 1)
  count = count or 1
  local in_memory = not self.listener and self.last_id > 0
  local function now() return in_memory and self:tick() or core.now() end
  local deadline = now() + seconds
  while self:count(verb) < count do
    local left = deadline - now()
    if left <= 0 or in_memory and self.clock then
      return nil, ("%s: %d of %d came"):format(verb, self:count(verb), count),
             "timeout"
    end
    if in_memory then
      local due = self:next_due() or math.huge
      self:advance(math.min(left, math.max(due - now(), 0)))
    else
      local n, err, code = self:step(left)
      if not n then return nil, err, code end
    end
  end
  return true
end

--- The messages that a user's maildrop holds now, whoever reads it.
-- @tparam string user
-- @treturn {string,...} octets; or nil, message, code
function methods:mailbox(user)
  local st, text = self:store_of(user)
  local drop = st
  if st then drop, text = st:open(user) end
  if not drop then return nil, tostring(text), "io" end
  local list = {}
  for n = 1, drop:count() do
    local octets, err = drop:octets(n)
    if not octets then return nil, tostring(err), "io" end
    list[n] = drop.canonical and octets or core.canonical(octets)
  end
  if drop.close then drop:close() end
  return list
end

--- Deliver a message. It takes the last number at the next login.
-- @tparam string user
-- @tparam string octets
-- @treturn boolean true, or nil, message, code
function methods:deliver(user, octets)
  if type(octets) ~= "string" then
    check.misuse(1, "deliver: the message must be a string")
  end
  local st, text = self:store_of(user)
  if not st then return nil, tostring(text), "io" end
  if not st.deliver then
    return nil, "this store takes no deliveries", "io"
  end
  return st:deliver(user, octets)
end

return methods
