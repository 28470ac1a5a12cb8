-- The contract of every driver of pop3.sql, as specs: for SQLite in
-- spec/unit/sql_spec.lua, for PostgreSQL in spec/fleet/sql_spec.lua.

local busted = require "busted"
local helper = require "spec.helper"
local schema = require "pop3.sql.schema"
local sql = require "pop3.sql"

local after_each, assert, before_each, it = busted.after_each, busted.assert,
                                            busted.before_each, busted.it

-- Strings that would end a literal, or a statement.
local HOSTILE = { "it's", "a\"b", "\\", "\\'", "'); drop table t; --", "$1", "%", "?",
                  "E'\\x00'", "", " ", "caf\u{e9}", "-- ", "/*", "a\nb\r\n\tc" }

local function octets()
  local all = {}
  for i = 0, 255 do all[i + 1] = string.char(i) end
  return table.concat(all) .. "\\x00''"
end

-- `open(opts)` makes a connection to a new database, `again(opts)` one more.
return function(open, again)
  local db

  before_each(function() db = open {} end)
  after_each(function() db:close() end)

  it("returns rows by their columns", function()
    assert(db:query "create table t (a bigint, b text, c double precision)")
    -- LuaDBI reads 32 bits; text has all of them
    local wide = db.reads_64_bits
    local most = wide and math.maxinteger or 0x7FFFFFFF
    local rows, affected = db:query("insert into t values ($1, $2, $3)",
                                    most, "x", 0.1)
    assert.same({}, rows)
    assert.equal(1, affected)
    assert(db:query("insert into t values ($1, $2, $3)", -most, nil, -1e300))
    rows, affected = db:query "select a, b, c from t order by a"
    assert.equal(2, affected)
    assert.same({ { a = -most, c = -1e300 },
                  { a = most, b = "x", c = 0.1 } }, rows)
    assert.equal("integer", math.type(rows[1].a))
    assert(db:query("update t set a = $1 where a = $2", math.mininteger, -most))
    rows = assert(db:query("select cast(a as text) as a from t where a = $1",
                           math.mininteger))
    assert.equal("-9223372036854775808", rows[1].a)
    local _, changed = db:query "update t set b = 'y'"
    assert.equal(2, changed)
    assert.same({}, (db:query "select * from t where a = 5"))
  end)

  it("binds parameters with any octets", function()
    assert(db:query "create table t (a text, n integer)")
    for i, text in ipairs(HOSTILE) do
      assert(db:query("insert into t values ($1, $2)", text, i))
      local rows = assert(db:query("select a, n from t where a = $1", text))
      assert.equal(1, #rows, text)
      assert.equal(text, rows[1].a)
    end
    assert.equal(#HOSTILE, #db:query "select 1 from t")
    -- in another order, and twice
    local rows = assert(db:query(
      "select a from t where n = $2 and a = $1 and a = $1", "it's", 1))
    assert.equal("it's", rows[1].a)
  end)

  it("keeps octets as they are", function()
    assert(db:query(("create table t (a %s)"):format(
      db.dialect == "postgresql" and "bytea" or "blob")))
    local texts = { octets(), "", "\0", "\0\0a", "\\x41", ("\xff"):rep(100000) }
    for _, text in ipairs(texts) do
      assert(db:query "delete from t")
      local place = db.dialect == "sqlite" and "cast($1 as blob)" or "$1"
      assert(db:query(("insert into t values (%s)"):format(place), sql.octets(text)))
      local rows = assert(db:query(("select %s as a from t")
                                   :format(db:select_octets "a")))
      assert.is_true(db:octets(rows[1].a) == text)
    end
  end)

  it("reports the error of a statement, and goes on", function()
    local ok, message, code = db:query "selec"
    assert.is_nil(ok)
    assert.equal("sql", code)
    assert.truthy(message:find("^database: .*selec"))
    ok, message, code = db:query("select * from nowhere")
    assert.is_nil(ok)
    assert.equal("sql", code)
    assert(db:query "create table t (a integer primary key)")
    assert(db:query "insert into t values (1)")
    ok, message, code = db:query "insert into t values (1)"
    assert.is_nil(ok)
    assert.equal("sql", code)
    assert.equal(1, #db:query "select a from t")
  end)

  it("does all of a batch, or nothing", function()
    assert(db:query "create table t (a integer primary key, b text)")
    assert.same({}, db:batch {})
    local lists = assert(db:batch {
      { "insert into t values ($1, $2)", 1, nil },
      { "insert into t values ($1, $2)", 2, "it's" },
      { "select a, b from t order by a" },
    })
    assert.same({ {}, {}, { { a = 1 }, { a = 2, b = "it's" } } }, lists)
    for at = 1, 3 do
      local list = {}
      for i = 1, 3 do
        list[i] = { "insert into t values ($1, $2)", i == at and 1 or i + 10, "x" }
      end
      local ok, message, code = db:batch(list)
      assert.is_nil(ok)
      assert.equal("sql", code)
      assert.truthy(message:find "^database: ")
      assert.equal(2, #db:query "select a from t")
    end
  end)

  it("does all of a transaction, or nothing", function()
    assert(db:query "create table t (a integer primary key)")
    local function put(n) return assert(db:query("insert into t values ($1)", n)) end
    assert.same({ "a", 2 }, { db:transaction(function(same)
      assert.equal(db, same)
      put(1)
      assert(db:batch { { "insert into t values (2)" }, { "insert into t values (3)" } })
      return "a", 2
    end) })
    assert.same({ n = 3, nil, "why", "no" }, table.pack(db:transaction(function()
      put(4)
      return nil, "why", "no"
    end)))
    assert.has_error(function()
      db:transaction(function() put(5) error("oh", 0) end)
    end, "oh")
    assert.equal(3, #db:query "select a from t")
    assert(db:transaction(function() put(6) return true end))
    assert.equal(4, #db:query "select a from t")
    helper.misuse("a transaction in a transaction", function()
      db:transaction(function() db:transaction(function() end) end)
    end)
    assert.equal(4, #db:query "select a from t")
  end)

  it("refuses misuse", function()
    helper.misuse("a statement is a string", function() db:query(nil) end)
    helper.misuse("has 1 parameters, not 2", function() db:query("select $1", 1, 2) end)
    helper.misuse("holds NUL", function() db:query("select $1", "a\0b") end)
    helper.misuse("parameter 1 is a table", function() db:query("select $1", {}) end)
    helper.misuse("parameter 1 is a function", function()
      db:batch { { "select $1", print } }
    end)
    helper.misuse("octets are a string", function() sql.octets(5) end)
    helper.misuse("letters, digits", function() db:listen "a; drop" end)
    db:close()
    helper.misuse("is closed", function() db:query "select 1" end)
  end)

  it("makes its tables once", function()
    local ok, message, code = schema.check(db)
    assert.is_nil(ok)
    assert.equal("schema", code)
    assert.truthy(message:find("has no tables", 1, true))
    assert.equal(0, schema.init(db))
    assert.equal(schema.version, schema.init(db))
    assert.is_true(schema.check(db))
    local other <close> = again {}
    assert.equal(schema.version, schema.init(other))
    assert.same({}, db:query "select * from pop3_seen")
  end)

  it("leaves tables of another version alone", function()
    schema.init(db)
    assert(db:query("insert into pop3_schema values ($1)", schema.version + 1))
    for _, f in ipairs { schema.check, schema.init } do
      local ok, message, code = f(db)
      assert.is_nil(ok)
      assert.equal("schema", code)
      assert.truthy(message:find("needs a newer lpop3", 1, true))
    end
    assert(db:query "delete from pop3_schema")
    assert(db:query "insert into pop3_schema values (0)")
    local ok, message, code = schema.check(db)
    assert.is_nil(ok)
    assert.equal("schema", code)
    assert.truthy(message:find("pop3 fleet init", 1, true))
    -- tables of that name that another program made: nothing is half done
    ok, message, code = schema.init(db)
    assert.is_nil(ok)
    assert.equal("sql", code)
    assert.truthy(message:find "already exists")
    assert.equal(1, #db:query "select version from pop3_schema")
  end)
end
