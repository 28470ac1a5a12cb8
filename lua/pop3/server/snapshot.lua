--- Saves and restores the state of a server, so that one server can serve many
-- tests. It is not the command RSET: see `pop3.server.session:unmark`.
-- @submodule pop3.server

local argument = require "pop3.util.argument"
local core = require "pop3.core"
local options = require "pop3.server.options"
local timers = require "pop3.server.timers"

local methods = {}

-- A deep copy of a fault, or of the memory of a preset.
local function copy(value)
  if type(value) ~= "table" or getmetatable(value) then return value end
  local made = {}
  for k, v in pairs(value) do made[k] = copy(v) end
  return made
end

-- A function that restores the present stores. A store that is made later from a
-- list of messages is made again.
local function stores_of(self)
  local kept, back = {}, {}
  for user, made in pairs(self.stores) do
    kept[user] = made
    back[#back + 1] = made.store:snapshot()
  end
  for _, entry in pairs(self.users) do
    local mail = entry.mail
    if type(mail) == "table" and type(mail.snapshot) == "function" then
      back[#back + 1] = mail:snapshot()
    end
  end
  return function()
    for _, restore in ipairs(back) do restore() end
    self.stores = {}
    for user, made in pairs(kept) do self.stores[user] = made end
  end
end

--- Save the present mail, users and faults: `reset` restores them. A child process
-- and `pop3 serve` do this when they start; otherwise it is done when the first
-- session begins.
-- @usage
-- server:fault{ verb = "RETR", delay = 1 }
-- server:snapshot()
-- server:fault{ verb = "QUIT", reply = "-ERR no" }
-- server:reset()  -- only the first fault is left
function methods:snapshot()
  local faults, restore_stores = copy(self.faults), stores_of(self)
  local kept, preset = copy(self.kept), self.given.preset
  self.changed_users = {}
  self.restore = function()
    for name, user in pairs(self.changed_users) do
      self.users[name] = user.before
    end
    if self.given.preset ~= preset then
      options.change_preset(self, preset, 0)
    end
    self.changed_users = {}
    self.faults, self.kept = copy(faults), copy(kept)
    restore_stores()
  end
end

--- End all sessions and go back to the start: the mail, the users, the preset,
-- the faults, the transcript, the counts, the numbers of sessions and the
-- clock. The hook `on.reset(server)` restores the variables of a script. A store
-- of the script is restored if it has the method `snapshot`, see `store`; a
-- Maildir is not changed.
-- @treturn pop3.server
function methods:reset()
  if self.stepping then
    argument.misuse(1, "reset: a handler cannot call it: it runs in a session")
  end
  local open = {}
  for _, session in pairs(self.sessions) do open[#open + 1] = session end
  table.sort(open, function(a, b) return a.id < b.id end)
  for _, session in ipairs(open) do session:finish "fin" end
  if self.restore then self.restore() end
  self.locks, self.logins, self.entries = {}, {}, {}
  self.counts, self.new_verbs, self.errors = {}, 0, {}
  self.last_id, self.drawn, self.resets = 0, 0, self.resets + 1
  self.journal = core.journal(self.limits.transcript)
  self.engine_opts.journal = self.journal
  self.heap, self.idle = timers.heap(), timers.queue(self.autologout)
  self.offset = 0
  self.started = self.started and core.now()
  self.time = nil  -- the new journal gets the time again
  self:tick()
  if self.on.reset then
    local ok, err = pcall(self.on.reset, self)
    if not ok then self.errors[1] = "reset: " .. tostring(err) end
  end
  return self
end

return methods
