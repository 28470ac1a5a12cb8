-- The life of a fleet by the program `pop3 fleet`, with PostgreSQL and our test server.

local command = require "spec.support.command"
local core = require "pop3.core"
local dkjson = require "dkjson"
local helper = require "spec.helper"
local pop3 = require "pop3"
local postgres = require "spec.support.postgres"

postgres.describe("pop3 fleet", function(server)
  local dir, mail, url

  before_each(function()
    dir, url = helper.directory(), server():database()
    mail = pop3.server.new { users = {
      ann = { password = "secret", mail = { "Subject: a1\r\n\r\n", "Subject: a2\r\n\r\n" } },
      bob = { password = "secret", mail = { "Subject: b1\r\n\r\n" } },
      eve = { password = "other", mail = { "Subject: e1\r\n\r\n" } } } }:fork()
    dir:write_secret("password", "secret\n")
    assert(core.mkdir(dir.path .. "/mail"))
  end)
  after_each(function()
    mail:stop()
    getmetatable(dir).__close(dir)
  end)

  -- Run it: exit status, standard output, standard error.
  local function fleet(...)
    return command.run({ "fleet", ... }, "POP3_FLEET_STORE=" .. helper.quote(url) .. " ")
  end

  -- The same, when it succeeds and says nothing else.
  local function does(expected, ...)
    local status, out, err = fleet(...)
    assert.same({ 0, expected, "" }, { status, out, err })
  end

  local function add(name, user, ...)
    does("", "add", name, ("pop://%s@127.0.0.1:%d"):format(user, mail.port),
         "--tls", "none", "--password-file", dir.path .. "/password", ...)
  end

  local function run(...)
    return fleet("run", "--until-idle", "--maildir", dir.path .. "/mail/{name}", ...)
  end

  local function delivered(name)
    return #(core.readdir(dir.path .. "/mail/" .. name .. "/new") or {})
  end

  local function accounts(...)
    local status, out, err = fleet("status", "--json", ...)
    assert.same({ 0, "" }, { status, err })
    local found, by_name = assert(dkjson.decode(out)), {}
    for _, a in ipairs(found.list) do by_name[a.name] = a end
    return by_name, found
  end

  local function query(text, ...)
    return postgres.query(url, text, ...)
  end

  it("marks old mail as seen at the first run", function()
    assert.equal(0, (fleet "init"))
    add("ann", "ann", "--seed")
    add("ann1", "ann", "--newest", "1")
    add("ann2", "ann", "--since", "2001-01-01")
    assert.equal(0, (run("--jobs", "1")))
    local found = accounts()
    assert.same({ 0, 2 }, { found.ann.result.new, found.ann.result.skipped })
    assert.same({ 1, 1 }, { found.ann1.result.new, found.ann1.result.skipped })
    assert.same({ 2, 0 }, { found.ann2.result.new, found.ann2.result.skipped })
    assert(mail:deliver("ann", "Subject: a3\r\n\r\n"))
    assert.equal(0, (fleet("due", "--all")))
    assert.equal(0, (run("--jobs", "1")))
    assert.same({ 1, 2, 3 }, { delivered "ann", delivered "ann1", delivered "ann2" })
    local status, _, err = fleet("add", "x", "pop://x@127.0.0.1", "--seed", "--newest",
                                 "1")
    assert.equal(2, status)
    assert.match("can not be used together", err)
  end)

  it("goes from init to remove", function()
    local status, out, err = fleet "status"
    assert.same({ 3, "", "pop3: fleet: the database has no tables of lpop3: run pop3 "
                  .. "fleet init\n" }, { status, out, err })
    status, out = run()
    assert.same({ 3, "the worker ends\n" }, { status, out })
    does("made the tables, version 1\n", "init")
    does("the tables are there, version 1\n", "init")
    does("0 accounts: 0 due, 0 running, 0 parked, 0 failing, 0 never fetched\n",
         "status")

    add("ann", "ann", "--every", "1h")
    add("bob", "bob", "--delete", "--maildir", dir.path .. "/mail/of-{user}")
    add("eve", "eve")
    status, out, err = fleet("add", "eve", "pop://x@127.0.0.1")
    assert.same({ 3, "", "pop3: fleet: account eve exists already (--replace changes "
                  .. "it)\n" }, { status, out, err })

    status, out = run()
    assert.equal(3, status)
    assert.is_truthy(out:find("\nann: 2 new, ", 1, true), out)
    assert.is_truthy(out:find("\nbob: 1 new, 1 deleted, ", 1, true), out)
    assert.match("\neve: parked until pop3 fleet resume, [%d.]+ s: PASS: [%d.:]+ "
                 .. "%[AUTH%] authentication failed\n", out)
    assert.equal(2, delivered "ann")
    assert.equal(1, delivered "of-bob")
    local found, all = accounts()
    assert.same({ 3, 0, 1, 1 }, { all.accounts, all.due, all.parked, all.never })
    assert.equal("waiting", found.ann.state)
    assert.is_true(found.ann.due_in > 3000)
    assert.equal("parked", found.eve.state)
    assert.match("authentication failed", found.eve.parked)
    assert.same({ 2, 0 }, { found.ann.result.new, found.bob.failures })

    status, out = fleet "status"
    assert.equal(0, status)
    assert.match("\nACCOUNT  STATE    LAST OK  NEXT  FAILED  LAST RUN\n", out)
    assert.match("\n  parked: PASS: [%d.:]+ %[AUTH%] authentication failed\n", out)
    for line in out:gmatch "[^\n]+" do assert.is_true(#line <= 80, line) end
    status, out = fleet("status", "--parked")
    assert.equal(0, status)
    assert.is_nil(out:find("\nann", 1, true))

    -- the right password now
    mail:user("eve", { password = "secret" })
    does("eve\n", "resume", "eve")
    status, out = run()
    assert.equal(0, status)
    assert.is_truthy(out:find("\neve: 1 new, ", 1, true), out)
    assert.equal(1, delivered "eve")

    -- nothing comes twice
    does("ann\neve\n", "due", "ann", "eve")
    status, out = run "--quiet"
    assert.same({ 0, "" }, { status, out })
    assert.equal(2, delivered "ann")

    -- what was fetched of a removed account is forgotten
    local tmp = dir.path .. "/mail/ann/tmp/"
    local id = query "select id from pop3_account where name = 'ann'"[1].id
    assert(core.mkdir(tmp .. "lease." .. id .. ".9"))
    does("ann\n", "remove", "ann", "--maildir", dir.path .. "/mail/{name}")
    assert.same({}, core.readdir(tmp))
    local left = query("select a.name, count(*) as n from pop3_seen s left join "
      .. "pop3_account a on a.id = s.account group by a.name order by a.name")
    assert.same({ { name = "bob", n = 1 }, { name = "eve", n = 1 } }, left)
    add("ann", "ann")
    assert.equal(0, (run()))
    assert.equal(4, delivered "ann")
    does("ann\nbob\neve\n", "remove", "--all", "--yes")
    does("0 accounts: 0 due, 0 running, 0 parked, 0 failing, 0 never fetched\n",
         "status")
  end)

  it("changes an account, and keeps what is recorded about its messages", function()
    does("made the tables, version 1\n", "init")
    add("ann", "ann", "--set", "max_size=1000000", "--keep-days", "7")
    assert.equal(0, (run()))
    add("ann", "ann", "--every", "2h", "--replace")
    local a = accounts().ann
    assert.equal(7200, a.every)
    assert.same({ tls = "none" }, a.options)
    does("ann\n", "due", "ann")
    assert.equal(0, (run()))
    assert.equal(2, delivered "ann")
  end)

  it("parks, resumes and makes due named accounts, and reports unknown names", function()
    does("made the tables, version 1\n", "init")
    for _, name in ipairs { "a1", "a2", "b*", "b2" } do add(name, "ann") end
    does("a1\na2\n", "park", "a?", "--reason", "no money")
    assert.equal("no money", accounts().a1.parked)
    does("b*\n", "park", "b\\*")
    assert.same({ 1, "b2\n", "pop3: fleet: a1: it is parked already\n"
                  .. "pop3: fleet: there is no account 'c'\n" },
                { fleet("park", "b2", "a1", "c") })
    assert.same({ 1, "", "pop3: fleet: a2: it is parked, or is fetched now\n" ..
                  "pop3: fleet: there is no account 'A1'\n" },
                { fleet("due", "a2", "A1") })
    assert.same({ 1, "", "pop3: fleet: no account was changed\n" },
                { fleet("due", "c*") })
    does("a1\na2\nb*\nb2\n", "resume", "--host", "127.0.0.1")
    does("a1\n", "due", "a1", "--after", "1h")
    assert.is_true(accounts().a1.due_in > 3000)
    local left = accounts("--due", "b*", "a1")
    assert.same({ "b*", "b2" }, { left["b*"].name, left.b2.name })
    assert.is_nil(left.a1)
    does("b*\nb2\n", "remove", "b*", "--yes")
    assert.same({ 1, "", "pop3: fleet: there is no account 'b2'\n" },
                { fleet("remove", "b2") })
  end)

  it("takes hostile names and hosts as they are", function()
    does("made the tables, version 1\n", "init")
    local names = { "'; drop table pop3_account; --", 'a"b\\c', "$1", "-n", "%s %n",
                    "ümläut 名", "../../etc", "a/b", "{host}", "x\u{202E}y" }
    for _, name in ipairs(names) do
      does("", "add", ("--tls=none"), ("--password-file=%s/password"):format(dir.path),
           "--", name, ("pop://ann@127.0.0.1:%d"):format(mail.port))
    end
    local status, out = run("--jobs", "1")  -- they share a maildrop
    assert.equal(0, status, out)
    assert.equal(#names, select(2, out:gsub(": 2 new, ", "")))
    assert.is_nil(out:find("\u{202E}", 1, true))
    assert.same({}, core.readdir(dir.path .. "/etc") or {})
    for _, name in ipairs(core.readdir(dir.path .. "/mail")) do
      assert.equal(2, delivered(name), name)
    end
    assert.equal(#names, #core.readdir(dir.path .. "/mail"))
    local found = accounts()
    for _, name in ipairs(names) do assert.equal(name, found[name].name) end
    for _, name in ipairs(names) do does(name:gsub("\u{202E}", "\u{FFFD}") .. "\n",
                                         "remove", "--", name) end
    for _, name in ipairs { "a\nb", "", "\xFF" } do
      status = fleet("add", name, "pop://u@h")
      assert.equal(2, status)
    end
  end)

  it("imports files: all accounts, or no account", function()
    does("made the tables, version 1\n", "init")
    local path = dir:write("list.csv", "name,url,every,password_file,maildir,tls\n"
      .. ("ann,pop://ann@127.0.0.1:%d,10m,%s/password,,none\n"):format(mail.port,
                                                                     dir.path)
      .. ("bob,pop://bob@127.0.0.1:%d,10m,%s/password,,none\n"):format(mail.port,
                                                                     dir.path))
    add("bob", "bob", "--every", "1h")
    local status, out, err = fleet("import", path)
    assert.same({ 3, "", ("pop3: fleet: %s:3: account 'bob' exists already; --replace "
      .. "changes such accounts, --skip leaves them\n"):format(path) },
      { status, out, err })
    assert.is_nil(accounts().ann)
    does("1 account added, 1 left as they are\n", "import", path, "--skip")
    assert.equal(3600, accounts().bob.every)
    does("2 accounts added or changed\n", "import", path, "--replace")
    assert.equal(600, accounts().bob.every)
    assert.equal(0, (run()))
    assert.equal(2, delivered "ann")

    local lines = {}
    for i = 1, 2000 do
      lines[i] = ('{"name":"n%d","url":"pops://u%d@mail.example","secret":"env:X"}')
                 :format(i, i)
    end
    local text = table.concat(lines, "\n")
    path = dir:write("list.jsonl", text .. '\n{"name":"n2001","url":"ftp://x"}')
    status, out, err = fleet("import", path)
    assert.equal(2, status)
    assert.equal("", out)
    assert.is_truthy(err:find(path .. ":2001: ", 1, true), err)
    assert.equal(2, select(2, accounts()).accounts)
    path = dir:write("list.jsonl", text)
    does("2000 accounts added\n", "import", path, "--spread", "1000s")
    local found = accounts("n1", "n2000", "n1001")
    assert.is_true(found.n1.due_in <= 0)
    assert.is_true(found.n1001.due_in > 300 and found.n1001.due_in <= 500)
    assert.is_true(found.n2000.due_in > 700)
    assert.equal(1, select(2, select(2, fleet("status", "n*")):gsub("%(%-%-limit", "")))
    does("2000 accounts added or changed\n", "import", path, "--replace")

    path = dir:write("fetch.lua", ([[
      defaults = { tls = "none", password_file = "%s/password", port = %d }
      accounts = { carol = { host = "127.0.0.1", user = "ann", maildir = "%s/c" } }
    ]]):format(dir.path, mail.port, dir.path))
    does("1 account added\n", "import", path)
    does("carol\n", "due", "carol")
    assert.equal("file:" .. dir.path .. "/password", accounts "carol".carol.secret_ref)
  end)

  it("takes over the records of pop3 fetch", function()
    does("made the tables, version 1\n", "init")
    local path = dir:write("fetch.lua", ([[
      defaults = { tls = "none", password_file = "%s/password", port = %d,
                   host = "127.0.0.1" }
      accounts = { ann = { user = "ann", maildir = "%s/mail/ann" },
                   b = { user = "bob", maildir = "%s/mail/b", state = "%s/b.state",
                         account = "another name" },
                   new = { user = "bob", maildir = "%s/mail/new", tls = "none" } }
    ]]):format(dir.path, mail.port, dir.path, dir.path, dir.path, dir.path))
    local env = ("export XDG_STATE_HOME=%s/state; "):format(dir.path)
    local function import(...)
      return command.run({ "fleet", "import", "--with-state", path, ... },
                         env .. "POP3_FLEET_STORE=" .. helper.quote(url) .. " ")
    end
    assert.equal(0, (command.run({ "fetch", "-c", path, "ann", "b" }, env)))
    assert.equal(2, delivered "ann")
    mail:deliver("ann", "Subject: a3\r\n\r\n")

    -- a run of pop3 fetch is under way
    local s = pop3.state.file(dir.path .. "/b.state")
    assert(s:open "another name")
    local status, out, err = import()
    assert.same({ 75, "" }, { status, out })
    assert.is_truthy(err:find("fetch.lua: account 'b': ", 1, true), err)
    s:close {}
    assert.equal(0, select(2, accounts()).accounts)

    assert.same({ 0, "3 accounts added, 3 messages known\n", "" }, { import() })
    status, out = run("--jobs", "1")
    assert.equal(0, status, out)
    assert.is_truthy(out:find("\nann: 1 new, ", 1, true), out)
    assert.is_truthy(out:find("\nb: 0 new, ", 1, true), out)
    assert.is_truthy(out:find("\nnew: 1 new, ", 1, true), out)
    assert.equal(3, delivered "ann")
    -- all of it or nothing
    does("ann\n", "remove", "ann")
    assert.equal(3, (import()))
    assert.is_nil(accounts().ann)
    assert.same({ 0, "1 account added, 2 left as they are, 2 messages known\n", "" },
                { import "--skip" })
    assert.equal(2, (import "--replace"))
    local json = dir:write("x.json", '{"url":"pop://u@h","name":"x"}')
    status, out, err = fleet("import", "--with-state", json)
    assert.same({ 2, "", ("pop3: fleet: %s:1: only the configuration of pop3 fetch has "
                  .. "states\n"):format(json) }, { status, out, err })
  end)

  it("refuses tables of a newer version", function()
    does("made the tables, version 1\n", "init")
    query "insert into pop3_schema values (99)"
    for _, words in ipairs { { "init" }, { "status" }, { "run", "--until-idle" },
                             { "park", "a" } } do
      local status, _, err = fleet(table.unpack(words))
      assert.equal(3, status, err)
      assert.equal("pop3: fleet: the database has the tables of version 99, and this "
        .. "library knows 1: it needs a newer lpop3\n", err)
    end
  end)
end)
