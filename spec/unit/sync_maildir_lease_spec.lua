-- A Maildir with a directory for each owner of an account
-- (lua/pop3/sync/maildir_lease.lua): a frozen owner that is continued delivers nothing.

local core = require "pop3.core"
local fetching = require "spec.support.fetching"
local pop3 = require "pop3"
local tempdir = require "spec.support.tempdir"

local MAIL = "Subject: a\r\n\r\nbody\r\n"

describe("a Maildir of a fleet", function()
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

  local function owner(account, fence)
    local box = pop3.maildir(path):lease { account = account, fence = fence }
    assert(box:open())
    return box
  end

  local function begun(box, name)
    local d = assert(box:begin { number = 1, id = name, name = name })
    assert(d:write(MAIL))
    return d
  end

  it("works in the directory of the lease, and removes it", function()
    local box = owner(7, 3)
    assert.same({}, names "tmp")
    assert(box:reserve())
    assert.same({ "lease.7.3" }, names "tmp")
    assert(begun(box, "a"):commit())
    assert.same({ "a" }, names "tmp/lease.7.3")
    assert(box:sync())
    assert.same({ "a" }, names "new")
    box:close()
    assert.same({}, names "tmp")
  end)

  -- What the old owner does after the takeover, by the step it was frozen before.
  local steps = {
    begin = function(box)
      return function() return box:begin { number = 1, id = "a", name = "a" } end
    end,
    sync = function(box)
      assert(begun(box, "a"):commit())
      assert(begun(box, "b"):commit())
      return function() return box:sync() end
    end,
  }
  for step, prepare in pairs(steps) do
    it("stops a frozen owner before " .. step, function()
      local old = owner(7, 3)
      assert(old:reserve())
      local go_on = prepare(old)
      local new = owner(7, 4)
      assert.same({}, names "tmp")
      assert.equal("absent", new:settle { name = "a" })
      local ok, message, how = go_on()
      assert.is_nil(ok)
      assert.equal("fenced", how)
      assert.match("lease.7.3: another process", message)
      assert.same({}, names "new")
      old:close()
      assert(new:reserve())
      assert(begun(new, "a"):commit())
      assert(new:sync())
      assert.same({ "a" }, names "new")
      new:close()
      assert.same({}, names "tmp")
    end)
  end

  it("sees the files that a former owner linked", function()
    local old = owner(7, 3)
    assert(old:reserve())
    assert(begun(old, "a"):commit())
    assert(old:sync())
    assert.equal("delivered", owner(7, 4):settle { name = "a" })
  end)

  it("leaves other accounts, newer owners and other files alone", function()
    local other, newer, mine = owner(8, 1), owner(7, 5), owner(7, 3)
    for _, box in ipairs { other, newer, mine } do assert(box:reserve()) end
    assert(io.open(path .. "/tmp/lease.x", "w")):close()
    owner(7, 4)
    assert.same({ "lease.7.5", "lease.8.1", "lease.x" }, names "tmp")
    assert(begun(other, "b"):commit())
    assert(other:sync())
    assert.same({ "b" }, names "new")
  end)

  it("finishes a takeover that an owner between them began", function()
    local old = owner(7, 3)
    assert(old:reserve())
    begun(old, "a")
    assert(core.rename(path .. "/tmp/lease.7.3", path .. "/tmp/stale.7.3.4"))
    owner(7, 5)
    assert.same({}, names "tmp")
  end)

  it("removes directories of accounts that have no owner any more", function()
    local gone, other = owner(8, 1), owner(9, 2)
    for _, box in ipairs { gone, other } do assert(box:reserve()) end
    begun(gone, "a")
    assert(os.execute("touch -d '3 days ago' " .. path .. "/tmp/lease.8.1"))
    local time = core.time
    for _, seconds in ipairs { 1e6, -1e6 } do  -- the clock of the worker does not matter
      core.time = function() return time() + seconds end
      local mine = owner(7, seconds > 0 and 1 or 2)
      assert(mine:reserve())
      core.time = time
      assert.same({ "lease.7." .. (seconds > 0 and 1 or 2), "lease.9.2" }, names "tmp")
      mine:close()
    end
    -- an owner that had it all the same delivers nothing
    local box = owner(8, 3)
    assert(box:reserve())
    local message = begun(box, "b")
    assert(message:commit())
    assert(os.execute("touch -d '3 days ago' " .. path .. "/tmp/lease.8.3"))
    assert(pop3.maildir(path):open())  -- without a fleet
    assert.same({ "lease.9.2" }, names "tmp")
    local ok, _, how = box:sync()
    assert.is_nil(ok)
    assert.equal("fenced", how)
    assert.same({}, names "new")
  end)

  it("keeps files of others in tmp, however wrong the clock", function()
    owner(7, 1)
    assert(io.open(path .. "/tmp/theirs", "w")):close()
    local time = core.time
    core.time = function() return time() + 1e6 end
    owner(7, 2)
    core.time = time
    assert.same({ "theirs" }, names "tmp")
  end)

  it("ends a run without QUIT when its link is too late", function()
    local place <close> = fetching.place(3)
    local old = pop3.maildir(path):lease { account = 7, fence = 3 }
    local sync = old.sync
    function old.sync(self)
      owner(7, 4)
      return sync(self)
    end
    local result, _, code = place:sync { into = old, keep = false }
    assert.is_nil(result)
    assert.equal("fenced", code)
    assert.same({}, names "new")
    assert.equal(0, place:count "DELE")
    assert.equal(0, place:count "QUIT")
    assert.equal(3, #place.server:mailbox "mrose")
  end)

  it("ends a run without QUIT when the state says that it is too late", function()
    for _, call in ipairs { "intend", "done" } do
      local place <close> = fetching.place(3)
      local state = require "pop3.sync.state".file(place.state)
      state[call] = function(self)
        self.fenced = true
        return nil, "another process has taken the account over", "fenced"
      end
      local result, _, code, _, partial = place:sync { state = state,
                                                       keep = false }
      assert.is_nil(result)
      assert.equal("fenced", code)
      assert.is_true(partial.temporary)
      assert.equal(0, place:count "DELE")
      assert.equal(0, place:count "QUIT")
    end
  end)
end)

describe("a delivery of a fleet", function()
  it("tells a function the name of the account", function()
    local place <close> = fetching.place(2)
    local got = {}
    local into = require "pop3.sync.delivery".of(function(_, handle)
      got[#got + 1] = handle.account
      return true
    end)
    place:run { into = into:lease { name = "ann" } }
    assert.same({ "ann", "ann" }, got)
  end)

  it("tells a command the name of the account", function()
    local place <close> = fetching.place(1)
    local out = place.dir.path .. "/out"
    local into = pop3.pipe('printf %s "$LPOP3_ACCOUNT" > ' .. out)
    place:run { into = into:lease { name = "ann smith" } }
    local file <close> = assert(io.open(out))
    assert.equal("ann smith", file:read "a")
  end)

  it("is another mbox, or another connection, for each run", function()
    local dir <close> = tempdir()
    local box = pop3.mbox(dir.path .. "/mbox")
    assert.not_equal(box, box:lease {})
    assert(box:lease{}:deliver(MAIL))
    local lmtp = pop3.lmtp { path = "/x", to = { "a@example" } }
    assert.equal("/x", lmtp:lease{}.path)
  end)
end)
