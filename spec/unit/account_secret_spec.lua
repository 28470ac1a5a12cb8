-- The sources of passwords and tokens of pop3 fetch.

local core = require "pop3.core"
local helper = require "spec.helper"
local netrc = require "pop3.account.netrc"
local pop3 = require "pop3"
local process = require "pop3.util.process"
local secret = require "pop3.account.secret"

-- Run a function in a task of a loop; returns its results.
local function in_loop(fn)
  local loop <close> = assert(pop3.loop.own())
  local results
  loop:spawn(function() results = table.pack(fn(loop.wait, loop)) end)
  loop:run()
  return table.unpack(results, 1, results.n)
end

local function get(account, again)
  account.user, account.host = account.user or "ann", account.host or "h.example"
  return in_loop(function(wait)
    return secret.get(account, { wait = wait }, again)
  end)
end

describe("a command", function()
  it("gives its output, without its standard error", function()
    assert.equal("out\n", in_loop(function(wait)
      return process("echo err >&2; echo out", wait, helper.PATIENCE)
    end))
    assert.equal("a b", in_loop(function(wait)
      return process('printf %s "$A $B"; cat', wait, helper.PATIENCE,
                     { "A=a", "B=b" })
    end))
  end)

  it("says how it ended", function()
    local function how(text, seconds)
      return table.pack(in_loop(function(wait)
        return process(text, wait, seconds or helper.PATIENCE)
      end))
    end
    assert.same({ nil, "exit", 7, n = 3 }, how "exit 7")
    assert.same({ nil, "exit", 127, n = 3 }, how "/nonexistent/x")
    assert.same({ nil, "signal", 9, n = 3 }, how "kill -9 $$")
    assert.same({ nil, "limit", n = 2 }, how "yes")
    assert.same({ nil, "timeout", n = 2 }, how("exec sleep 1000", 0.01))
    assert.same({ nil, "timeout", n = 2 }, how("exec >&-; exec sleep 1000", 0.01))
  end)

  it("lets other tasks run meanwhile", function()
    local dir <close> = helper.directory()
    local fifo = dir.path .. "/fifo"
    assert(os.execute("mkfifo '" .. fifo .. "'"))
    -- it ends only after the other task has written into the FIFO
    assert.equal("go", in_loop(function(wait, loop)
      loop:spawn(function()
        local fd = assert(core.open(fifo, "rw"))
        fd:write "go\n"
        fd:flush()
        loop:sleep(0)
      end)
      return process(("read line <'%s'; printf %%s \"$line\""):format(fifo), wait,
                     helper.PATIENCE)
    end))
  end)
end)

describe("the secret of an account", function()
  local dir

  before_each(function() dir = helper.directory() end)
  after_each(function() dir:__close() end)

  local function file(text, mode)
    local path = dir:write("secret", text)
    assert(os.execute(("chmod %s '%s'"):format(mode, path)))
    return path
  end

  it("is the first line that a command prints", function()
    assert.same({ password = "gehei m" },
                get { password_command = "printf 'gehei m\\nmore\\n'" })
    assert.same({ password = "ann@h.example" },
                get { password_command = "echo $LPOP3_USER@$LPOP3_HOST" })
    assert.same({ token = "t" }, get { token_command = "echo t$LPOP3_REFUSED" })
    assert.same({ token = "t1" },
                get({ token_command = "echo t$LPOP3_REFUSED" }, true))
  end)

  it("fails for now, or until a person helps, without the output", function()
    for text, case in pairs {
      ["echo geheim; exit 1"] = { false, true, "exit status 1" },
      ["echo geheim; exit 75"] = { true, true, "exit status 75" },
      ["echo geheim; exit 77"] = { false, false, "exit status 77" },
      ["/nonexistent/geheim"] = { false, false, "exit status 127" },
      ["echo geheim; kill -15 $$"] = { true, true, "ended by signal 15" },
      ["true"] = { false, false, "printed nothing" },
      ["printf 'geheim\\0x'"] = { false, false, "printed a NUL" },
      ["yes geheim"] = { false, false, "too much output" },
    } do
      for i, key in ipairs { "password_command", "token_command" } do
        local value, err, temporary = get { [key] = text }
        assert.is_nil(value)
        assert.equal(key .. ": " .. case[3], (err:gsub(" (printed)", ": %1")))
        assert.equal(case[i], temporary, text)
      end
    end
    local value, err, temporary = get { token_command = "sleep 1000",
                                        command_timeout = 0.01 }
    assert.is_nil(value)
    assert.equal("token_command: no result in 0.01 seconds", err)
    assert.is_true(temporary)
  end)

  it("is in a file that others cannot read", function()
    assert.same({ password = "geheim" },
                get { password_file = file("geheim\nx\n", "600") })
    for _, mode in ipairs { "640", "604", "666" } do
      local value, err, temporary = get { password_file = file("geheim", mode) }
      assert.is_nil(value)
      assert.match("secret: others can read it", err)
      assert.is_false(temporary)
    end
    assert.match("is empty", (select(2, get { password_file = file("", "600") })))
    assert.equal(dir.path .. "/none: No such file or directory",
                 (select(2, get { password_file = dir.path .. "/none" })))
    assert.match("not a regular file",
                 (select(2, get { password_file = dir.path })))
  end)

  it("is in a netrc file", function()
    local path = file("machine h.example login ann password geheim\n", "600")
    assert.same({ password = "geheim" }, get { netrc = path })
    local value, err = get { netrc = path, user = "bob" }
    assert.is_nil(value)
    assert.match("no entry for bob of h.example", err)
    value, err = get { netrc = file("machine h.example password x", "644") }
    assert.is_nil(value)
    assert.match("others can read it", err)
  end)
end)

describe("netrc", function()
  it("finds the entry of host and user", function()
    local text = [[
# a comment with machine h.example login ann password wrong
machine H.example
  login ann
  password secret1
machine h.example login bob password "two words \" and \\"
machine other login ann account x password secret3
macdef init
  machine h.example login carl password macro

machine h.example login carl password secret4
machine x.example password nobody
default login ann password fallback
machine late login ann password secret5
]]
    for _, case in ipairs {
      { "h.example", "ann", "secret1" },
      { "H.EXAMPLE", "bob", 'two words " and \\' },
      { "other", "ann", "secret3" }, { "h.example", "carl", "secret4" },
      { "x.example", "who", "nobody" }, { "elsewhere", "ann", "fallback" },
      { "elsewhere", "bob", nil }, { "late", "ann", "fallback" },
    } do
      assert.equal(case[3], netrc.find(text, case[1], case[2]))
    end
    for _, odd in ipairs { "", "machine", "machine h login", "password x",
                           'machine h login ann password "open' } do
      assert.equal(odd:find "open" and "open" or nil,
                   netrc.find(odd, "h", "ann"))
    end
  end)
end)
