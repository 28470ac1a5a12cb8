-- Sealed passwords by the program `pop3 fleet`: add, import, run, new keys, and what
-- a person who can write into the database learns from them.

local command = require "spec.support.command"
local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"
local postgres = require "spec.support.postgres"

local ONE, TWO = ("1a"):rep(32), ("2b"):rep(32)

postgres.describe("a sealed password", function(server)
  local dir, mail, url

  before_each(function()
    dir, url = helper.directory(), server():database()
    mail = pop3.server.new { users = {
      ann = { password = "geheim ü", mail = { "Subject: a\r\n\r\n" } },
      bob = { password = "other", mail = { "Subject: b\r\n\r\n" } } } }:fork()
    assert(core.mkdir(dir.path .. "/mail"))
  end)
  after_each(function()
    mail:stop()
    getmetatable(dir).__close(dir)
  end)

  local function write_keys(text)
    dir:write_secret("keys", text)
  end

  local function fleet(input, ...)
    local words = { "fleet", ... }
    table.move({ "--store", url }, 1, 2, #words + 1, words)
    return command.run(words, ("export POP3_FLEET_KEY_FILE=%s/keys; printf '%s' | ")
                              :format(dir.path, input))
  end

  local function does(input, expected, ...)
    local status, out, err = fleet(input, ...)
    assert.same({ 0, expected, "" }, { status, out, err })
  end

  local function add(user, input, ...)
    return fleet(input, "add", user, ("pop://%s@127.0.0.1:%d"):format(user, mail.port),
                 "--tls", "none", "--seal", ...)
  end

  local function run(...)
    return fleet("", "run", "--until-idle", "--maildir", dir.path .. "/mail/{name}", ...)
  end

  local function query(text, ...)
    return postgres.query(url, text, ...)
  end

  it("is added, opened by the workers, and sealed again by new keys", function()
    does("", "made the tables, version 1\n", "init")
    local status, out, err = add("ann", "geheim ü\\n")
    assert.same({ 3, "" }, { status, out })
    assert.match("/keys: No such file", err)
    write_keys(ONE)
    assert.same({ 0, "", "" }, { add("ann", "geheim ü\\r\\nmore") })
    assert.equal(0, #query(
      "select 1 from pop3_account where pop3_account::text like '%geheim%'"))
    local before = query("select secret_ref from pop3_account")[1].secret_ref
    assert.match("^sealed:%x+:[%w+/]+=*$", before)
    status, out = run()
    assert.equal(0, status, out)
    assert.is_truthy(out:find("\nann: 1 new", 1, true), out)

    does("", "0 passwords sealed again\n", "reseal")
    write_keys(TWO .. "\n" .. ONE)
    does("", "1 passwords sealed again\n", "reseal")
    does("", "0 passwords sealed again\n", "reseal")
    assert.not_equal(before, query("select secret_ref from pop3_account")[1].secret_ref)
    write_keys(TWO)
    does("", "ann\n", "due", "ann")
    assert.equal(0, (run()))
    write_keys(ONE)
    does("", "ann\n", "due", "ann")
    status, out = run()
    assert.equal(3, status)
    assert.is_truthy(out:find("which the file of keys does not have", 1, true), out)
    status, out, err = fleet("", "reseal")
    assert.same({ 3, "" }, { status, out })
    assert.match("^pop3: fleet: ann: the secret is sealed by the key %x+, which", err)
  end)

  it("is of no use for another account, user or host", function()
    does("", "made the tables, version 1\n", "init")
    write_keys(ONE)
    assert.equal(0, (add("ann", "geheim ü")))
    assert.equal(0, (add("bob", "other")))
    query("update pop3_account set secret_ref = (select secret_ref from pop3_account "
          .. "where name = 'ann') where name = 'bob'")
    query "update pop3_account set host = '127.0.0.2' where name = 'ann'"
    local logins = mail:count "PASS"
    local status, out = run()
    assert.equal(3, status, out)
    assert.equal(2, select(2, out:gsub("the sealed secret belongs to another account, "
      .. "user or host, or it was changed\n", "")), out)
    assert.equal(logins, mail:count "PASS")
  end)

  it("comes from a file of accounts, and only by --seal", function()
    does("", "made the tables, version 1\n", "init")
    write_keys(ONE)
    local path = dir:write("list.csv", "name,url,tls,password\n"
      .. ("a,pop://ann@127.0.0.1:%d,none,geheim ü\n"):format(mail.port)
      .. ("b,pop://bob@127.0.0.1:%d,none,other\n"):format(mail.port))
    local status, out, err = fleet("", "import", path)
    assert.same({ 2, "" }, { status, out })
    assert.is_truthy(err:find(":2: 'password': a password is never in the database", 1,
                              true), err)
    does("", "2 accounts added\n", "import", path, "--seal")
    assert.equal(0, #query(
      "select 1 from pop3_account where pop3_account::text ~ 'geheim|other'"))
    assert.equal(0, (run()))
    path = dir:write("list.jsonl", '{"name":"c","url":"pop://u@h","password":""}')
    status, out, err = fleet("", "import", path, "--seal")
    assert.same({ 2, "" }, { status, out })
    assert.is_truthy(err:find(":1: a password is one line, and not empty", 1, true), err)
  end)

  it("is asked for on the terminal", function()
    does("", "made the tables, version 1\n", "init")
    write_keys(ONE)
    -- the terminal is that of script(1), the keys come through a FIFO
    assert(os.execute("mkfifo " .. dir.path .. "/typed"))
    local pipe = assert(io.popen(("script -qefc \"lua5.4 lua/bin/pop3 fleet add ann "
      .. "pop://ann@127.0.0.1:%d --tls none --seal --key-file %s/keys --store '%s'\" "
      .. "/dev/null <%s/typed"):format(mail.port, dir.path, url, dir.path)))
    local typed <close> = assert(io.open(dir.path .. "/typed", "w"))
    local text = ""
    while not text:find "Password: " do text = text .. assert(pipe:read(1)) end
    typed:write "geheim ü\n"
    typed:flush()
    text = text .. pipe:read "a"
    assert.is_true(pipe:close(), text)
    assert.is_nil(text:find "geheim")
    assert.is_truthy(text:find("Password: ", 1, true), text)
    assert.equal(0, (run()))
  end)
end)
