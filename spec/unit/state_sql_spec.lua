-- pop3.state.sql over SQLite.

local contract = require "spec.support.state_contract"
local fence = require "spec.support.fence"
local sql = require "pop3.sql"
local state = require "pop3.sync.state"
local tempdir = require "spec.support.tempdir"

describe("pop3.state.sql: SQLite", function()
  if not pcall(require, "dbd.sqlite3") then
    io.stderr:write("SKIPPED: pop3.state.sql: no lua-dbi-sqlite3 here\n")
    it("needs LuaDBI", function() pending("no lua-dbi-sqlite3 here") end)
    return
  end

  local function make()
    local dir = tempdir(true)
    local url = "sqlite:" .. dir.path .. "/db"
    return function() return state.sql { url = url } end,
           function() dir:__close() end,
           function(...)
             local db <close> = assert(sql.open { url = url })
             return assert(db:query(...))
           end
  end

  contract(make)
  fence(make)
end)
