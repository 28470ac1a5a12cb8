-- The configuration file of pop3 fetch.

local config = require "pop3.command.fetch.config"
local core = require "pop3.core"
local helper = require "spec.helper"

local dir

local function read(text, mode)
  local path = dir:write("fetch.lua", text)
  assert(os.execute(("chmod %s '%s'"):format(mode or "644", path)))
  return config.read(path)
end

-- Reading fails with a message that names the file and has 'text' in it.
local function refused(text, source, mode)
  local accounts, err = read(source, mode)
  assert.is_nil(accounts, source)
  assert.is_truthy(err:find("fetch.lua", 1, true), err)
  assert.is_truthy(err:find(text, 1, true), err)
end

describe("the configuration of pop3 fetch", function()
  before_each(function() dir = helper.directory() end)
  after_each(function() dir:__close() end)

  local BOTH = [[
    defaults = { keep = 7, maildir = "/m/default", timeout = 20 }
    accounts = {
      work = { url = "pops://ann%40corp@mail.example", maildir = "/m/work",
               password_command = "pass work" },
      old = { inherit = "work", url = "pop://ann@old.example:1110",
              keep = true },
      mbox = { inherit = "old", mbox = "/m/box", password_file = "/p" },
    }]]

  it("gives accounts with inherited values", function()
    local accounts = assert(read(BOTH))
    assert.same({ "mbox", "old", "work" }, { table.unpack(accounts) })
    assert.same({
      name = "work", host = "mail.example", tls = "implicit",
      user = "ann@corp", maildir = "/m/work", keep = 7, timeout = 20,
      password_command = "pass work",
    }, accounts.work)
    assert.same({
      name = "old", host = "old.example", port = 1110, tls = "stls",
      user = "ann", maildir = "/m/work", keep = true, timeout = 20,
      password_command = "pass work",
    }, accounts.old)
    -- one delivery and one secret: the nearest one
    assert.same({
      name = "mbox", host = "old.example", port = 1110, tls = "stls",
      user = "ann", mbox = "/m/box", keep = true, timeout = 20,
      password_file = "/p",
    }, accounts.mbox)
  end)

  it("takes host, port and tls together from the nearest URL", function()
    local accounts = assert(read [[
      defaults = { host = "d.example", port = 1, tls = "none", maildir = "/m" }
      accounts = {
        a = { user = "u" },
        b = { url = "pops://u@b.example" },
        c = { inherit = "b", host = "c.example", user = "v" },
        d = { inherit = "e", url = "pop://u@d2.example" },
        e = { url = "pops://w@e.example:2", tls = "none" },
        f = { inherit = "e", port = 3 },
      }]])
    local function where(name)
      local a = accounts[name]
      return ("%s %s %s %s"):format(a.user, a.host, a.port, a.tls)
    end
    assert.equal("u d.example 1 none", where "a")
    assert.equal("u b.example nil implicit", where "b")
    assert.equal("v c.example nil implicit", where "c")
    assert.equal("u d2.example nil stls", where "d")
    assert.equal("w e.example 2 none", where "e")
    assert.equal("w e.example 3 none", where "f")
  end)

  it("reads the example", function()
    local accounts = assert(config.read "examples/fetch.lua")
    assert.is_truthy(accounts[1])
  end)

  it("may compute and return the tables", function()
    local accounts = assert(read [[
      local list = {}
      for _, name in ipairs { "a", "b" } do
        list[name] = { host = name .. ".example", user = name, maildir = "/m" }
      end
      return { accounts = list }]])
    assert.same({ "a", "b" }, { table.unpack(accounts) })
    assert.equal("b.example", accounts.b.host)
  end)

  it("takes functions, and the environment", function()
    local accounts = assert(read [[
      accounts = { a = {
        url = "pops://u@h", into = function() return true end,
        keep = function(handle) return handle.size < 10 end,
        set_aside = (os.getenv "HOME" or "") .. "/aside", state = "~/s" } }]])
    assert.is_function(accounts.a.into)
    assert.equal(os.getenv "HOME" .. "/s", accounts.a.state)
  end)

  it("names the file and the key of an unknown option", function()
    refused("account 'a': unknown key 'keeep'",
            'accounts = { a = { url = "pops://u@h", keeep = 1 } }')
    refused("defaults: unknown key 'maildr'",
            'defaults = { maildr = "x" } accounts = {}')
    refused("unknown key 'account'", "account = {}")
    refused("unknown key 'other'", "return { accounts = {}, other = 1 }")
    refused("account 'a': 'port' must be of type integer, not string",
            'accounts = { a = { host = "h", port = "995" } }')
    refused("'keep' must be of type boolean or number or function, not table",
            'accounts = { a = { url = "pops://u@h", keep = {} } }')
    refused("account 'a': 'order' must be one of: newest, oldest",
            'accounts = { a = { url = "pops://u@h", order = "old" } }')
    refused("defaults: 'tls' must be one of: ", 'defaults = { tls = "ssl" }')
    for key, message in pairs {
      ["keep = -1"] = "sync: option 'keep' must be at least 0",
      ["seed = {}"] = "sync: option 'seed' must have one of newest, since",
      ["attempts = 0"] = "sync: option 'attempts' must be at least 1",
      ["port = 70000"] = "connect: no such port: 70000",
      ["timeout = 0"] = "connect: timeout 'io' must be positive",
      ["deadline = 0"] = "'deadline' must be positive",
      ["command_timeout = -1"] = "'command_timeout' must be positive",
    } do
      refused("account 'a': " .. message, ([[
        accounts = { a = { url = "pops://u@h", maildir = "m", %s } }]])
        :format(key))
    end
    for key, message in pairs {
      ["maildir = ''"] = "maildir: the path must be a string",
      ["lmtp = {}"] = "lmtp: either host and port, or path is needed",
      ["pipe = ''"] = "pipe: the command must be a string",
      ["into = {}"] = "sync: option 'into' must be a function",
    } do
      refused("account 'a': " .. message, ([[
        accounts = { a = { url = "pops://u@h", %s } }]]):format(key))
    end
    refused("account 'a' must be a table", "accounts = { a = 5 }")
    refused("there are no accounts", "defaults = {}")
    refused("there are no accounts", "accounts = {}")
    refused("an account needs a name", 'accounts = { { host = "h" } }')
    refused("an account needs a name", 'accounts = { ["a/b"] = { host = "h" } }')
  end)

  it("names a missing key of an account, and a key that is given twice", function()
    refused("account 'a': it needs a url or a host",
            'accounts = { a = { maildir = "/m" } }')
    refused("account 'a': it needs a user",
            'accounts = { a = { host = "h", maildir = "/m" } }')
    refused("account 'a': it needs one of: into, lmtp, maildir, mbox, pipe",
            'accounts = { a = { url = "pops://u@h" } }')
    refused("only one of maildir, mbox may be set",
            'accounts = { a = { url = "pops://u@h", maildir = "m", mbox = "b" } }')
    refused("only one of netrc, password_file may be set", [[accounts = { a = {
      url = "pops://u@h", maildir = "m", netrc = true, password_file = "f" } }]])
    refused("scheme is not pop or pops",
            'accounts = { a = { url = "imap://u@h", maildir = "m" } }')
    refused("must not have a password",
            'accounts = { a = { url = "pops://u:geheim@h", maildir = "m" } }')
  end)

  it("finds circles and missing parents of inheritance", function()
    refused("account 'a' inherits from itself", [[accounts = {
      a = { inherit = "b" }, b = { inherit = "a" } }]])
    refused("there is no account 'c' to inherit from", [[accounts = {
      a = { inherit = "c", url = "pops://u@h", maildir = "m" } }]])
  end)

  it("reports errors of the file with their line", function()
    refused("fetch.lua:2:", "accounts = {\n=}")
    refused("fetch.lua:1: oops", "error 'oops'")
    refused("fetch.lua: (error object is a table value)", "error {}")
    local accounts, err = config.read(dir.path .. "/none")
    assert.is_nil(accounts)
    assert.match("none: No such file", err)
  end)

  it("gives the file no access to files, processes and modules", function()
    for _, name in ipairs { "io", "require", "load", "loadfile", "dofile",
                            "debug", "package", "os.execute", "os.remove",
                            "setmetatable", "rawset", "coroutine", "_G" } do
      refused("it is nil", ("assert(%s, 'it is nil')"):format(name))
    end
    -- nor to functions of the program: string methods cannot be replaced
    assert.is_nil((read "string.rep = nil accounts = {}"))
    assert.equal("aa", ("a"):rep(2))
    -- binary chunks are refused
    refused("attempt to load a binary chunk", string.dump(function() end))
  end)

  it("takes a password only from a file that other users cannot read", function()
    local source = [[accounts = { a = { url = "pops://u@h", maildir = "/m",
                                        password = "geheim" } }]]
    refused("that only its owner can read", source, "640")
    refused("that only its owner can read", source, "604")
    assert.equal("geheim", read(source, "600").a.password)
    core.unlink(dir.path .. "/link")
    os.execute(("ln -s fetch.lua '%s/link'"):format(dir.path))
    local accounts, err = config.read(dir.path .. "/link")
    assert.is_nil(accounts)
    assert.is_nil(err:find "geheim")
  end)
end)
