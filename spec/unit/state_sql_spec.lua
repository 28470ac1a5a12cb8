-- pop3.state.sql over SQLite.

local contract = require "spec.support.state_contract"
local state = require "pop3.sync.state"
local tempdir = require "spec.support.tempdir"

describe("pop3.state.sql: SQLite", function()
  if not pcall(require, "dbd.sqlite3") then
    io.stderr:write("SKIPPED: pop3.state.sql: no lua-dbi-sqlite3 here\n")
    it("needs LuaDBI", function() pending("no lua-dbi-sqlite3 here") end)
    return
  end

  contract(function()
    local dir = tempdir(true)
    return function() return state.sql { url = "sqlite:" .. dir.path .. "/db" } end,
           function() dir:__close() end
  end)
end)
