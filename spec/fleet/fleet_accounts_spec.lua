-- What an administrator does with the accounts of a fleet.

local abandoned = require "pop3.sql.abandoned"
local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"
local postgres = require "spec.support.postgres"
local record = require "pop3.sync.record"
local row = require "pop3.fleet.account_row".of
local seen_rows = require "pop3.sync.state.seen"
local sql = require "pop3.sql"

describe("an account of a fleet", function()
  it("becomes a row", function()
    local r = assert(row { url = "pops://ann@Mail.example", every = 60, keep = 7,
                           maildir = "/srv/{name}", due = 5,
                           secret = "command:pass ann" })
    assert.same({ name = "ann@mail.example:995", host = "mail.example", port = 995,
                  username = "ann", every = 60, due = 5,
                  secret_ref = "command:pass ann" },
                { name = r.name, host = r.host, port = r.port, username = r.username,
                  every = r.every, due = r.due, secret_ref = r.secret_ref })
    assert.same({ keep = 7, maildir = "/srv/{name}", tls = "implicit" },
                require "pop3.util.json".decode(r.options))
    r = assert(row { host = "b.example", user = "bob", name = "bob", tls = "stls" })
    assert.equal(110, r.port)
    assert.equal('{"tls":"stls"}', r.options)
    assert.equal(300, r.every)
    assert.is_nil(r.secret_ref)
  end)

  it("has one secret, by reference", function()
    local function reference(keys)
      keys.host, keys.user = "h", "u"
      return assert(row(keys)).secret_ref
    end
    assert.equal("command:x y", reference { password_command = "x y" })
    assert.equal("token:x", reference { token_command = "x" })
    assert.equal("file:/x", reference { password_file = "/x" })
    assert.equal("netrc", reference { netrc = true })
    assert.equal("netrc:/x", reference { netrc = "/x" })
    assert.equal("env:X", reference { password_env = "X" })
    assert.equal("env:X", reference { secret = "env:X" })
  end)

  local wrong = {
    ["it needs a url or a host"] = {},
    ["it needs a user"] = { host = "h" },
    ["a password is never in the database"] = { password = "x" },
    ["the URL must not have a password"] = { url = "pops://u:p@h" },
    ["unknown key 'keeep'"] = { keeep = 1 },
    ["'keep' cannot be in a database"] = { keep = function() end },
    ["'into' cannot be in a database"] = { into = {} },
    ["'keep' must be of type"] = { keep = "7" },
    ["'every' must be seconds, 1 or more"] = { every = 0 },
    ["'due' must be seconds, 0 or more"] = { due = -1 },
    ["'port' is not a port"] = { port = 70000 },
    ["an account has one secret"] = { secret = "env:X", netrc = true },
    ["a reference to a secret is"] = { secret = "hunter2" },
    ["'name' must be UTF-8"] = { name = "a\nb" },
    ["'deadline' must be positive"] = { deadline = -1 },
    ["the state is in the database"] = { state = "/x" },
  }
  for text, keys in pairs(wrong) do
    it("is refused: " .. text, function()
      if text ~= "it needs a url or a host" and not keys.url then
        keys.host = keys.host or "h"
        if text ~= "it needs a user" then keys.user = "u" end
      end
      local r, message = row(keys)
      assert.is_nil(r)
      assert.is_truthy(message:find(text, 1, true), message)
      assert.is_nil(message:find "hunter2")
    end)
  end
end)

describe("pop3.fleet", function()
  it("checks its options", function()
    helper.misuse("option 'store' must be the URL", function() pop3.fleet {} end)
    helper.misuse("a fleet needs PostgreSQL",
                  function() pop3.fleet { store = "sqlite:/x" } end)
    helper.misuse("option 'jobs' must be positive",
                  function() pop3.fleet { store = "dbname=x", jobs = 0 } end)
    helper.misuse("option 'into' must have one key",
                  function() pop3.fleet { store = "dbname=x",
                                          into = { maildir = "/x", pipe = "y" } } end)
    helper.misuse("option 'secret'",
                  function() pop3.fleet { store = "dbname=x", secret = "x" } end)
    helper.misuse("which accounts?",
                  function() pop3.fleet{ store = "dbname=x" }:park(7) end)
  end)
end)

