--- `pop3 fleet init`: makes the tables, or brings them to the version of this program.
-- @module pop3.command.fleet.tables
-- @local

local command = require "pop3.command.program"
local schema = require "pop3.sql.schema"
local store = require "pop3.command.fleet.store"

local tables = {}

function tables.define(c)
  c:summary "Make the tables in the database, or bring them up to date."
  c:description("Makes the tables of a fleet in an existing database, or brings those "
    .. "of an older version up to date. It may be repeated: it changes nothing when "
    .. "the tables are there. Tables of a newer version are refused.")
end

local function say_version(before)
  if before == 0 then
    return ("made the tables, version %d\n"):format(schema.version)
  elseif before == schema.version then
    return ("the tables are there, version %d\n"):format(before)
  end
  return ("changed the tables from version %d to %d\n"):format(before, schema.version)
end

function tables.run(args)
  return store.with(args, function(fleet)
    local before, message, code = fleet:init()
    if not before then return nil, message, code end
    local said, problem = command.say(say_version(before))
    return said and command.OK or command.TROUBLE, problem
  end)
end

return tables
