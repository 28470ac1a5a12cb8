-- pop3.sql over PostgreSQL.

local contract = require "spec.support.sql_contract"
local postgres = require "spec.support.postgres"
local sql = require "pop3.sql"

postgres.describe("sql: libpq", function(server)
  local url
  local function again(opts)
    opts.url = url
    return assert(sql.open(opts))
  end
  contract(function(opts)
    url = server():database()
    return again(opts)
  end, again)

  it("says when there is no server, or no database", function()
    for _, bad in ipairs { "host=/nowhere", "postgresql://127.0.0.1:1/x",
                           server().url .. " dbname=nothing" } do
      local db, message, code = sql.open { url = bad }
      assert.is_nil(db)
      assert.equal("connect", code)
      assert.truthy(message:find "^database: ")
      assert.is_nil(message:find "\n")
    end
    local db, message, code = sql.open { url = "a = ' b" }
    assert.is_nil(db)
    assert.equal("sql", code)
    assert.equal("the database's URL cannot be parsed", message)
  end)
end)

postgres.describe("sql: LuaDBI and PostgreSQL", function(server)
  local url
  local function again(opts)
    opts.url, opts.driver = url, "dbi"
    return assert(sql.open(opts))
  end
  contract(function(opts)
    url = server():database()
    return again(opts)
  end, again)
end)
