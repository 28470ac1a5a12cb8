--- Back to the start: one server for many tests.
-- @submodule pop3.server

local check = require "pop3.util.argument"
local core = require "pop3.core"
local timers = require "pop3.server.timers"

local methods = {}

-- A copy of a fault, with what it has counted so far.
local function copy(value)
  if type(value) ~= "table" or getmetatable(value) then return value end
  local made = {}
  for k, v in pairs(value) do made[k] = copy(v) end
  return made
end

-- What puts the stores back that there are now. One that is made of a list of
-- messages later is made anew instead.
local function mark_stores(self)
  local kept, back = {}, {}
  for user, made in pairs(self.stores) do
    kept[user] = made
    back[#back + 1] = made.store:mark()
  end
  for _, entry in pairs(self.users) do
    local mail = entry.mail
    if type(mail) == "table" and type(mail.mark) == "function" then
      back[#back + 1] = mail:mark()
    end
  end
  return function()
    for _, restore in ipairs(back) do restore() end
    self.stores = {}
    for user, made in pairs(kept) do self.stores[user] = made end
  end
end

--- Remember mail and faults as they are now: this is where `reset` goes back
-- to. Done by itself in a child process, by `pop3 serve`, and, if it was not,
-- when the first session begins.
function methods:mark()
  local faults, stores = copy(self.faults), mark_stores(self)
  local kept = copy(self.kept)
  self.start = function()
    self.faults, self.kept = copy(faults), copy(kept)
    stores()
  end
end

--- End all sessions and go back to the start: mail, faults, the transcript and
-- what was counted, the numbers of sessions, the clock. What a script keeps for
-- itself it can set back in the hook `on.reset(server)`. A store of one's own
-- goes back if it has a method `mark`, which returns a function that does that;
-- a Maildir stays as it is.
-- @treturn pop3.server
function methods:reset()
  if self.stepping then
    check.misuse(1, "reset: not from a handler, which runs in a session")
  end
  local open = {}
  for _, session in pairs(self.sessions) do open[#open + 1] = session end
  table.sort(open, function(a, b) return a.id < b.id end)
  for _, session in ipairs(open) do session:finish "fin" end
  if self.start then self.start() end
  self.locks, self.logins, self.entries = {}, {}, {}
  self.counts, self.new_verbs, self.errors = {}, 0, {}
  self.last_id, self.drawn = 0, 0
  self.journal = core.journal(self.limits.transcript)
  self.engine_opts.journal = self.journal
  self.heap, self.idle = timers.heap(), timers.queue(self.autologout)
  self.offset = 0
  self.started = self.started and core.now()
  self.time = nil  -- which the new journal has not been told
  self:tick()
  if self.on.reset then
    local ok, err = pcall(self.on.reset, self)
    if not ok then self.errors[1] = "reset: " .. tostring(err) end
  end
  return self
end

return methods
