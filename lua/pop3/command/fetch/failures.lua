--- Counts the temporary failures of an account in a row, for --quiet-for. The
-- count is kept in a file between runs, since cron starts a new process each
-- time.
-- @module pop3.command.fetch.failures
-- @local

local atomic_file = require "pop3.util.atomic_file"
local core = require "pop3.core"
local outcome = require "pop3.account.outcome"
local paths = require "pop3.command.fetch.paths"

local failures = {}

local function path_of(directory, name)
  return directory .. "/" .. paths.escape(name) .. ".failures"
end

--- How often an account has failed in a row.
-- @tparam string directory of the state files
-- @tparam string name of the account
-- @treturn integer
function failures.count(directory, name)
  local path = path_of(directory, name)
  if core.stat(path) ~= "file" then return 0 end
  local text = atomic_file.read(path)
  return math.tointeger(tonumber(text and text:match "^(%d+)\n")) or 0
end

--- Count a run that has ended, and decide whether its failure is reported.
-- @tparam string directory of the state files
-- @tparam string name of the account
-- @tparam table o an outcome
-- @tparam integer most failures in a row that are not reported
-- @treturn boolean true when the failure is not reported yet
-- @treturn ?string a problem with the file
function failures.note(directory, name, o, most)
  local path = path_of(directory, name)
  if o.status ~= outcome.TEMPORARY then
    if core.stat(path) == "file" then os.remove(path) end
    return false
  end
  local count = failures.count(directory, name) + 1
  local ok, err = atomic_file.write(path, ("%d\n"):format(count))
  if not ok then return false, err end
  return count < most
end

return failures