postgres.describe("the accounts of a fleet", function(server)
  local fleet, url

  before_each(function()
    url = server():database()
    fleet = pop3.fleet { store = url }
    assert.equal(0, fleet:init())
    assert.equal(1, fleet:init())
  end)
  after_each(function() fleet:close() end)

  local function account(name, keys)
    local all = { name = name, host = "h", user = "u" }
    for key, value in pairs(keys or {}) do all[key] = value end
    return all
  end

  local function names(list)
    local found = {}
    for i, each in ipairs(list) do found[i] = each.name end
    return found
  end

  local function query(text, ...)
    return postgres.query(url, text, ...)
  end

  it("need the tables", function()
    local other <close> = pop3.fleet { store = server():database() }
    local ok, _, code = other:run()
    assert.is_nil(ok)
    assert.equal("schema", code)
  end)

  it("are added: one, many, and once", function()
    assert.same({ "a" }, fleet:add(account "a"))
    assert.same({ "b" }, fleet:add { account "a", account "b" })
    assert.same({}, fleet:add {})
    local many = {}
    for i = 1, 2500 do many[i] = account("m" .. i) end
    assert.equal(2500, #fleet:add(many))
    assert.equal(2502, fleet:status().accounts)
    assert.equal(2502, fleet:status().due)
  end)

  it("are added all or not at all when one cannot work", function()
    local ok, message, code = fleet:add { account "a", account("b", { every = -1 }) }
    assert.is_nil(ok)
    assert.equal("options", code)
    assert.match("account b: 'every'", message)
    assert.same({}, fleet:list())
  end)

  it("are added all or not at all when one exists, or is given twice", function()
    local many = {}
    for i = 1, 1500 do many[i] = account("m" .. i) end
    fleet:add { many[1400], many[1500] }
    local ok, message, code, there = fleet:add(many, { refuse = true })
    assert.same({ false, "account m1400 exists already", "exists",
                  { "m1400", "m1500" } }, { ok or false, message, code, there })
    assert.equal(2, fleet:status().accounts)
    ok, message, code = fleet:add { account "a", account "b", account "a" }
    assert.same({ false, "account a: its name is given twice", "options" },
                { ok or false, message, code })
    assert.equal(2, fleet:status().accounts)
    assert.equal(1498, #fleet:add(many))
  end)

  it("are added with the records about their messages", function()
    local seen = {}
    for i = 1, 25000 do seen["u" .. i] = record.pack { status = "delivered", size = i,
      first = 7, tries = 0, digest = "d" .. i } end
    seen["\0header:xyz\0" .. 2] = record.pack { status = "failed", first = 8,
      tries = 3, note = "no room", name = "n n" }
    assert.same({ "a", "b" }, fleet:add({ account "a", account "b" },
                                        { seen = { a = seen, other = seen } }))
    local rows = query("select count(*) as n, min(fence) as fence, count(distinct account)"
      .. " as accounts, sum(size) as size from pop3_seen")
    assert.same({ 25001, 0, 1 }, { rows[1].n, rows[1].fence, rows[1].accounts })
    local id = fleet:list { names = { "a" } }[1].id
    local db <close> = assert(sql.open { url = url })
    local found = seen_rows.entries(assert(db:query(table.unpack(
      seen_rows.read { { account = id, fence = 0 } }))))
    assert.same(seen, found)
    -- an existing account keeps its values
    assert.same({ "d" }, fleet:add({ account "a", account "d" },
                                   { seen = { a = {}, d = { x = seen.u1 } } }))
    assert.equal(25002, query("select count(*) as n from pop3_seen")[1].n)
    helper.misuse("exclude each other", function()
      fleet:add(account "a", { seen = {}, replace = true })
    end)
  end)

  it("are meant by patterns of a shell", function()
    local all = { "a%b", "a*b", "a_b", "aXb", "a\\b", "b" }
    for _, name in ipairs(all) do fleet:add(account(name)) end
    for pattern, expected in pairs {
      ["a*"] = { "a%b", "a*b", "aXb", "a\\b", "a_b" }, ["a?b"] = { "a%b", "a*b",
        "aXb", "a\\b", "a_b" }, ["a\\*b"] = { "a*b" }, ["a%b"] = { "a%b" },
      ["a_b"] = { "a_b" }, ["a\\\\b"] = { "a\\b" }, ["?"] = { "b" }, ["B"] = {},
    } do
      local found = names(fleet:list { match = { pattern } })
      table.sort(found)
      table.sort(expected)
      assert.same(expected, found, pattern)
    end
    assert.same({ "a*b", "b" }, fleet:park { match = { "b", "a\\*b" } })
    query "update pop3_account set worker = 'w_1:2' where name = 'a_b'"
    assert.same({}, fleet:list { worker = "w_1:2" })
    query("update pop3_account set due = now() + interval '1 hour' where name = 'a_b'")
    assert.same({ "a_b" }, names(fleet:list { worker = "w_*" }))
    assert.same({}, fleet:list { worker = "w?:2" })
  end)

  it("hold odd text as it is", function()
    local odd = [[o"d\d {x}, NULL 'quoted' $1 ü]]
    fleet:add(account(odd, { user = odd }))
    local a = fleet:list()[1]
    assert.equal(odd, a.name)
    assert.equal(odd, a.user)
  end)

  it("are replaced on request", function()
    fleet:add(account("a", { every = 60, keep = 7 }))
    fleet:park "a"
    assert.same({ "a" }, fleet:add(account("a", { every = 70 }), { replace = true }))
    local a = fleet:list()[1]
    assert.equal(70, a.every)
    assert.same({}, a.options)
    assert.equal("parked", a.state)
  end)

  it("are changed", function()
    fleet:add(account("a", { every = 60, keep = 7, secret = "env:X" }))
    assert.is_true(fleet:change("a", { keep = false, max_size = 9 }, { "secret" }))
    local a = fleet:list()[1]
    assert.same({ keep = false, max_size = 9 }, a.options)
    assert.equal(60, a.every)
    assert.is_nil(a.secret_ref)
    assert.is_true(fleet:change("a", { url = "pops://z@other.example" }))
    a = fleet:list()[1]
    assert.equal("other.example", a.host)
    assert.equal("z", a.user)
    assert.equal(995, a.port)
    assert.is_false(fleet:change("nobody", { keep = 1 }))
    local ok, _, code = fleet:change("a", { every = -1 })
    assert.is_nil(ok)
    assert.equal("options", code)
    assert.equal(60, fleet:list()[1].every)
  end)

  it("are parked, resumed, made due, and removed", function()
    fleet:add { account "a", account("b", { host = "other" }), account "c" }
    assert.same({ "a" }, fleet:park("a", "no money"))
    assert.same({}, fleet:park "a")
    assert.same({ "c" }, fleet:park { host = "h" })
    local a = fleet:list()[1]
    assert.equal("no money", a.parked)
    assert.equal("parked", a.state)
    assert.same({ "a", "c" }, names(fleet:list { state = "parked" }))
    query "update pop3_account set failures = 5, due = now() + interval '1 day'"
    assert.same({ "a" }, fleet:resume { "a", "b" })
    a = fleet:list()[1]
    assert.equal("due", a.state)
    assert.equal(0, a.failures)
    assert.same({ "b" }, fleet:due { "b", "c" })
    assert.same({ "b" }, fleet:due("b", 100))
    local b = fleet:list()[2]
    assert.equal("waiting", b.state)
    assert.is_true(b.due_in > 50 and b.due_in <= 100)
    assert.same({ "a", "b", "c" }, fleet:remove { all = true })
    assert.equal(0, fleet:status().accounts)
  end)

  it("can be changed again after a frozen worker had them locked", function()
    fleet:add { account "a" }
    local frozen <close> = assert(sql.open { url = url, timeout = 2 * helper.PATIENCE })
    assert(frozen:query "begin")
    assert(frozen:query(table.unpack(abandoned.name("fleet frozen", 1))))
    assert(frozen:query "select 1 from pop3_account for update")
    local of_admin <close> = pop3.fleet { store = { url = url, timeout = 1 } }
    local code
    assert(helper.await(function()
      local parked, _, why = of_admin:park "a"
      code = code or why
      return parked
    end))
    assert.equal("timeout", code)
    assert.equal("parked", fleet:list()[1].state)
  end)

  it("leave nothing in their Maildirs when they are removed", function()
    local dir <close> = helper.directory()
    local of_fleet <close> = pop3.fleet { store = url, into = {
      maildir = dir.path .. "/{name}" } }
    assert(fleet:add { account "a", account("b", { maildir = dir.path .. "/own" }),
                       account("c", { maildir = dir.path .. "/{id}/none" }),
                       account("d", { mbox = dir.path .. "/d" }) })
    local ids = {}
    for _, each in ipairs(fleet:list()) do ids[each.name] = each.id end
    for where, name in pairs { a = "a", own = "b", d = "d" } do
      assert(core.mkdir(dir.path .. "/" .. where))
      assert(core.mkdir(dir.path .. "/" .. where .. "/tmp"))
      for _, each in ipairs { ("lease.%d.3"):format(ids[name]), "lease.99.1",
                              ("stale.%d.3.4"):format(ids[name]) } do
        local path = dir.path .. "/" .. where .. "/tmp/" .. each
        assert(core.mkdir(path))
        dir:write(where .. "/tmp/" .. each .. "/message", "octets")
      end
    end
    assert.same({ "a", "b", "c", "d" }, of_fleet:remove { all = true })
    local function left(where) return core.readdir(dir.path .. "/" .. where .. "/tmp") end
    assert.same({ "lease.99.1" }, left "a")
    assert.same({ "lease.99.1" }, left "own")
    assert.equal(3, #left "d")  -- it is no Maildir
  end)

  it("are not made due while they are fetched", function()
    fleet:add { account "a" }
    query("update pop3_account set worker = 'w', due = now() + interval '1 hour'")
    assert.same({}, fleet:due "a")
    fleet:park "a"
    assert.same({ "a" }, fleet:resume "a")
    assert.equal("leased", fleet:list()[1].state)
    assert.is_true(fleet:list()[1].due_in > 3000)
  end)

  it("are listed in parts", function()
    for i = 1, 5 do fleet:add(account("a" .. i, { host = i > 3 and "x" or "y" })) end
    assert.same({ "a1", "a2" }, names(fleet:list { limit = 2 }))
    assert.same({ "a3", "a4" }, names(fleet:list { limit = 2, after = "a2" }))
    assert.same({ "a4", "a5" }, names(fleet:list { host = "X" }))
    assert.same({ "a1", "a5" }, names(fleet:list { names = { "a5", "a1", "z" } }))
  end)

  it("have a status", function()
    fleet:add { account "a", account "b", account "c", account "d" }
    fleet:park "d"
    query [[update pop3_account set worker = 'w', due = now() + interval '1 hour'
            where name = 'a']]
    query [[update pop3_account set failures = 2, due = now() - interval '90 s'
            where name = 'b']]
    local s = fleet:status()
    assert.equal(4, s.accounts)
    assert.equal(1, s.parked)
    assert.equal(1, s.leased)
    assert.equal(2, s.due)
    assert.equal(1, s.failing)
    assert.equal(4, s.never)
    assert.is_true(s.late >= 90 and s.late < 200)
    assert.is_true(s.workers[1].lease > 3000 and s.workers[1].lease <= 3600)
    s.workers[1].lease = nil
    assert.same({ { worker = "w", sessions = 1, hosts = 1 } }, s.workers)
    assert.same({ { host = "h", failing = 1 } }, s.failing_hosts)
  end)
end)
