-- The contract of pop3.inbox, as specs: for each database. `make()` returns the URL of an
-- empty database, and a function that removes it.

local busted = require "busted"
local core = require "pop3.core"
local fetching = require "spec.support.fetching"
local helper = require "spec.helper"
local pop3 = require "pop3"
local sql = require "pop3.sql"

local after_each, assert, before_each, it = busted.after_each, busted.assert,
                                            busted.before_each, busted.it

-- Octets of every kind, `size` of them, that are a message.
local function large(size)
  local line = {}
  for i = 1, 255 do
    if i ~= 10 and i ~= 13 then line[#line + 1] = string.char(i) end
  end
  line = table.concat(line) .. "\r\n"
  local text = "Subject: large\r\n\r\n" .. line:rep(size // #line)
  return text .. ("x"):rep(size - #text - 2) .. "\r\n"
end

return function(make, driver)
  local url, remove, inbox

  local function consumer()
    return pop3.inbox { url = url, driver = driver }
  end

  local function query(...)
    local db <close> = assert(sql.open { url = url, driver = driver })
    return assert(db:query(...))
  end

  local function state()
    return pop3.state.sql { url = url, driver = driver }
  end

  before_each(function()
    url, remove = make()
    inbox = consumer()
  end)
  after_each(function()
    inbox:close()
    remove()
  end)

  local function fetch(place, opts)
    local all = { state = state(), into = pop3.inbox {}, account = "a" }
    for name, value in pairs(opts or {}) do all[name] = value end
    return place:sync(all)
  end

  it("delivers each message once, and a consumer takes it", function()
    local mail = fetching.mail(5)
    local place <close> = fetching.place(mail)
    assert.equal(5, assert(fetch(place)).new)
    assert.equal(0, assert(fetch(place)).new)
    local list = assert(inbox:take(10))
    assert.equal(5, #list)
    for i, message in ipairs(list) do
      assert.equal(mail[i], message:octets())
      assert.equal(#mail[i], message.size)
      assert.equal("a", message.account)
      assert.equal(1, message.nth)
      assert.equal(1, message.tries)
      assert.truthy(message.name:find "^%x+$")
      assert.truthy(math.abs(message.received - core.time()) < 3600)
      assert.truthy(message.uid)
      assert.is_true(inbox:done(message))
      assert.is_true(inbox:done(message))  -- again
    end
    assert.same({}, assert(inbox:take(10)))
    assert.same({}, query "select * from pop3_inbox")
  end)

  it("gives a message to one consumer at a time", function()
    local place <close> = fetching.place(6)
    assert(fetch(place))
    local other <close> = consumer()
    local mine, theirs = assert(inbox:take(4)), assert(other:take(4))
    assert.equal(4, #mine)
    assert.equal(2, #theirs)
    local seen = {}
    for _, list in ipairs { mine, theirs } do
      for _, message in ipairs(list) do
        assert.is_nil(seen[message.id])
        seen[message.id] = true
      end
    end
    assert.same({}, assert(other:take(1)))
    -- given back, and taken by the other one
    assert(inbox:release(mine[1]))
    local again = assert(other:take(1))[1]
    assert.equal(mine[1].id, again.id)
    assert.equal(2, again.tries)
    local ok, message, code = inbox:done(mine[1])
    assert.is_nil(ok)
    assert.equal("fenced", code)
    assert.equal("another consumer has taken the message", message)
    assert(other:done(again))
    -- a consumer that died: its time is over
    local late = assert(other:take(0))
    assert.same({}, late)
    inbox:close()
    query "update pop3_inbox set taken_until = null where taken_by is not null"
    assert.equal(5, #assert(other:take(10)))
    helper.misuse("not one that this inbox took", function() other:done(mine[1]) end)
    helper.misuse("not one that this inbox took", function() inbox:release {} end)
  end)

  it("takes statements of the consumer into the transaction", function()
    local place <close> = fetching.place(2)
    assert(fetch(place))
    query "create table mine (a integer primary key)"
    local list = assert(inbox:take(2))
    assert(inbox:done(list[1], { { "insert into mine values ($1)", 1 } }))
    local ok, _, code = inbox:done(list[2], { { "insert into mine values ($1)", 1 } })
    assert.is_nil(ok)
    assert.equal("sql", code)
    assert.equal(1, #query "select * from pop3_inbox")
    assert.equal(1, #query "select * from mine")
  end)

  it("keeps messages of every size and octet", function()
    local sizes = { 0x40000 - 1, 0x40000, 0x40000 + 1, 0x100000, 0x100000 + 1,
                    0x280000 + 12345 }
    local mail = {}
    sizes = helper.some(sizes, 2)
    for i, size in ipairs(sizes) do mail[i] = large(size) end
    mail[#mail + 1] = "\r\n"
    local place <close> = fetching.place(mail)
    assert.equal(#mail, assert(fetch(place)).new)
    local list = assert(inbox:take(20))
    assert.equal(#mail, #list)
    for i, message in ipairs(list) do
      assert.is_true(message:octets() == mail[i])
      local pieces = {}
      for piece in message:source() do
        assert.is_true(#piece <= 0x100000)
        pieces[#pieces + 1] = piece
      end
      assert.is_true(table.concat(pieces) == mail[i])
      assert(inbox:done(message))
    end
    assert.same({}, query "select part from pop3_inbox_part")
  end)

  it("shows nothing partial, and nothing of a run that was taken over", function()
    local mail = { large(0x80000), large(0x80000) }
    local place <close> = fetching.place(mail)
    -- the run is taken over when the parts of a message are there
    local into = pop3.inbox {}
    local first = state()
    local with = first.with
    function first:with(list)
      query "update pop3_account set worker = null"
      assert.equal(0, #assert(inbox:take(10)))
      assert.is_true(#query "select part from pop3_inbox_part" > 0)
      local second = state()
      assert(second:open "a")
      assert(second:close {})
      return with(self, list)
    end
    local result, message, code = fetch(place, { state = first, into = into, keep = false })
    assert.is_nil(result)
    assert.equal("fenced", code, message)
    assert.equal(0, place:count "QUIT")
    assert.equal(0, place:count "DELE")
    assert.same({}, query "select id from pop3_inbox")
    assert.equal(2, assert(fetch(place, { keep = false })).deleted)
    local list = assert(inbox:take(10))
    assert.equal(2, #list)
    for i = 1, 2 do assert.is_true(list[i]:octets() == mail[i]) end
    -- the parts of the fenced run went when the message was written again
    assert.equal(2, #query "select distinct part_key from pop3_inbox_part")
    assert.equal(0, assert(inbox:clean(-100)))
    query "update pop3_inbox set part_key = null"
    assert.equal(2, assert(inbox:clean(-100)))
  end)

  it("is of one run at a time", function()
    local place <close> = fetching.place(3)
    local into, refused = pop3.inbox {}, nil
    local first = fetch(place, { into = into, progress = function()
      if refused then return end
      local other <close> = fetching.place(1)
      refused = table.pack(fetch(other, { into = into, account = "b" }))
    end })
    assert.equal(3, first.new)
    assert.is_nil(refused[1])
    assert.equal("state", refused[3])
    assert.truthy(refused[2]:find("another run uses it", 1, true))
    assert.equal(3, #assert(inbox:take(10)))
    -- a copy is of another one
    local last <close> = fetching.place(1)
    assert.equal(1, fetch(last, { into = into:lease(), account = "b" }).new)
  end)

  it("names a missing option", function()
    local place <close> = fetching.place(1)
    local result, message, code = place:sync { into = pop3.inbox {} }
    assert.is_nil(result)
    assert.equal("state", code)
    assert.truthy(message:find("the state must be pop3.state.sql", 1, true))
    assert.equal(0, place:count "RETR")
    helper.misuse("needs the option 'url'", function() pop3.inbox {}:take() end)
    helper.misuse("unknown option 'x'", function() pop3.inbox { x = 1 } end)
    local ok
    ok, message, code = inbox:take()
    assert.is_nil(ok)
    assert.equal("schema", code)
    assert.truthy(message:find("has no tables", 1, true))
  end)
end
