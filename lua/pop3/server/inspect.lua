--- The methods by which a test inspects a server: the transcript, the counts, and
-- the errors of handlers.
-- @submodule pop3.server

local argument = require "pop3.util.argument"
local core = require "pop3.core"
local transcript = require "pop3.verify.transcript"

local methods = {}

local MANY = 1000  -- entries of `errors` and `counts`, which clients may cause

-- Note an error of a handler. A secret in the message is masked.
function methods:handler_error(session, message, trace)
  if #self.errors >= MANY then return end
  if session.state ~= "closed" then message = session.engine:mask(message) end
  if trace then message = message .. "\n" .. trace end
  self.errors[#self.errors + 1] = ("session %d: %s"):format(session.id, message)
end

-- Count a verb that POP3 does not have. The client chooses it, so the number
-- and the length of such verbs are limited.
function methods:count_new(verb)
  local count = self.counts[verb]
  if not count then
    if #verb > 64 or self.new_verbs >= MANY then return end
    self.new_verbs = self.new_verbs + 1
  end
  self.counts[verb] = (count or 0) + 1
end

--- The transcript: commands and status lines in order, secrets as "***",
-- without bodies. `tostring` makes text of it.
-- @treturn {table,...} entries `{ session =, time =, from =, line = }`; `from`
-- is "C" for the client and "S" for the server, `time` is in seconds of the
-- server's clock
-- @usage print(server:transcript())
function methods:transcript()
  return transcript.new(self.journal:list())
end

--- How many commands with a verb came.
-- @tparam string verb in upper or lower case
-- @treturn integer
-- @usage print(server:count "RETR")
function methods:count(verb)
  verb = argument.text(verb, "count: the verb", 1):upper()
  return self.journal:count(verb) or self.counts[verb] or 0
end

--- The sessions that are open.
-- @treturn {table,...} of `id`, `user`, `state`, `secure` and `peer`, in the
-- order of `id`
-- @usage for _, s in ipairs(server:list_sessions()) do print(s.id, s.state) end
function methods:list_sessions()
  local list = {}
  for id, session in pairs(self.sessions) do
    list[#list + 1] = { id = id, user = session.user, state = session.state,
                        secure = session.secure, peer = session.peer }
  end
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end

--- Check the commands of all sessions, in their order, against a list. Raises
-- an error with the difference and the nearest line, also when a handler
-- failed.
--
-- The list has lines; Lua patterns after "~"; `{ any_order = { line, ... } }`;
-- `{ line, times = n }`, or `at_least` and `at_most`; `{ anything = true }`. These
-- fields may be given with or without a list: `never = line or list`, `count = {
-- RETR = 2, ["~^TOP"] = { least, most } }`, `session = n` for the commands of
-- one session.
-- @tparam table list
-- @treturn boolean true
-- @usage
-- local server = pop3.server.new{ users = { mrose = { password = "secret" } } }
-- local s = assert(pop3.connect{ transport = server:loopback(),
--   user = "mrose", password = "secret" })
-- s:stat()
-- s:quit()
-- server:verify{ "CAPA", "USER mrose", "PASS ***", "~^STAT", "QUIT" }
function methods:verify(list)
  local expect = require "pop3.verify"
  local want = expect.new(list, 1)
  local entries, lost = self.journal:list()
  local problem = expect.compare(want, entries, lost, self.errors,
                                self.last_id)
  if problem then error(problem, 2) end
  return true
end

-- The message of `wait_for` when too few commands came in time.
function methods:too_few(verb, count)
  return ("%s: %d of %d commands came"):format(verb, self:count(verb), count)
end

--- Serve until a number of commands with a verb has come, counted from the
-- start. In memory, where only time can bring a command, the clock jumps.
-- @tparam string verb
-- @tparam number seconds to wait at most
-- @tparam[opt=1] integer count
-- @treturn boolean true, or nil, message, "timeout"
-- @usage print(server:wait_for("STAT", 30))
function methods:wait_for(verb, seconds, count)
  argument.wait_for(verb, seconds, count, 1)
  count = count or 1
  local in_memory = not self.listener and self.last_id > 0
  local function now() return in_memory and self:tick() or core.now() end
  local deadline = now() + seconds
  while self:count(verb) < count do
    local left = deadline - now()
    if left <= 0 or in_memory and self.clock then
      return nil, self:too_few(verb, count), "timeout"
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

return methods
