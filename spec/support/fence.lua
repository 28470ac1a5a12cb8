-- The contract of a state that another run takes over, as specs: for each database
-- of pop3.state.sql. `make()` is as in spec/support/state_contract.lua, with a third
-- result: `query(text, ...)` on the database.

local busted = require "busted"
local core = require "pop3.core"
local fetching = require "spec.support.fetching"
local record = require "pop3.sync.record"

local after_each, assert, before_each, it = busted.after_each, busted.assert,
                                            busted.before_each, busted.it

local entry = fetching.entry

return function(make)
  local new, remove, query

  before_each(function() new, remove, query = make() end)
  after_each(function() remove() end)

  -- The lease of whoever has the account is over.
  local function expire()
    query "update pop3_account set worker = null"
  end

  local function rows()
    return query "select uid, nth, state, name, fence, seq from pop3_seen order by uid, nth"
  end

  it("is fenced: its writes change nothing", function()
    for _, call in ipairs {
      function(s) return s:intend { entry("x", { name = "late" }), entry "new" } end,
      function(s) return s:done { entry "x" } end,
      function(s) return s:done { entry("x", { status = "forgotten" }) } end,
      function(s) return s:failed { entry("x", { tries = 9 }) } end,
      function(s) return s:holds() end,
    } do
      local first, second = new(), new()
      assert(first:open "a")
      assert(first:intend { entry("x", { name = "early" }) })
      assert.is_true(first:holds())
      expire()
      assert(second:open "a")
      assert.equal("early", record.unpack(second:seen().x).name)
      local before, held = rows(), first:seen().x
      local ok, message, code = call(first)
      assert.is_nil(ok)
      assert.equal("fenced", code)
      assert.equal("another run has taken over the account", message)
      assert.is_true(first.fenced)
      assert.same(before, rows())
      assert.equal(held, first:seen().x)
      -- nor does it give the other's lease back
      assert(first:close {})
      assert.truthy(query "select worker from pop3_account"[1].worker)
      assert(second:done { entry "x" })
      assert(second:close {})
    end
  end)

  it("is of one run at a time", function()
    local s = new()
    assert(s:open "a")
    local ok, _, code, info = s:open "a"
    assert.is_nil(ok)
    assert.equal("state", code)
    assert.is_true(info.temporary)
    assert(s:done { entry "x" })  -- the first run goes on
    assert(s:close {})
    assert(s:open "a")
    assert.truthy(s:seen().x)
    assert(s:close {})
  end)

  it("is fenced when it flushes at the end", function()
    local first, second = new(), new()
    assert(first:open "a")
    assert(first:done({ entry "x" }, true))
    expire()
    assert(second:open "a")
    local ok, _, code = first:close {}
    assert.is_nil(ok)
    assert.equal("fenced", code)
    assert.same({}, rows())
    assert(second:close {})
  end)

  it("is taken over at once when its process has died on this host", function()
    local first, second = new(), new()
    assert(first:open "a")
    query(("update pop3_account set worker = '%d:%s:1:abcd'"):format(core.getpid(),
                                                              core.hostname()))
    assert(second:open "a")
    local ok, _, code = first:done { entry "x" }
    assert.is_nil(ok)
    assert.equal("fenced", code)
    first:close {}
    assert(second:close {})
    -- of another host it is waited for
    assert(second:open "a")
    query "update pop3_account set worker = '1:elsewhere:1:abcd'"
    local message, info
    ok, message, code, info = new():open "a"
    assert.is_nil(ok)
    assert.equal("state", code)
    assert.equal("a: in use by another run, process 1 on elsewhere", message)
    assert.is_true(info.temporary)
    assert.is_nil(info.locked_by)
  end)

  it("does not undo later writes by earlier ones", function()
    local s = new()
    assert(s:open "a")
    assert(s:done { entry "x" })
    assert.equal("delivered", rows()[1].state)
    s.seq = s.seq - 1  -- the same write again, and an older one
    assert(s:failed { entry "x" })
    s.seq = s.seq - 2
    assert(s:intend { entry "x" })
    s.seq = s.seq - 1
    assert(s:done { entry("x", { status = "forgotten" }) })
    assert.equal("failed", rows()[1].state)
    assert(s:close {})
    assert.equal("failed", rows()[1].state)
  end)

  -- Another run takes the account over when message `at` has been delivered: what the
  -- server was asked after that.
  local function taken_over(keep, at)
    local place <close> = fetching.place(6)
    local other, count, from = new(), 0, nil
    local result, message, code, _, partial = place:sync {
      state = new(), account = "a", keep = keep,
      into = function()
        count = count + 1
        if count == at then
          expire()
          assert(other:open "a")
          from = #place.server:transcript()
        end
        return true
      end,
    }
    return place, { result = result, message = message, code = code, partial = partial,
                    other = other, from = from, count = count }
  end

  for _, keep in ipairs { false, true } do
    it("ends pop3.sync without QUIT and DELE, keep = " .. tostring(keep), function()
      for at = 1, 6 do
        local place, got = taken_over(keep, at)
        assert.is_nil(got.result)
        assert.equal("fenced", got.code, got.message)
        assert.equal("another run has taken over the account", got.message)
        assert.equal(at, got.count)
        assert.is_true(got.partial.temporary)
        -- with `keep` the last write may wait until the end, and nothing was deleted
        local is_last = keep and at == 6
        assert.equal(is_last and 1 or 0, place:count "QUIT")
        local entries = place.server:transcript()
        for i = got.from + 1, #entries do
          local line = entries[i].line or tostring(entries[i])
          assert.is_nil(line:find "^DELE", line)
          assert.is_true(is_last or not line:find "^QUIT", line)
        end
        -- nothing is deleted: the session did not come to QUIT
        assert.equal(6, #place.server:mailbox "mrose")
        got.other:close {}
        query "delete from pop3_account"
      end
    end)
  end
end
