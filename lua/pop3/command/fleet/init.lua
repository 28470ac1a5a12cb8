--- `pop3 fleet`: many accounts, fetched by any number of workers on any number of
-- machines. This is its command line, for administrators and service managers;
-- `pop3.fleet` does the work.
-- @module pop3.command.fleet
-- @local

local store = require "pop3.command.fleet.store"

local names = { "init", "add", "import", "run", "status", "due", "park", "resume",
                "remove", "reseal" }

-- Subcommands that share a module.
local modules = { due = "change", park = "change", resume = "change",
                  remove = "change", init = "tables", reseal = "sealing" }

local fleet = {}

local function module_of(name)
  return require("pop3.command.fleet." .. (modules[name] or name))
end

function fleet.define(c)
  c:summary "Fetch the mail of many accounts, by many workers."
  c:description("Fetches the mail of many accounts by any number of workers on any "
    .. "number of machines. Accounts, schedule and the record of what was fetched are "
    .. "in a PostgreSQL database. Begin with: pop3 fleet init, pop3 fleet add, pop3 "
    .. "fleet run. Exit status: 0 success; 1 an account that was named does not exist; "
    .. "2 an invalid command line; 3 a person must act; 75 the database does "
    .. "not answer, or only temporary failures.")
  c:require_command(true)
  c:command_target "action"
  for _, name in ipairs(names) do
    local sub = c:command(name)
    module_of(name).define(sub, name)
    store.define(sub)
  end
end

function fleet.run(args)
  return module_of(args.action).run(args)
end

return fleet
