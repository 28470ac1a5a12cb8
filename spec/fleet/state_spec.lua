-- pop3.state.sql over PostgreSQL, by both drivers.

local contract = require "spec.support.state_contract"
local postgres = require "spec.support.postgres"
local state = require "pop3.sync.state"

for _, driver in ipairs { "libpq", "dbi" } do
  postgres.describe("pop3.state.sql: PostgreSQL by " .. driver, function(server)
    contract(function()
      local url = server():database()
      return function() return state.sql { url = url, driver = driver } end,
             function() end
    end)
  end)
end
