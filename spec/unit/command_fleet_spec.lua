-- The parts of `pop3 fleet` that need no database: the command line, files of accounts,
-- and the output.

local columns = require "pop3.command.columns"
local fetch = require "spec.support.fetch_command"
local read_csv = require "pop3.command.fleet.csv"
local store = require "pop3.command.fleet.store"
local values = require "pop3.command.fleet.values"
local view = require "pop3.command.fleet.view"

describe("values of accounts", function()
  it("are durations", function()
    for text, seconds in pairs { ["90"] = 90, ["90s"] = 90, ["5m"] = 300,
                                 ["1.5h"] = 5400, ["1d"] = 86400, ["0"] = 0 } do
      assert.equal(seconds, values.seconds(text), text)
    end
    for _, text in ipairs { "", "m", "-5", "5 m", "5w", "1e3", "0x10", "5mm", "inf" } do
      local seconds, message = values.seconds(text)
      assert.is_nil(seconds)
      assert.equal("'" .. text .. "' is not a duration, such as 90s, 5m, 2h or 1d",
                   message)
    end
  end)

  it("have the types of their keys", function()
    for _, case in ipairs {
      { "keep", "true", true }, { "keep", "7", 7 }, { "keep", "false", false },
      { "insecure", "yes", true }, { "max_size", "1000", 1000 },
      { "port", "995", 995 }, { "user", "7", "7" }, { "every", "5m", 300 },
      { "maildir", "true", "true" }, { "netrc", "true", true },
      { "netrc", "/etc/netrc", "/etc/netrc" }, { "secret", "env:X", "env:X" },
    } do
      assert.equal(case[3], (values.of(case[1], case[2])), case[1])
    end
    for _, case in ipairs {
      { "max_size", "1.5", "'max_size' cannot be '1.5' (it is of type integer)" },
      { "max_size", "", "'max_size' cannot be '' (it is of type integer)" },
      { "keep", "soon", "'keep' cannot be 'soon' (it is of type boolean or number)" },
      { "maildri", "x", "unknown key 'maildri' (did you mean 'maildir'?)" },
      { "every", "x", "'every': 'x' is not a duration, such as 90s, 5m, 2h or 1d" },
    } do
      local value, message = values.of(case[1], case[2])
      assert.is_nil(value)
      assert.equal(case[3], message)
    end
  end)
end)

describe("CSV", function()
  -- records as text: fields with "|" between them, after the line
  local function read(text)
    local records, line, message = read_csv(text)
    if not records then return line .. ": " .. message end
    local made = {}
    for i, record in ipairs(records) do
      made[i] = record.line .. ":" .. table.concat(record, "|")
    end
    return table.concat(made, " ")
  end

  it("is read", function()
    for text, expected in pairs {
      [""] = "", ["a"] = "1:a", ["a,b\n"] = "1:a|b", ["a,b\r\nc,d\r\n"] = "1:a|b 2:c|d",
      ["a,\n,b"] = "1:a| 2:|b", ["\n\na\n"] = "3:a", ['"a,b",c'] = "1:a,b|c",
      ['"a""b"'] = '1:a"b', ['"a\nb",c\nd,e'] = "1:a\nb|c 3:d|e", ['""'] = "",
      ["\xEF\xBB\xBFa"] = "1:a", ['"",""'] = "1:|",
      ['a"b'] = "1: a quote inside a field that does not begin with one",
      ['x\n"a'] = "2: a quote is not closed", ['"a"b'] = "1: octets follow a quote",
    } do
      assert.equal(expected, read(text), text)
    end
  end)
end)

describe("the database of a fleet", function()
  it("has no password in messages", function()
    for url, text in pairs {
      ["postgresql://u:geheim@h/d"] = "geheim", ["postgresql://u:gehe@im@h/d"] = "gehe@im",
      ["postgresql://u:gehe%69m@h"] = "geheim", ["password=geheim host=h"] = "geheim",
      ["host=h password = 'ge heim' user=u"] = "ge heim",
      ["postgresql://h/d?user=u&password=geheim"] = "geheim",
      ["postgresql://h/d?sslpassword=geheim&x=y"] = "geheim",
      ["postgresql://u:%2e%2A@h"] = ".*",
    } do
      assert.equal("said: <***>", store.masked("said: <" .. text .. ">", url), url)
    end
    for _, url in ipairs { "postgresql://u@h:5432/d", "service=mail", "dbname=d",
                           "postgresql://h:5432/d?options=a@b", "host=h passfile=/x" } do
      assert.equal("u@h:5432", store.masked("u@h:5432", url))
    end
  end)

  it("must be given, and has no password on the command line", function()
    local place <close> = fetch.place()
    local status, _, err = place.main("fleet", "status")
    assert.same({ 2, "pop3: fleet: which database? Use --store or set "
                  .. "POP3_FLEET_STORE\n" }, { status, err })
    status, _, err = place.main("fleet", "status", "--store", "sqlite:/x")
    assert.same({ 2, "pop3: fleet: a fleet needs PostgreSQL, not SQLite\n" },
                { status, err })
    for _, url in ipairs { "postgresql://u:geheim@h", "host=h password=geheim" } do
      status, _, err = place.main("fleet", "init", "--store", url)
      assert.equal(2, status)
      assert.is_truthy(err:find "~/.pgpass")
      assert.is_nil(err:find "geheim")
    end
  end)

  it("may be stopped: status 75, and no secret is shown", function()
    local place <close> = fetch.place { POP3_FLEET_STORE =
      "host=/nonexistent dbname=x user=u password=geheim" }
    for _, words in ipairs { { "init" }, { "status" }, { "park", "x" },
                             { "add", "a", "pop://u@h" } } do
      local status, out, err = place.main("fleet", table.unpack(words))
      assert.equal(75, status, err)
      assert.equal("", out)
      assert.match("^pop3: fleet: database: .*/nonexistent", err)
      assert.is_nil(err:find "geheim")
    end
  end)
end)

