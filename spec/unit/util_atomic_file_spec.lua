-- pop3.util.atomic_file: files that it writes, and files that it never replaces.

local core = require "pop3.core"
local files = require "pop3.util.atomic_file"
local helper = require "spec.helper"
local unix = require "socket.unix"

local dir

before_each(function() dir = helper.directory() end)
after_each(function() getmetatable(dir).__close(dir) end)

local function at(name) return dir.path .. "/" .. name end

local function shell(...)
  assert(os.execute((...):gsub("DIR", dir.path)))
end

local function failed(ok, message, code)
  assert.is_nil(ok)
  assert.are.equal("io", code)
  return message
end

describe("a file", function()
  it("appears whole, in place of an old one", function()
    for _, octets in ipairs { "", "a", ("x"):rep(100000) } do
      assert.is_true(files.write(at "f", octets))
      assert.same({ "f" }, dir:names())
      assert.are.equal(octets, dir:read "f")
      assert.are.equal(octets, files.read(at "f"))
    end
  end)

  it("is not there before it is whole, nor after it failed", function()
    local file = assert(files.create(at "f"))
    assert(file:write "half")
    assert.is_nil(core.stat(at "f"))
    file:close()
    assert.same({}, dir:names())
    assert.is_true(files.check(at "f"))
    assert.same({}, dir:names())
  end)

  it("takes a free name in a directory", function()
    for _, path in ipairs { dir.path, dir.path .. "/" } do
      local file <close> = assert(files.create_in(path))
      assert(file:write(path))
      assert.is_true(file:claim(at(#path .. "")))
      assert.are.equal(path, dir:read(#path .. ""))
    end
    assert.are.equal(2, #dir:names())
    assert.are.equal(at "none" .. ": No such file or directory",
                     failed(files.create_in(at "none")))
  end)

  it("cannot be written where there is no directory", function()
    local message = failed(files.write(at "none/f", "x"))
    assert.are.equal(at "none/f" .. ": No such file or directory", message)
    failed(files.check(at "none/f"))
    failed(files.read(at "none/f"))
    dir:write("file", "")
    failed(files.write(at "file/f", "x"))
    assert.same({ "file" }, dir:names())
  end)

  it("is removed, and only a file is", function()
    dir:write("f", "x")
    files.remove(at "f")
    files.remove(at "f")
    core.mkdir(at "d")
    files.remove(at "d")
    assert.same({ "d" }, dir:names())
  end)
end)

-- Things that must not be replaced, and how to make each.
local others = {
  directory = function() core.mkdir(at "x") end,
  ["link to a file"] = function()
    dir:write("target", "old")
    shell "ln -s DIR/target DIR/x"
  end,
  ["link to nothing"] = function() shell "ln -s DIR/none DIR/x" end,
  ["link to a directory"] = function()
    core.mkdir(at "target")
    shell "ln -s DIR/target DIR/x"
  end,
  socket = function()
    local s = unix.stream()
    assert(s:bind(at "x"))
    s:close()
  end,
}

describe("a name that is not a regular file", function()
  local function looks()
    local pipe = assert(io.popen("ls -ld " .. at "x" .. "; ls -lR " .. dir.path))
    local out = pipe:read "a"
    pipe:close()
    return out
  end

  for name, make in pairs(others) do
    it("such as a " .. name .. " stays", function()
      make()
      local before = looks()
      failed(files.create(at "x"))
      if name ~= "socket" then
        failed(files.check(at "x"))
      end
      failed(files.write(at "x", "new"))
      files.remove(at "x")
      assert.are.equal(before, looks())
    end)

    it("such as a " .. name .. " that comes while a file grows stays",
       function()
      local file = assert(files.create(at "x"))
      assert(file:write "new")
      make()
      local message = failed(file:commit())
      assert.truthy(message:find(at "x" .. ": a ", 1, true), message)
      assert.truthy(message:find("is not replaced", 1, true), message)
      assert.is_nil(table.concat(dir:names(), " "):find("part", 1, true))
      assert.are_not.equal("file", core.stat(at "x", true))
    end)
  end
end)

describe("a FIFO", function()
  it("gets the octets, and stays", function()
    shell "mkfifo DIR/x"
    local reader = assert(io.popen("cat " .. at "x"))
    assert.is_true(files.check(at "x"))
    files.remove(at "x")
    assert.is_true(files.write(at "x", "octets"))
    assert.are.equal("octets", reader:read "a")
    reader:close()
    assert.are.equal("other", core.stat(at "x", true))
    failed(files.create(at "x"))
  end)

  it("is not replaced when it comes while a file grows", function()
    local file = assert(files.create(at "x"))
    shell "mkfifo DIR/x"
    assert.truthy(failed(file:commit()):find("FIFO", 1, true))
    assert.are.equal("other", core.stat(at "x", true))
  end)
end)

describe("a device", function()
  it("gets the octets, and stays", function()
    assert.is_true(files.check "/dev/null")
    assert.is_true(files.write("/dev/null", "octets"))
    files.remove "/dev/null"
    failed(files.create "/dev/null")
    assert.are.equal("other", core.stat "/dev/null")
  end)
end)
