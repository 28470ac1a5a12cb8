-- The contract of every state of pop3.sync, as specs. `make()` makes a place for states:
-- it returns a function that makes a state there, which is not open, and a function
-- that removes the place.

local busted = require "busted"
local core = require "pop3.core"
local fetching = require "spec.support.fetching"
local record = require "pop3.sync.record"

local after_each, assert, before_each, it = busted.after_each, busted.assert,
                                            busted.before_each, busted.it

-- Names and unique-ids that would end a literal, a word or a line.
local HOSTILE = { "it's", '"', "\\", "\\'", "'); drop table pop3_seen; --", "$1", "%", "%20",
                  "-", "", " ", "a b", "\255\254", "caf\u{e9}", "\0content:" .. ("0"):rep(64),
                  "\0", "a\0b", "a\0002", "\1\127", "\r\n", "{}", "[]", "null", "\t",
                  ("x"):rep(70), ("\200"):rep(500) }

local entry = fetching.entry

return function(make)
  local new, remove

  before_each(function() new, remove = make() end)
  after_each(function() remove() end)

  local function opened(account)
    local s = new()
    assert(s:open(account or "mrose@mail.example:995"))
    return s
  end

  local function seen(account)
    local s = opened(account)
    local list = {}
    for key, line in pairs(s:seen()) do list[key] = record.unpack(line) end
    assert(s:close {})
    return list
  end

  it("keeps the records", function()
    local s = opened()
    assert.same({}, s:seen())
    assert.same({ "name-1", false }, s:intend { entry("a", { name = "name-1" }),
                                                entry("b") })
    assert(s:done { entry("a", { digest = ("ab"):rep(32) }) })
    assert(s:failed { entry("b", { tries = 2, note = "no, not\nnow %" }) })
    assert(s:done { entry("c", { status = "skipped", nth = 2, size = false }) })
    assert(s:close {})
    local list = seen()
    assert.same({ status = "delivered", size = 100, first = 1800000000, tries = 0,
                  digest = ("ab"):rep(32) }, list.a)
    assert.equal("failed", list.b.status)
    assert.equal(2, list.b.tries)
    assert.equal("no, not\nnow %", list.b.note)
    assert.equal("skipped", list["c\0002"].status)
    assert.is_nil(list["c\0002"].size)
    s = opened()
    assert(s:done { entry("a", { status = "forgotten" }) })
    assert.is_nil(s:seen().a)
    assert(s:close {})
    assert.is_nil(seen().a)
  end)

  it("keeps every field of a record", function()
    local all = entry("x", { status = "called", size = 1 << 40, absent = 1900000000,
                             tries = 7, name = "1.2,S=3:2,", digest = "ab.cd",
                             note = "-", flag = "begun", nth = 12 })
    local bare = entry("y", { status = "intent", size = false })
    local s = opened()
    assert(s:done { all, bare })
    local key = record.key("x", 12)
    local held = { s:seen()[key], s:seen().y }
    assert(s:close {})
    s = opened()
    assert.same(held, { s:seen()[key], s:seen().y })
    local r = record.unpack(s:seen()[key])
    for name, value in pairs(r) do assert.equal(all[name], value, name) end
    assert.is_nil(record.unpack(s:seen().y).size)
    assert(s:close {})
  end)

  it("keeps the last record of a message", function()
    local s = opened()
    assert(s:intend { entry("a", { name = "first" }) })
    assert(s:intend { entry("a", { name = "second" }), entry("a", { name = "third" }) })
    assert.equal("third", record.unpack(s:seen().a).name)
    assert(s:done { entry "b" })
    assert(s:done { entry("b", { status = "forgotten" }), entry "b" })
    assert(s:done { entry "c", entry("c", { status = "forgotten" }) })
    assert(s:done({ entry "d" }, true))
    assert(s:done({ entry("d", { status = "skipped" }) }, true))
    assert(s:done { entry "e" })
    assert(s:done({ entry "f" }, true))
    assert(s:close {})
    local list = seen()
    assert.equal("third", list.a.name)
    assert.truthy(list.b)
    assert.is_nil(list.c)
    assert.equal("skipped", list.d.status)
    assert.truthy(list.e)
    assert.truthy(list.f)
  end)

  it("keeps the states of several accounts apart", function()
    for _, account in ipairs { "one", "two", "one", "a b%" } do
      local s = opened(account)
      assert(s:done { entry("id of " .. account) })
      assert(s:close {})
    end
    assert.truthy(seen("one")["id of one"])
    assert.is_nil(seen("one")["id of two"])
    assert.truthy(seen("a b%")["id of a b%"])
    assert.same({}, seen("three"))
  end)

  it("keeps unique-ids, names and reasons with any octets", function()
    local s, list = opened(), {}
    for i, text in ipairs(HOSTILE) do
      list[i] = entry(text, { nth = i, name = text, note = text, status = "failed" })
    end
    assert(s:failed(list))
    for i, text in ipairs(HOSTILE) do assert(s:intend { entry(text, { nth = 100 + i }) }) end
    assert(s:close {})
    s = opened()
    for i, text in ipairs(HOSTILE) do
      local r = record.unpack(s:seen()[record.key(text, i)])
      assert.equal(text, r.name)
      assert.equal(text, r.note)
      assert.truthy(s:seen()[record.key(text, 100 + i)])
      assert(s:done { entry(text, { nth = 100 + i, status = "forgotten" }) })
    end
    assert(s:close {})
    s = opened()
    local count = 0
    for _ in pairs(s:seen()) do count = count + 1 end
    assert.equal(#HOSTILE, count)
    assert(s:close {})
  end)

  it("takes accounts of any name", function()
    for _, name in ipairs(HOSTILE) do
      local s = opened(name)
      assert(s:done { entry(name) })
      assert(s:close {})
    end
    for _, name in ipairs(HOSTILE) do
      local count = 0
      for key in pairs(seen(name)) do
        count = count + 1
        assert.equal(name, key)
      end
      assert.equal(1, count)
    end
  end)

  it("lets one run in at a time, and names its owner", function()
    local first = opened "a"
    local ok, message, code, info = new():open "a"
    assert.is_nil(ok)
    assert.equal("state", code)
    assert.is_true(info.temporary)
    assert.equal(core.getpid(), info.locked_by)
    assert.truthy(message:find("in use by another run, process " .. core.getpid(), 1, true))
    assert(first:close {})
    local second = opened "a"
    assert(second:close {})
  end)

  it("writes nothing when it is open for reading", function()
    local s = new()
    assert(s:open("a", { read_only = true }))
    assert.same({}, s:seen())
    assert(s:close {})
    s = opened "a"
    assert(s:done { entry "x" })
    local reader = new()
    assert(reader:open("a", { read_only = true }))
    assert.truthy(reader:seen().x)
    local ok, _, code = reader:done { entry "y" }
    assert.is_nil(ok)
    assert.equal("state", code)
    assert(reader:close {})
    assert(s:done { entry "z" })  -- it is still ours
    assert(s:close {})
    assert.is_nil(seen("a").y)
  end)

  it("serves runs of pop3.sync", function()
    local place <close> = fetching.place(5)
    local result = place:run { state = new(), keep = true }
    assert.equal(5, result.new)
    assert.equal(0, place:run { state = new(), keep = true }.new)
    assert.equal(5, place:count "RETR")
    assert.equal(5, place:run({ state = new(), keep = false }).deleted)
    assert.equal(5, place:count "RETR")
  end)
end