describe("pop3 fleet", function()
  local place
  setup(function() place = fetch.place { POP3_FLEET_STORE = "host=/nonexistent" } end)
  teardown(function() getmetatable(place).__close() end)

  it("explains mistakes", function()
    for _, case in ipairs {
      { "a command is required (pop3 fleet --help lists them)" },
      { "unknown command 'sttus' (did you mean 'status'?)", "sttus" },
      { "unknown option '--evry' (did you mean '--every'?)", "add", "--evry", "5m" },
      { "fleet: which accounts? Names or patterns, --host or --all", "park" },
      { "fleet: which accounts? Names or patterns, --host or --all", "park", "a",
        "--all" },
      { "fleet: remove: a pattern, --host or --all needs --yes (pop3 fleet status "
        .. "shows what matches)", "remove", "a*" },
      { "fleet: remove: a pattern, --host or --all needs --yes (pop3 fleet status "
        .. "shows what matches)", "remove", "--all" },
      { "fleet: --watch needs a terminal", "status", "--watch" },
      { "fleet: --set: 'x' is not KEY=VALUE", "add", "a", "pop://u@h", "--set", "x" },
      { "fleet: 'password_file': the workers need an absolute path, not 'pw'", "add",
        "a", "pop://u@h", "--password-file", "pw" },
      { "fleet: 'maildir': the workers need an absolute path, not '~/m'", "add",
        "a", "pop://u@h", "--maildir", "~/m" },
      { "fleet: 'secret': the workers need an absolute path, not 'x'", "add",
        "a", "pop://u@h", "--set", "secret=file:x" },
      { "fleet: --lmtp needs --to", "run", "--lmtp", "h:24" },
      { "fleet: --to needs --lmtp", "run", "--to", "a@b" },
      { "fleet: --lmtp: it must be HOST:PORT or the path of a socket", "run",
        "--lmtp", "h", "--to", "a" },
      { "'5x' is not a duration, such as 90s, 5m, 2h or 1d", "run", "--lease", "5x" },
      { "fleet: fleet: option 'lease' must be positive", "run", "--lease", "0" },
    } do
      local status, _, err = place.main("fleet", table.unpack(case, 2))
      assert.same({ 2, "pop3: " .. case[1] .. "\n" }, { status, err })
    end
  end)

  local function check(name, text, ...)
    local path = place.dir:write(name, text)
    local status, out, err = place.main("fleet", "import", "--check", path, ...)
    return status, out .. err:gsub(path:gsub("%p", "%%%0"), "FILE")
  end

  it("checks files of accounts, and names the line that is wrong", function()
    local ann = '{"name":"ann","url":"pops://ann@h"}\n'
    for _, case in ipairs {
      { "a.csv", "name,url,every,password_file\na,pops://a@h,5m,/x\n"
        .. '"b, c",pop://b@h,,\n', 0, "2 accounts can be imported\n" },
      { "a.jsonl", ann .. '\n{"host":"h","user":"u","every":"1h","keep":7}\n', 0,
        "2 accounts can be imported\n" },
      { "a.csv", "name,url\na,pop://a@h\nb\n", 2,
        "pop3: fleet: FILE:3: 1 fields, but the first line has 2\n" },
      { "a.csv", "name,ulr\n", 0, "0 accounts can be imported\n" },
      { "a.csv", "name,ulr\na,b\n", 2,
        "pop3: fleet: FILE:2: unknown key 'ulr' (did you mean 'url'?)\n" },
      { "a.csv", 'name,url\n"a', 2, "pop3: fleet: FILE:2: a quote is not closed\n" },
      { "a.csv", "", 2, "pop3: fleet: FILE: the file is empty\n" },
      { "a.csv", "name,url,mbox\na,pop://a@h,m\n", 2, "pop3: fleet: FILE:2: 'mbox': "
        .. "the workers need an absolute path, not 'm'\n" },
      { "a.csv", "name,url,password\na,pop://a@h,geheim\n", 2, "pop3: fleet: FILE:2: "
        .. "'password': a password is never in the database: use 'secret'\n" },
      { "a.csv", "name,url\na,pop://a:geheim@h\n", 2, "pop3: fleet: FILE:2: "
        .. "the URL must not have a password\n" },
      { "a.csv", "name,url\na,pop://a@h\nb,pop://b@h\na,pop://a@i\n", 2,
        "pop3: fleet: FILE:4: account 'a' is given twice, see FILE:2\n" },
      { "a.json", ann .. "[1]\n", 2, "pop3: fleet: FILE:2: it must be an object\n" },
      { "a.json", ann .. "7\n", 2, "pop3: fleet: FILE:2: it must be an object\n" },
      { "a.json", ann .. "null\n", 2, "pop3: fleet: FILE:2: it must be an object\n" },
      { "a.json", '\n{"url":"pops://a@h","every":-1}', 2,
        "pop3: fleet: FILE:2: 'every' must be seconds, 1 or more\n" },
      { "a.json", '{"url":7}', 2, "pop3: fleet: FILE:1: 'url' must be a string\n" },
      { "a.json", '{"host":7}', 2, "pop3: fleet: FILE:1: it needs a url or a host\n" },
      { "a.json", '{"name":{},"url":"pop://a@h"}', 2, "pop3: fleet: FILE:1: 'name' "
        .. "must be UTF-8 without control characters\n" },
      { "a.lua", 'accounts = { a = { url = "pops://a@h", maildir = "/m", state = "/s",'
        .. ' account = "x", netrc = true } }', 0, "1 account can be imported\n" },
      { "a.lua", 'accounts = { a = { url = "pops://a@h", maildir = "/m" }, b = {'
        .. ' url = "pops://b@h", into = function() end } }', 2,
        "pop3: fleet: FILE: account 'b': 'into' cannot be in a database\n" },
      { "a.txt", "", 2, "pop3: fleet: FILE: which --format is it? csv, json or lua\n" },
    } do
      local status, text = check(case[1], case[2])
      assert.same({ case[3], case[4] }, { status, text }, case[2])
    end
    assert.same({ 0, "1 account can be imported\n" },
                { check("a.txt", ann, "--format", "json") })
    local status, _, err = place.main("fleet", "import", "/nonexistent.csv")
    assert.same({ 2, "pop3: fleet: /nonexistent.csv: No such file or directory\n" },
                { status, err })
  end)
end)

