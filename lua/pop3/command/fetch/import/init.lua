--- `pop3 fetch --import FORMAT FILE`: marks the messages that another program
-- has fetched as seen, so that they are not fetched again. They are never
-- deleted, since their delivery is not recorded here.
-- @module pop3.command.fetch.import
-- @local

local account = require "pop3.command.fetch.account"
local atomic_file = require "pop3.util.atomic_file"
local command = require "pop3.command.program"
local core = require "pop3.core"
local outcome = require "pop3.account.outcome"
local record = require "pop3.sync.record"
local state = require "pop3.sync.state"
local suggest = require "pop3.util.suggest"

local readers = {
  mpop = require "pop3.command.fetch.import.mpop",
  getmail = require "pop3.command.fetch.import.getmail",
  fetchmail = require "pop3.command.fetch.import.fetchmail",
  fdm = require "pop3.command.fetch.import.fdm",
  thunderbird = require "pop3.command.fetch.import.thunderbird",
}

-- The lists of a file that belong to an account. The file may use another name of the
-- server, so the user alone is enough where only one list has it.
local function lists_of(lists, a)
  local exact, of_user = {}, {}
  for _, list in ipairs(lists) do
    if not list.user then
      exact[#exact + 1] = list
    elseif list.user == a.user then
      of_user[#of_user + 1] = list
      if list.host:lower() == a.host:lower() then exact[#exact + 1] = list end
    end
  end
  if exact[1] then return exact end
  return #of_user == 1 and of_user or {}
end

-- The entries that a state does not have yet.
local function entries_of(lists, seen)
  local entries, known, given = {}, 0, {}
  local now = math.floor(core.time())
  for _, list in ipairs(lists) do
    for _, item in ipairs(list.uids) do
      local key = record.key(item.uid, 1)
      if seen[key] then
        if not item.variant then known = known + 1 end
      elseif not given[key] then
        given[key] = true
        entries[#entries + 1] = { uid = item.uid, nth = 1, status = "skipped",
          first = math.min(item.time or now, now), variant = item.variant }
      end
    end
  end
  return entries, known
end

-- Put them into the state of an account: how many were new and known; or nil,
-- message, temporary.
local function put(a, lists, directory)
  local s = state.file(account.state_path(a, directory))
  local ok, err, _, info = s:open(account.state_name(a))
  if not ok then return nil, err, info and info.temporary end
  local _ <close> = s
  local entries, known = entries_of(lists, s:seen())
  local new = 0
  for _, entry in ipairs(entries) do
    if not entry.variant then new = new + 1 end
    entry.variant = nil
  end
  ok, err = s:done(entries)
  if ok then ok, err = s:close {} end
  if not ok then return nil, err end
  return new, known
end

--- Import a file.
-- @tparam string format a key of the table of readers
-- @tparam string path
-- @tparam {table,...} accounts those that may be meant
-- @tparam string directory of the state files
-- @treturn integer the exit status
-- @treturn ?string what went wrong
return function(format, path, accounts, directory)
  local read = readers[format]
  if not read then
    return command.USAGE, ("--import: '%s' is not a known format%s")
                          :format(format, suggest.tip(format, readers))
  end
  local text, err = atomic_file.read(path)
  if not text then return command.TROUBLE, err end
  local lists
  lists, err = read(text)
  if not lists then return command.TROUBLE, path .. ": " .. err end
  local any_uid = false
  for _, list in ipairs(lists) do any_uid = any_uid or list.uids[1] ~= nil end
  if not any_uid then return command.TROUBLE, path .. ": there are no messages in it" end
  if lists[1] and not lists[1].user and #accounts > 1 then
    return command.USAGE, "--import: a file of " .. format
                          .. " belongs to one account: name it"
  end
  local any = false
  for _, a in ipairs(accounts) do
    local ours = lists_of(lists, a)
    if ours[1] then
      any = true
      local new, known, temporary = put(a, ours, directory)
      if not new then
        return temporary and outcome.TEMPORARY or command.TROUBLE,
               ("%s: %s"):format(a.name, known)
      end
      local ok
      ok, err = command.say(("%s: %d messages marked as seen, %d known before\n")
                            :format(a.name, new, known))
      if not ok then return command.TROUBLE, err end
    end
  end
  if any then return command.OK end
  local names = {}
  for i, list in ipairs(lists) do names[i] = list.user .. "@" .. list.host end
  return command.TROUBLE, ("%s: there are no messages of %s%s"):format(path,
    #accounts == 1 and accounts[1].name or "these accounts",
    names[1] and " (but of " .. table.concat(names, ", ") .. ")" or "")
end
