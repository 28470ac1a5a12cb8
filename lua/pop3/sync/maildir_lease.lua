--- Directories of leases in a Maildir. They keep a worker of a fleet (`pop3.fleet`)
-- that was frozen from delivering after another worker has taken over its account.
--
-- Each owner of an account writes its messages in `tmp/lease.ACCOUNT.FENCE/`, where
-- FENCE is a number that grows each time the account is taken. It makes the
-- directory before it records its first intent. The next owner renames the
-- directories of earlier owners, and empties them, before it checks which messages
-- were delivered. So the link(2) of a frozen owner either came before that check, or
-- it fails, since its source is gone. An owner that was frozen before it made its
-- directory makes it too late to be renamed; but then its intent is refused, and
-- nothing is delivered without an intent.
-- @module pop3.sync.maildir_lease
-- @local

local core = require "pop3.core"

local maildir_lease = {}

--- The directory of an owner.
-- @tparam string path of the Maildir
-- @tparam table owner `account` and `fence`, integers
-- @treturn string
function maildir_lease.directory(path, owner)
  return ("%s/tmp/lease.%d.%d"):format(path, owner.account, owner.fence)
end

-- Remove a directory and the files in it. Another owner may do the same meanwhile.
local function empty(path)
  for _, name in ipairs(core.readdir(path) or {}) do
    core.unlink(path .. "/" .. name)
  end
  os.remove(path)
end

-- Rename the directory of an earlier owner: its new name; false when it is gone; nil,
-- message.
local function take(tmp, name, owner)
  local to = ("%s/stale.%s.%d"):format(tmp, name:match "^lease%.(.*)$",
                                       owner.fence)
  local ok, message, _, errno = core.rename(tmp .. "/" .. name, to)
  if ok then return to end
  if errno == "ENOENT" then return false end
  return nil, message
end

--- Remove the directories of earlier owners.
-- @tparam string path of the Maildir
-- @tparam table owner `account` and `fence`, integers
-- @treturn boolean true, or nil, message, "io"
function maildir_lease.take_over(path, owner)
  local tmp, stale = path .. "/tmp", {}
  local names, message = core.readdir(tmp)
  if not names then return nil, message, "io" end
  local taken = false
  for _, name in ipairs(names) do
    local kind, account, fence = name:match "^(%l+)%.(%d+)%.(%d+)"
    if kind and math.tointeger(tonumber(account)) == owner.account then
      if kind == "stale" then
        stale[#stale + 1] = tmp .. "/" .. name
      elseif kind == "lease" and math.tointeger(tonumber(fence)) < owner.fence then
        local to
        to, message = take(tmp, name, owner)
        if to == nil then return nil, message, "io" end
        if to then
          stale[#stale + 1], taken = to, true
        end
      end
    end
  end
  if taken then
    local ok
    ok, message = core.syncdir(tmp)
    if not ok then return nil, message, "io" end
  end
  for _, directory in ipairs(stale) do empty(directory) end
  return true
end

-- Call a function with the path, the account and the time of the last change of each
-- directory of a lease.
local function each_directory(path, fn)
  local tmp = path .. "/tmp"
  for _, name in ipairs(core.readdir(tmp) or {}) do
    local kind, account = name:match "^(%l+)%.(%d+)%.%d+"
    local st = (kind == "lease" or kind == "stale") and core.lstat(tmp .. "/" .. name)
    if st and st.kind == "directory" then
      fn(tmp .. "/" .. name, math.tointeger(tonumber(account)), st.mtime)
    end
  end
end

--- Remove all directories of an account that no longer exists.
-- @tparam string path of the Maildir
-- @tparam integer account
function maildir_lease.remove(path, account)
  each_directory(path, function(directory, whose)
    if whose == account then empty(directory) end
  end)
end

--- Remove directories of owners that have died, and whose accounts have no owner any
-- more: nothing was changed in them for a long time.
-- @tparam string path of the Maildir
-- @tparam number before seconds since 1970, by the clock of the file system
function maildir_lease.remove_old(path, before)
  each_directory(path, function(directory, _, changed)
    if changed < before then empty(directory) end
  end)
end

return maildir_lease