describe("the lines of pop3 fleet status", function()
  local function account(keys)
    local a = { name = "ann", state = "waiting", due_in = 100, failures = 0 }
    for key, value in pairs(keys) do a[key] = value end
    return a
  end

  local found = { accounts = 123456, due = 2345, late = 3700, leased = 200, parked = 3,
    failing = 17, never = 5,
    workers = { { worker = ("w"):rep(90), sessions = 100, hosts = 50, lease = 250 },
                { worker = "mx2\27[2J:1:ab", sessions = 1, hosts = 1, lease = -5 } },
    list = { account { result = { new = 3, aside = 1 }, ok_ago = 100 },
      account { name = ("名"):rep(50), state = "leased", due_in = 7,
                result = { new = 123456, deleted = 123456, failed = 12345 } },
      account { name = "b\27]0;x\7\u{202E}", state = "parked",
                parked = "PASS: [AUTH] \27[31m" .. ("no "):rep(50), failures = 3 },
      account { state = "due", due_in = -5000, last_error = ("x"):rep(200),
                failures = 12 } } }

  it("fit into 80 columns, and are harmless", function()
    for width = 60, 120, 20 do
      local lines = view.lines(found, width)
      for _, line in ipairs(lines) do
        assert.is_true(columns.of(line) <= width, width .. ": " .. line)
        assert.is_nil(line:find "%c", line)
        assert.is_nil(line:find("\u{202E}", 1, true))
      end
    end
  end)

  it("are not cut without a terminal", function()
    local text = table.concat(view.lines(found), "\n")
    assert.is_truthy(text:find(("w"):rep(90), 1, true))
    assert.is_truthy(text:find(("x"):rep(200), 1, true))
    assert.is_truthy(text:find("123456 accounts: 2345 due (the first for 62m), "
      .. "200 running, 3 parked, 17 failing, 5 never fetched", 1, true))
    assert.is_truthy(text:find("\n  parked: PASS: [AUTH] ", 1, true))
    assert.is_truthy(text:find("3 new, 1 aside", 1, true))
  end)
end)
