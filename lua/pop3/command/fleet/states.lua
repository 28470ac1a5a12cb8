--- Takes over the state files of `pop3 fetch` (`pop3 fleet import --with-state`).
-- @module pop3.command.fleet.states
-- @local

local account = require "pop3.command.fetch.account"
local command = require "pop3.command.program"
local core = require "pop3.core"
local outcome = require "pop3.account.outcome"
local paths = require "pop3.command.fetch.paths"
local record = require "pop3.sync.record"
local state_file = require "pop3.sync.state".file

local states = {}

local Taken = { __name = "pop3.command.fleet.states" }
Taken.__index = Taken

--- Where `pop3 fetch` keeps the state of an account.
-- @tparam table a an account of its configuration
-- @treturn table for `take`
function states.place(a)
  return { account = { name = a.name, state = a.state, user = a.user, host = a.host,
                       port = a.port, tls = a.tls },
           name = account.state_name(a) }
end

-- Open the state file of an account: a state, or false if there is no file; or nil,
-- status, message.
local function open(place)
  if not place then
    return nil, command.USAGE, "only the configuration of pop3 fetch has states"
  end
  local directory, message
  if not place.account.state then
    directory, message = paths.state_directory()
    if not directory then return nil, command.TROUBLE, message end
  end
  local path = account.state_path(place.account, directory)
  if not core.stat(path) then return false end
  local s = state_file(path)
  local ok, why, _, info = s:open(place.name)
  if ok then return s end
  return nil, info and info.temporary and outcome.TEMPORARY or command.TROUBLE, why
end

--- Open the state files of accounts. They stay locked until the result is closed, so
-- that no run changes them meanwhile.
-- @tparam {table,...} list each with `account`, `where`, and `state` of `place`
-- @treturn table with `seen`, for `fleet:add`, and the method `count`; or nil, status,
-- message
function states.take(list)
  local taken = setmetatable({ seen = {}, open = {} }, Taken)
  for _, each in ipairs(list) do
    local s, status, message = open(each.state)
    if s == nil then
      taken:close()
      return nil, status, ("%s: %s"):format(each.where, message)
    elseif s then
      taken.open[#taken.open + 1] = s
      taken.seen[each.account.name] = s:seen()
    end
  end
  return taken
end

--- How many messages of accounts are known.
-- @tparam {string,...} names
-- @treturn integer
function Taken:count(names)
  local n = 0
  for _, name in ipairs(names) do
    for _, line in pairs(self.seen[name] or {}) do
      if record.settled[record.unpack(line).status] then n = n + 1 end
    end
  end
  return n
end

--- Release the state files.
function Taken:close()
  for _, s in ipairs(self.open) do s:release() end
  self.open = {}
end

Taken.__close = Taken.close

return states
