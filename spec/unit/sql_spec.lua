-- pop3.sql without a server. PostgreSQL: spec/fleet/sql_spec.lua.

local contract = require "spec.support.sql_contract"
local core = require "pop3.core"
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

  it("has files that others cannot read", function()
    local place <close> = tempdir(true)
    local db <close> = assert(sql.open { url = "sqlite:" .. place.path .. "/new" })
    assert(db:query "create table t (a integer)")
    for _, name in ipairs(place:names()) do
      assert.equal(0x180, core.lstat(place.path .. "/" .. name).mode & 0x1FF, name)
    end
    local no, message, code = sql.open { url = "sqlite:" .. place.path .. "/no/db" }
    assert.is_nil(no)
    assert.equal("connect", code)
    assert.truthy(message:find "unable to open")
  end)

  it("is locked by another process: nothing is done", function()
    local place <close> = tempdir(true)
    local url_of_it = "sqlite:" .. place.path .. "/db"
    local a <close> = assert(sql.open { url = url_of_it, timeout = 0.05 })
    local b <close> = assert(sql.open { url = url_of_it, timeout = 0.05 })
    assert(a:query "create table t (a integer)")
    assert(a:transaction(function()
      assert(a:query "insert into t values (1)")
      for _, act in ipairs {
        function() return b:query "insert into t values (2)" end,
        function() return b:batch { { "insert into t values (2)" },
                                    { "insert into t values (3)" } } end,
      } do
        local ok, message, code = act()
        assert.is_nil(ok)
        assert.equal("connect", code, message)
      end
      return true
    end))
    assert(b:query "insert into t values (4)")
    assert.equal(2, #a:query "select a from t")
  end)
end)
