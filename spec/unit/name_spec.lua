-- Names of files (csrc/bind/os/lname.c), this host and its processes
-- (csrc/bind/os/lsystem.c).

local core = require "pop3.core"
local helper = require "spec.helper"
local tempdir = require "spec.support.tempdir"

describe("a name", function()
  local dir

  before_each(function()
    dir = tempdir()
    dir:write("file", "octets")
  end)
  after_each(function() getmetatable(dir).__close(dir) end)

  local function path(name) return dir.path .. "/" .. (name or "file") end

  local function errno(value, message, code, name)
    assert.is_nil(value)
    assert.is_string(message)
    assert.equal("io", code)
    return name
  end

  it("is given by link, unless it is taken", function()
    assert.is_true(core.link(path(), path "other"))
    assert.is_false(core.link(path(), path "other"))
    assert.same({ "file", "other" }, dir:names())
    assert.equal(2, core.lstat(path()).links)
    assert.equal("ENOENT", errno(core.link(path "missing", path "new")))
    assert.equal("ENOENT", errno(core.link(path(), path "missing/new")))
    assert.equal("ENOTDIR", errno(core.link(path(), path "file/new")))
  end)

  it("is changed by rename", function()
    dir:write("other", "older")
    assert.is_false(core.rename(path(), path "other", true))
    assert.equal("older", dir:read "other")
    assert.is_true(core.rename(path(), path "other"))
    assert.same({ "other" }, dir:names())
    assert.equal("octets", dir:read "other")
    assert.is_true(core.rename(path "other", path(), true))
    assert.same({ "file" }, dir:names())
    assert.equal("ENOENT", errno(core.rename(path "missing", path "new")))
    assert.equal("ENOENT", errno(core.rename(path "missing", path "new", true)))
  end)

  it("is removed by unlink", function()
    assert.is_true(core.unlink(path()))
    assert.is_false(core.unlink(path()))
    assert.same({}, dir:names())
    assert(core.mkdir(path "sub"))
    assert.matches("^E", errno(core.unlink(path "sub")))
  end)

  it("is described without following it", function()
    local st = core.lstat(path())
    assert.equal("file", st.kind)
    assert.equal(6, st.size)
    assert.is_true(math.abs(st.mtime - core.time()) < 600)
    assert.equal("directory", core.lstat(dir.path).kind)
    os.execute(("ln -s nowhere %s; mkfifo %s"):format(path "link", path "fifo"))
    assert.equal("link", core.lstat(path "link").kind)
    assert.equal("other", core.lstat(path "fifo").kind)
    assert.equal("ENOENT", errno(core.lstat(path "missing")))
  end)

  it("is made durable with its directory", function()
    assert.is_true(core.syncdir(dir.path))
    assert.equal("ENOTDIR", errno(core.syncdir(path())))
    assert.equal("ENOENT", errno(core.syncdir(path "missing")))
  end)

  it("holds no NUL", function()
    for _, f in ipairs {
      function() core.link("a\0b", path "x") end,
      function() core.rename(path(), "a\0b") end,
      function() core.unlink "a\0b" end,
      function() core.lstat "a\0b" end,
      function() core.syncdir "a\0b" end,
    } do
      assert.error_matches(f, "the path holds a NUL")
    end
  end)
end)

describe("this host", function()
  it("has a name", function()
    local pipe = io.popen "uname -n"
    assert.equal(pipe:read "l", core.hostname())
    pipe:close()
  end)

  it("knows which processes run, and when they began", function()
    local began = core.process(core.getpid())
    assert.equal("integer", math.type(began))
    assert.equal(began, core.process(core.getpid()))
    assert.equal("integer", math.type(core.process(1)))
    local pid = tonumber(helper.run "io.write(require'pop3.core'.getpid())")
    assert.is_nil(core.process(pid))
    assert.error_matches(function() core.process(0) end, "not a process id")
  end)
end)

describe("a hash in pieces", function()
  it("is the hash of the whole, at each cut", function()
    local text = "From: a\r\n\0\255 and more"
    for cut = 0, #text do
      local hash = core.hash()
      hash:add(text:sub(1, cut))
      assert.equal(core.sha256(text:sub(1, cut)), hash:value())
      hash:add(text:sub(cut + 1))
      assert.equal(core.sha256(text), hash:value())
    end
  end)
end)
