--- Named points of a run at which a spec freezes or ends a worker (`pop3.fleet`,
-- option `hook`). The hook is called in the task of the account; it may block the
-- whole process, as SIGSTOP does, or end it.
--
-- | point | the run has just | the run is about to |
-- |---|---|---|
-- | claimed | been claimed; the claim is committed | connect |
-- | connected | logged in | read the state |
-- | opened | read the state | take the delivery over |
-- | taken | taken the delivery over | settle open intents |
-- | reserve | | make the directory of the lease |
-- | intend, intended | | record intents; they are recorded |
-- | begin | | begin the delivery of a message |
-- | commit, committed | | hand a message over; it is handed over |
-- | sync, synced | | make messages durable and visible; they are |
-- | record, recorded | | record deliveries; they are recorded. DELE follows |
-- | fail | | record a failure |
-- | DELE | sent DELE | |
-- | quit, ended | | send QUIT; it is answered |
-- | release, released | | release the account; the release is committed |
-- @module pop3.fleet.points
-- @local

local points = {}

-- A function that calls `at` before and after another; false for no point.
local function between(f, before, after, at)
  return function(...)
    if before then at(before) end
    local results = table.pack(f(...))
    if after then at(after) end
    return table.unpack(results, 1, results.n)
  end
end

-- An object whose methods call `at` before and after. `names` maps a method to the
-- two points, false for no point.
local function around(object, names, at)
  return setmetatable({}, {
    __newindex = function(_, key, value) object[key] = value end,
    __index = function(_, key)
      local value = object[key]
      local pair = names[key]
      if type(value) ~= "function" then return value end
      local before, after = table.unpack(pair or {}, 1, 2)
      local method = between(value, before, after, at)
      return function(_, ...) return method(object, ...) end
    end,
  })
end

--- A state with points.
function points.state(state, at)
  return around(state, {
    open = { false, "opened" }, intend = { "intend", "intended" },
    done = { "record", "recorded" }, failed = { "fail", false },
  }, at)
end

--- A delivery with points.
function points.delivery(into, at)
  local made = around(into, {
    open = { false, "taken" }, reserve = { "reserve", false },
    sync = { "sync", "synced" },
  }, at)
  rawset(made, "begin", function(_, handle)
    at "begin"
    local message, reason, how = into:begin(handle)
    if not message then return nil, reason, how end
    message.commit = between(message.commit, "commit", "committed", at)
    return message
  end)
  return made
end

--- The option `log` of `pop3.connect` with a point.
function points.log(at)
  return function(from, line)
    if from == "C" and line:find "^DELE " then at "DELE" end
  end
end

--- Points before and after QUIT.
function points.session(session, at)
  session.quit = between(session.quit, "quit", "ended", at)
end

return points
