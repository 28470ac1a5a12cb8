-- The state file of pop3.sync.

local contract = require "spec.support.state_contract"
local core = require "pop3.core"
local fetching = require "spec.support.fetching"
local helper = require "spec.helper"
local record = require "pop3.sync.record"
local state = require "pop3.sync.state"
local tempdir = require "spec.support.tempdir"

local function opened(path, account, opts)
  local s = state.file(path, opts)
  assert(s:open(account or "mrose@mail.example:995"))
  return s
end

local entry = fetching.entry

local read = helper.read

local function write(path, octets)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(octets))
end

local function seen(path, account, opts)
  local s <close> = opened(path, account, opts)
  local list = {}
  for key, line in pairs(s:seen()) do list[key] = record.unpack(line) end
  return list
end

describe("state file", function()
  contract(function()
    local dir = tempdir()
    return function() return state.file(dir.path .. "/s") end,
           function() dir:__close() end
  end)

  it("cuts off a torn last line, at every octet", function()
    local dir <close> = tempdir()
    local path = dir.path .. "/s"
    local s = opened(path)
    assert(s:done { entry "first" })
    local before = #read(path)
    assert(s:done { entry "second" })
    s:close {}
    local whole = read(path)
    for cut in helper.sweep(before, #whole - 1, 12) do
      write(path, whole:sub(1, cut))
      local list = seen(path)
      assert.truthy(list.first)
      assert.is_nil(list.second)
      assert.equal(before, #read(path))
    end
    write(path, whole .. ("\0"):rep(5000))
    assert.truthy(seen(path).second)
    assert.equal(whole, read(path))
    write(path, whole:sub(1, before) .. "0badc0de entry x 1 delivered\n")
    assert.is_nil(seen(path).x)
  end)

  it("by a symbolic link is locked, repaired and kept as that file", function()
    local dir <close> = tempdir()
    assert.is_true(os.execute(("mkdir %s/a %s/b && ln -s ../a/s %s/b/t")
                               :format(dir.path, dir.path, dir.path)))
    local real, link = dir.path .. "/a/s", dir.path .. "/b/t"
    local s = opened(real)
    for _, uid in ipairs { "a", "b" } do assert(s:done { entry(uid) }) end
    local other = state.file(link)
    local ok, message, code, info = other:open "mrose@mail.example:995"
    assert.is_nil(ok)
    assert.matches("in use by another run", message)
    assert.equal("state", code)
    assert.is_true(info.temporary)
    ok, message = other:reserve()
    assert.is_nil(ok)
    assert.matches("in use by another run", message)
    s:close {}
    assert.is_true(other:reserve())
    assert.is_nil((state.file(real):open "mrose@mail.example:995"))
    other:release()
    local whole = read(real)
    write(real, (whole:gsub("b 1 delivered", "B 1 delivered")))
    assert.truthy(seen(link, nil, { repair = true }).a)
    assert.equal("link", core.lstat(link).kind)
    assert.same({ "t" }, core.readdir(dir.path .. "/b"))
    assert.is_nil(read(real):find("B 1", 1, true))
    assert.truthy(seen(real).a)
  end)

  it("names a line inside that is unreadable, and repairs when asked", function()
    local dir <close> = tempdir()
    local path = dir.path .. "/s"
    local s = opened(path)
    for _, uid in ipairs { "a", "b", "c" } do assert(s:done { entry(uid) }) end
    s:close {}
    local whole = read(path)
    local at = whole:find("b 1 delivered", 1, true)
    local damaged = whole:sub(1, at - 1) .. "B" .. whole:sub(at + 1)
    write(path, damaged)
    local bad = state.file(path)
    local ok, message, code, info = bad:open "mrose@mail.example:995"
    assert.is_nil(ok)
    assert.equal(path .. ": line 4: the checksum is wrong", message)
    assert.equal("state", code)
    assert.is_nil(info.temporary)
    assert.equal(damaged, read(path))
    local list = seen(path, nil, { repair = true })
    assert.truthy(list.a)
    assert.truthy(list.c)
    assert.is_nil(list.b)
    local names = core.readdir(dir.path)
    local kept
    for _, name in ipairs(names) do
      if name:find "^s%.damaged%-" then kept = name end
    end
    assert.equal(damaged, read(dir.path .. "/" .. kept))
    assert.truthy(seen(path).c)
  end)

  it("never begins with an empty state because of a file it cannot read",
     function()
    local dir <close> = tempdir()
    local path = dir.path .. "/s"
    for _, octets in ipairs { "\0", "lpop3-", "hello\n", "lpop3-state 2\n" } do
      write(path, octets)
      local ok, message, code = state.file(path):open "a"
      assert.is_nil(ok)
      assert.equal("state", code)
      assert.truthy(message:find("not a state file of version 1", 1, true))
      assert.equal(octets, read(path))
    end
    os.remove(path)
    core.mkdir(path)
    local ok, _, code = state.file(path):open "a"
    assert.is_nil(ok)
    assert.equal("io", code)
  end)

  it("lets one run in at a time, and names the other", function()
    local dir <close> = tempdir()
    local path = dir.path .. "/s"
    local first <close> = opened(path)
    local ok, message, code, info = state.file(path):open "a"
    assert.is_nil(ok)
    assert.equal("state", code)
    assert.is_true(info.temporary)
    assert.equal(core.getpid(), info.locked_by)
    assert.equal(("%s: in use by another run, process %d"):format(path,
                                                         core.getpid()), message)
    first:close {}
    assert(state.file(path):open "a")
  end)

  it("drops superseded lines", function()
    local dir <close> = tempdir()
    local path = dir.path .. "/s"
    local s = opened(path, "other")
    assert(s:done { entry "kept" })
    s:close {}
    s = opened(path)
    for i = 1, 1500 do
      assert(s:done { entry("id", { first = 1800000000 + i }) })
    end
    local long = #read(path)
    assert(s:close {})
    assert.is_true(#read(path) < long / 100)
    assert.equal(1800001500, seen(path).id.first)
    assert.truthy(seen(path, "other").kept)
    assert.is_nil(core.lstat(path .. ".new"))
  end)

  it("stays as it was when the disk is full", function()
    if not core.lstat "/dev/full" then return end
    local dir <close> = tempdir()
    local path = dir.path .. "/s"
    local s = opened(path)
    assert(s:done { entry "a" })
    local whole = read(path)
    s.file:close()
    s.file = assert(core.open("/dev/full", "wa"))
    local ok, _, code = s:done { entry "b" }
    assert.is_nil(ok)
    assert.equal("io", code)
    assert.is_nil(s:seen().b)
    s:close {}
    assert.equal(whole, read(path))
  end)

  it("has a mode that keeps others out, and needs its directory", function()
    local dir <close> = tempdir()
    local s = opened(dir.path .. "/s")
    s:close {}
    assert.equal(0x180, core.lstat(dir.path .. "/s").mode & 0x1FF)
    local ok, _, code = state.file(dir.path .. "/none/s"):open "a"
    assert.is_nil(ok)
    assert.equal("io", code)
    helper.misuse("the path must be a string", function() state.file "" end)
  end)

  it("holds many messages in little memory", function()
    local count = helper.all and 100000 or 10000
    local dir <close> = tempdir()
    local path = dir.path .. "/s"
    local lines = { "lpop3-state 1\n", core.state.seal "account a" }
    for i = 1, count do
      lines[#lines + 1] = core.state.seal(
        ("entry 0000001a%08x 1 delivered 4096 1800000000 - 0 - %s -")
        :format(i, ("0123456789abcdef"):rep(4)))
    end
    write(path, table.concat(lines))
    lines = nil  -- luacheck: ignore
    collectgarbage()
    local before = collectgarbage "count"
    local s <close> = opened(path, "a")
    collectgarbage()
    assert.is_true(collectgarbage "count" - before < count * 0.28)
    assert.equal("delivered", (record.peek(s:seen()["0000001a00000001"])))
  end)
end)

describe("sync: the state", function()
  it("ends at once when another run has it", function()
    local place <close> = fetching.place(1)
    local _ <close> = opened(place.state, "x")
    local result, message, code, _, partial = place:sync()
    assert.is_nil(result)
    assert.equal("state", code)
    assert.truthy(message:find("in use by another run", 1, true))
    assert.is_true(partial.temporary)
    assert.equal(core.getpid(), partial.locked_by)
    assert.equal(0, place:count "STAT")
  end)

  it("is kept under a name, also when the server gets another", function()
    local place <close> = fetching.place(3)
    assert.equal(3, place:run({ account = "old" }).new)
    assert.equal(3, place:run({}).new)
    assert.equal(0, place:run({ account = "old" }).new)
  end)
end)
