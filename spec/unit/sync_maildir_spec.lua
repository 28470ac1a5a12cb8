-- Delivery into a Maildir (lua/pop3/sync/maildir.lua).

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"
local tempdir = require "spec.support.tempdir"

local MAIL = "Subject: a\r\n\r\nFrom here\r\n.\r\nbare\ncr\r.\r\n"

describe("pop3.maildir", function()
  local dir, path

  before_each(function()
    dir = tempdir "memory"
    path = dir.path .. "/Mail"
  end)
  after_each(function() getmetatable(dir).__close(dir) end)

  local function names(sub)
    local list = core.readdir(path .. "/" .. sub)
    table.sort(list)
    return list
  end

  local function read(sub, name)
    local f <close> = assert(io.open(path .. "/" .. sub .. "/" .. name, "rb"))
    return f:read "a"
  end

  -- A handle as the engine makes one, with its name.
  local function handle(box, id)
    local h = { number = 1, id = id or "id1", uid = "u", size = 9, nth = 1 }
    h.name = box:name(h)
    return h
  end

  local function begun(box, id, octets)
    local h = handle(box, id)
    local d = assert(box:begin(h))
    assert(d:write(octets or MAIL))
    return d, h
  end

  local function opened(opts)
    local box = pop3.maildir(path, opts)
    assert(box:open())
    return box
  end

  it("delivers one message, with its exact octets", function()
    local box = pop3.maildir(path)
    local name = assert(box:deliver(MAIL))
    assert.same({ name }, names "new")
    assert.same({}, names "tmp")
    assert.same({}, names "cur")
    assert.equal(MAIL, read("new", name))
    assert.equal(384, core.lstat(path .. "/new/" .. name).mode)
    assert.equal(1, core.lstat(path .. "/new/" .. name).links)
    assert.equal(448, core.lstat(path).mode)
    assert.equal(448, core.lstat(path .. "/cur").mode)
    assert.matches("^%d+%.M%d%d%d%d%d%dP%d+Q%d+R%x+%.[%w._-]+$", name)
  end)

  it("takes an ltn12 source, and returns its error", function()
    local box = pop3.maildir(path)
    local parts = { "Subject: a\r\n", "\r\n", ("x"):rep(100000), "" }
    local i = 0
    local name = assert(box:deliver(function()
      i = i + 1
      return parts[i]
    end))
    assert.equal(table.concat(parts), read("new", name))
    local ok, message, code = box:deliver(function() return nil, "it broke" end)
    assert.is_nil(ok)
    assert.equal("the source failed: it broke", message)
    assert.equal("io", code)
    assert.error_matches(function()
      box:deliver(function() error("raised", 0) end)
    end, "^raised$")
    assert.same({ name }, names "new")
    assert.same({}, names "tmp")
  end)

  it("converts line ends only on request", function()
    local name = assert(pop3.maildir(path, { eol = "lf" }):deliver(MAIL))
    assert.equal(MAIL:gsub("\r\n", "\n"), read("new", name))
    name = assert(pop3.maildir(path, { eol = "crlf" }):deliver(MAIL))
    assert.equal(MAIL, read("new", name))
  end)

  it("adds header fields only on request", function()
    local name = assert(pop3.maildir(path, {
      fields = { received = true, delivered_to = "me@b.example",
                 return_path = "<x@a.example>" } }):deliver(MAIL))
    local text = read("new", name)
    local head = text:sub(1, -#MAIL - 1)
    assert.equal(MAIL, text:sub(-#MAIL))
    assert.matches("^Return%-Path: <x@a%.example>\r\n"
      .. "Delivered%-To: me@b%.example\r\n"
      .. "Received: by %S+ %(lpop3%) with POP3;\r\n"
      .. "\t%a%a%a, %d%d %a%a%a %d%d%d%d %d%d:%d%d:%d%d %+0000\r\n$", head)
    local header = pop3.message.parse(text).fields
    assert.is_truthy(header)
  end)

  it("makes a batch durable and visible at once", function()
    for _, n in ipairs { 1, 3, 4, 32 } do
      local box = opened()
      local before = #names "new"
      local wanted = {}
      for i = 1, n do
        local d, h = begun(box, "id" .. i, MAIL .. i)
        assert.is_true(d:commit())
        wanted[h.name] = MAIL .. i
      end
      assert.equal(before, #names "new")
      assert.same({ true }, { box:sync() })
      assert.same({}, names "tmp")
      assert.equal(before + n, #names "new")
      for name, octets in pairs(wanted) do
        assert.equal(octets, read("new", name))
      end
      assert.is_true(box:sync())
    end
  end)

  it("leaves no file of an abandoned batch", function()
    local box = opened()
    local before = helper.descriptors()
    begun(box):abort()
    local d = begun(box)
    assert(d:commit())
    d = begun(box, "id2")
    assert(d:commit())
    assert.equal(2, #names "tmp")
    box:close()
    assert.same({}, names "tmp")
    assert.same({}, names "new")
    assert.equal(before, helper.descriptors())
  end)

  it("finds after a crash whether a message was delivered", function()
    local box = opened()
    local intents = {}
    local function state(what, f)
      local d, h = begun(box, what)
      f(d, h)
      intents[what] = { name = h.name }
    end
    state("not begun", function(d) d:abort() end)
    state("half", function(d) d.file:flush() end)
    state("whole", function(d) d:commit() end)
    state("linked", function(d, h)
      d:commit()
      assert(core.link(d.temp, path .. "/new/" .. h.name))
    end)
    state("delivered", function(d, h)
      d:commit()
      assert(core.rename(d.temp, path .. "/new/" .. h.name))
    end)
    for i, suffix in ipairs { "", ":2,", ":2,S", ";2,S", "!2,", ",S=47:2,FS" } do
      state("read" .. i, function(d, h)
        d:commit()
        assert(core.rename(d.temp, path .. "/cur/" .. h.name .. suffix))
      end)
    end
    local wanted = { ["not begun"] = "absent", half = "absent",
                     whole = "absent" }
    local again = opened()
    for what, intent in pairs(intents) do
      assert.equal(wanted[what] or "delivered", again:settle(intent), what)
    end
    assert.same({}, names "tmp")
    assert.equal(2, #names "new")
    -- the second attempt has the same name
    for what in pairs(wanted) do
      local d = assert(again:begin { name = intents[what].name, id = what })
      assert(d:write "again")
      assert(d:commit())
    end
    assert.is_true(again:sync())
    assert.equal(5, #names "new")
  end)

  it("does not deliver twice under one name", function()
    local box = opened()
    local d, h = begun(box)
    assert(d:commit())
    assert(core.link(d.temp, path .. "/new/" .. h.name))
    assert.is_true(box:sync())
    assert.same({ h.name }, names "new")
    assert.same({}, names "tmp")
    -- a file in tmp of that name, from an attempt that nobody has settled
    local other = handle(box)
    dir:write("Mail/tmp/" .. other.name, "old and longer than what follows")
    d = assert(box:begin(other))
    assert(d:write "new")
    assert(d:commit())
    assert.is_true(box:sync())
    assert.equal("new", read("new", other.name))
  end)

  it("finds a message that a reader moves while it looks", function()
    local box = opened()
    local d, h = begun(box)
    assert(d:commit())
    assert.is_true(box:sync())
    local readdir = core.readdir
    local calls = 0
    core.readdir = function(p, ...)
      local list, message = readdir(p, ...)
      calls = calls + 1
      -- the first look at cur misses it, as a directory that changes may
      return calls == 2 and {} or calls == 1 and {} or list, message
    end
    local again = opened()
    calls = 0
    local answer = again:settle { name = h.name }
    core.readdir = readdir
    assert.equal("delivered", answer)
    -- what is not there is looked for twice, and not once for each intent
    calls = 0
    core.readdir = function(...)
      calls = calls + 1
      return readdir(...)
    end
    again = pop3.maildir(path)
    for i = 1, 50 do
      assert.equal("absent", again:settle { name = "1.M1P1Q1R" .. i .. ".h" })
    end
    core.readdir = readdir
    assert.equal(4, calls)
  end)

  it("removes abandoned files of tmp, and no others", function()
    opened()
    dir:write("Mail/tmp/fresh", "x")
    dir:write("Mail/tmp/old", "x")
    os.execute("touch -d '40 hours ago' " .. path .. "/tmp/old")
    os.execute("touch -d '40 hours ago' " .. path .. "/new")
    opened()
    assert.same({ "fresh" }, names "tmp")
  end)

  it("makes the Maildir if it is missing, unless it must not", function()
    local ok, message, code = pop3.maildir(path, { create = false }):open()
    assert.is_nil(ok)
    assert.equal(path .. ": there is no Maildir", message)
    assert.equal("io", code)
    ok, message, code = pop3.maildir(path .. "/a/b"):deliver(MAIL)
    assert.is_nil(ok)
    assert.equal(path .. "/a/b: No such file or directory", message)
    assert.equal("io", code)
    assert(core.mkdir(path))
    assert(core.mkdir(path .. "/new"))
    assert(pop3.maildir(path, { create = false }):deliver(MAIL))
    assert.equal(1, #names "new")
  end)

  it("is used by the test server's store", function()
    local box = pop3.maildir(path)
    for i = 1, 12 do assert(box:deliver("Subject: " .. i .. "\r\n\r\n")) end
    local drop = assert(pop3.store.maildir(path):open "mrose")
    assert.equal(12, drop:count())
    for i = 1, 12 do
      assert.equal("Subject: " .. i .. "\r\n\r\n", drop:octets(i))
    end
    assert.is_true(pop3.store.maildir(path):deliver("mrose", MAIL))
    assert.equal(13, #names "new")
  end)

  describe("when a system call fails", function()
    -- Replace a function of the core, for the calls that 'when' picks.
    local function failing(name, when, ...)
      local real, values = core[name], table.pack(...)
      finally(function() core[name] = real end)
      core[name] = function(...)
        if when(...) then return table.unpack(values, 1, values.n) end
        return real(...)
      end
    end
    local function always() return true end

    it("uses a rename where there are no links", function()
      for _, errno in ipairs { "EPERM", "ENOSYS", "EOPNOTSUPP", "EMLINK" } do
        local box = opened()
        local before = #names "new"
        failing("link", always, nil, "no links", "io", errno)
        local d, h = begun(box)
        assert(d:commit())
        assert.is_true(box:sync())
        assert.equal(before + 1, #names "new")
        assert.equal(MAIL, read("new", h.name))
        assert.same({}, names "tmp")
        -- and it is not delivered twice
        d = assert(box:begin(h))
        assert(d:write "other")
        assert(d:commit())
        assert.is_true(box:sync())
        assert.equal(MAIL, read("new", h.name))
        assert.equal(before + 1, #names "new")
        assert.same({}, names "tmp")
      end
    end)

    it("tells which message failed, and the others are delivered", function()
      local box = opened()
      local bad
      failing("link", function(from) return from == bad end,
              nil, "No space left on device", "io", "ENOSPC")
      for i = 1, 5 do
        local d = begun(box, "id" .. i)
        if i == 3 then bad = d.temp end
        assert(d:commit())
      end
      local full = "No space left on device"
      assert.same({ true, { id3 = full } }, { box:sync() })
      assert.equal(4, #names "new")
      assert.same({}, names "tmp")
    end)

    it("knows of no message when new/ cannot be made durable", function()
      local box = opened()
      failing("syncdir", always, nil, "Input/output error", "io", "EIO")
      local d, h = begun(box)
      assert(d:commit())
      assert.same({ nil, "Input/output error", "io" }, { box:sync() })
      assert.same({ nil, "Input/output error", "io" },
                  { opened():settle { name = h.name } })
    end)

    it("says so at begin, write and commit", function()
      local box = opened()
      os.execute("rm -r " .. path .. "/tmp")
      local d, message, code = box:begin(handle(box))
      assert.is_nil(d)
      assert.matches("/tmp/.*: No such file or directory$", message)
      assert.equal("io", code)
      local out = helper.run(([[
        local pop3 = require "pop3"
        local box = pop3.maildir("%s")
        assert(box:open())
        local h = { name = box:name(), id = "x" }
        local d = assert(box:begin(h))
        print(d:write(("x"):rep(60000)))
        print(d:commit())
        d = assert(box:begin { name = box:name(), id = "y" })
        local ok
        for _ = 1, 10 do
          local message, code
          ok, message, code = d:write(("x"):rep(60000))
          if not ok then print(message:match "[^:]*$", code) break end
        end
        d:abort()
        print(box:sync())
        print(box:deliver "small" ~= nil)
      ]]):format(path .. "2"), "ulimit -f 200; trap '' XFSZ;")
        assert.matches("^true\ntrue\n File too large\tio\ntrue\tnil\ntrue\n$", out)
      path = path .. "2"
      assert.same({}, names "tmp")
      assert.equal(2, #names "new")
    end)
  end)

  it("refuses misuse at the caller's line", function()
    helper.misuse("the path must be a string", function() pop3.maildir() end)
    helper.misuse("the path must be a string", function() pop3.maildir "" end)
    helper.misuse("unknown option 'made'", function()
      pop3.maildir(path, { made = true })
    end)
    helper.misuse("must be one of: crlf, lf", function()
      pop3.maildir(path, { eol = "cr" })
    end)
    helper.misuse("unknown option 'x'", function()
      pop3.maildir(path, { fields = { x = true } })
    end)
    helper.misuse("must not hold CR, LF or NUL", function()
      pop3.maildir(path, { fields = { delivered_to = "a\nb" } })
    end)
    helper.misuse("must be a function", function()
      local box = pop3.maildir(path)
      box:deliver(3)
    end)
  end)
end)
