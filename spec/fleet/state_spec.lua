-- pop3.state.sql over PostgreSQL, by both drivers.

local contract = require "spec.support.state_contract"
local fence = require "spec.support.fence"
local postgres = require "spec.support.postgres"
local sql = require "pop3.sql"
local state = require "pop3.sync.state"

for _, driver in ipairs { "libpq", "dbi" } do
  postgres.describe("pop3.state.sql: PostgreSQL by " .. driver, function(server)
    local function make()
      local url = server():database()
      local db
      return function() return state.sql { url = url, driver = driver } end,
             function() if db then db:close() end end,
             function(...)
               db = db or assert(sql.open { url = url, driver = driver })
               return assert(db:query(...))
             end
    end

    contract(make)
    fence(make)
  end)
end
