-- pop3.sql: what needs no server. PostgreSQL: spec/fleet/sql_spec.lua.

local contract = require "spec.support.sql_contract"
local helper = require "spec.helper"
local sql = require "pop3.sql"
local tempdir = require "spec.support.tempdir"

describe("sql.open", function()
  it("refuses misuse", function()
    helper.misuse("option 'url' is needed", function() sql.open {} end)
    helper.misuse("must be one of: dbi, libpq", function()
      sql.open { url = "x", driver = "mysql" }
    end)
    helper.misuse("must be a positive number", function()
      sql.open { url = "x", timeout = 0 }
    end)
    helper.misuse("the driver of SQLite", function()
      sql.open { url = "sqlite:/x", driver = "libpq" }
    end)
  end)
end)

describe("sql: SQLite", function()
  if not pcall(require, "dbd.sqlite3") then
    io.stderr:write("SKIPPED: sql: SQLite: no lua-dbi-sqlite3 here\n")
    it("needs LuaDBI", function() pending("no lua-dbi-sqlite3 here") end)
    return
  end
  local dir, url
  local function again(opts)
    opts.url = url
    return assert(sql.open(opts))
  end
  contract(function(opts)
    if dir then dir:__close() end
    dir = tempdir(true)
    url = "sqlite:" .. dir.path .. "/db"
    return again(opts)
  end, again)
  teardown(function() if dir then dir:__close() end end)
end)
