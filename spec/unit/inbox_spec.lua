-- pop3.inbox over SQLite.

local specs = require "spec.support.sql_inbox"
local tempdir = require "spec.support.tempdir"

describe("pop3.inbox: SQLite", function()
  if not pcall(require, "dbd.sqlite3") then
    io.stderr:write("SKIPPED: pop3.inbox: no lua-dbi-sqlite3 here\n")
    it("needs LuaDBI", function() pending("no lua-dbi-sqlite3 here") end)
    return
  end
  specs(function()
    local dir = tempdir(true)
    return "sqlite:" .. dir.path .. "/db", function() dir:__close() end
  end)
end)
