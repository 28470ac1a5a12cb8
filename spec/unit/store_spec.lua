-- Stores: mail in memory, in files, and in a Maildir that others use as well.

local core = require "pop3.core"
local pop3 = require "pop3"
local talk = require "spec.support.talk"
local tempdir = require "spec.support.tempdir"

-- All that a maildrop says.
local function reading(drop)
  local out = {}
  for n = 1, drop:count() do
    out[n] = { drop:uid(n), drop:size(n), drop:octets(n) }
  end
  return out
end

describe("mail in memory", function()
  it("is the given message, made canonical", function()
    local drop = pop3.store.memory({ "a\nb", "c\r\n" }, { "x", "y" }):open()
    assert.same({ { "x", 6, "a\r\nb\r\n" }, { "y", 3, "c\r\n" } },
                reading(drop))
  end)

  it("does not change under an open session", function()
    local store = pop3.store.memory { "1", "2", "3" }
    local a, b = store:open(), store:open()
    assert.is_true(a:remove { 2 })
    store:deliver("u", "4")
    assert.equal(3, b:count())
    assert.equal("2\r\n", b:octets(2))
    assert.same({ { "lpop3.1", 3, "1\r\n" }, { "lpop3.3", 3, "3\r\n" },
                  { "lpop3.4", 3, "4\r\n" } }, reading(store:open()))
  end)

  it("refuses values that are not messages", function()
    assert.has_error(function() pop3.store.memory "x" end)
    assert.has_error(function() pop3.store.memory { 1 } end)
  end)
end)

describe("mail in files", function()
  it("is read when it is asked for", function()
    local dir <close> = tempdir()
    dir:write("a.eml", "A: b\n\nhi")
    dir:write("b.eml", "")
    local drop = pop3.store.files({ dir.path .. "/a.eml",
                                    dir.path .. "/b.eml" }):open()
    assert.same({ { "a.eml", 12, "A: b\r\n\r\nhi\r\n" }, { "b.eml", 0, "" } },
                reading(drop))
  end)

  it("gives names that cannot be unique-ids, or come twice, others", function()
    local store = pop3.store.files { "x/a b", "x/c", "y/c",
                                     "x/" .. ("l"):rep(71) }
    local drop, seen = store:open(), {}
    for n = 1, 4 do
      local uid = drop:uid(n)
      assert.is_true(#uid >= 1 and #uid <= 70)
      assert.match("^[!-~]+$", uid)
      assert.is_nil(seen[uid])
      seen[uid] = true
    end
    assert.equal("c", drop:uid(2))
  end)

  it("leaves the files alone when a message is deleted", function()
    local dir <close> = tempdir()
    dir:write("a", "1\r\n")
    dir:write("b", "2\r\n")
    local s = pop3.server.new { users = { u = { password = "pw",
      mail = pop3.store.files { dir.path .. "/a", dir.path .. "/b" } } } }
    local t = talk.to(s)
    t:login()
    assert.match("^%+OK", t:ask "DELE 1")
    assert.match("^%+OK", t:ask "QUIT")
    assert.same({ "2\r\n" }, s:mailbox "u")
    assert.same({ "a", "b" }, dir:names())
  end)

  it("says SYS/TEMP when a file is gone", function()
    local s = pop3.server.new { users = { u = { password = "pw",
      mail = pop3.store.files { "/nowhere/x.eml" } } } }
    local t = talk.to(s)
    t:login()
    for _, line in ipairs { "STAT", "LIST", "LIST 1", "RETR 1", "TOP 1 0" } do
      assert.match("^%-ERR %[SYS/TEMP%]", t:ask(line))
    end
    assert.match("^%+OK", t:ask "UIDL 1")
  end)

  it("sends a big one in pieces, to the octet", function()
    local dir <close> = tempdir()
    local lines = {}
    for i = 1, 60000 do
      lines[i] = (i % 7 == 0 and "." or "") .. ("y"):rep(i % 90) .. "\n"
    end
    dir:write("big", table.concat(lines))
    local store = pop3.store.files { dir.path .. "/big" }
    local s = pop3.server.new { users = { u = { password = "pw",
                                                mail = store } } }
    local c <close> = assert(pop3.connect { transport = s:loopback(),
                                            user = "u", password = "pw" })
    local octets = c:retr(1)
    assert.is_true(octets == table.concat(lines):gsub("\n", "\r\n"))
    assert.equal(#octets, c:list(1))
  end)
end)

describe("a Maildir", function()
  local function maildir(dir)
    return assert(pop3.store.maildir(dir.path, { create = true }))
  end

  it("is read in the order of delivery, from new and cur", function()
    local dir <close> = tempdir()
    local store = maildir(dir)
    dir:write("new/1700000003.c", "three\n")
    dir:write("cur/1700000001.a:2,S", "one\n")
    dir:write("cur/999.z:2,", "zero\n")
    dir:write("new/1700000001.b", "two\n")
    dir:write("tmp/1700000000.t", "half a mess")
    dir:write("new/.hidden", "x")
    assert.same({
      { "999.z", 6, "zero\r\n" }, { "1700000001.a", 5, "one\r\n" },
      { "1700000001.b", 5, "two\r\n" }, { "1700000003.c", 7, "three\r\n" },
    }, reading(store:open()))
  end)

  it("has delivered messages at the end, by any program", function()
    local dir <close> = tempdir()
    local one, two = maildir(dir), maildir(dir)
    for i = 1, 24 do
      assert.is_true((i % 3 == 0 and two or one):deliver("u", i .. "\n"))
    end
    for i, message in ipairs(reading(one:open())) do
      assert.equal(i .. "\r\n", message[3])
    end
    dir:write("new/1700000001.M90P9.a", "b\n")
    dir:write("new/1700000001.M100P1.a", "c\n")
    dir:write("new/1700000001.a", "a\n")
    local first = reading(one:open())
    assert.same({ "a\r\n", "b\r\n", "c\r\n" },
                { first[1][3], first[2][3], first[3][3] })
  end)

  it("keeps its unique-ids over restarts and moves", function()
    local dir <close> = tempdir()
    local store = maildir(dir)
    for _ = 1, 20 do assert.is_true(store:deliver("u", "mail\n")) end
    local before = reading(store:open())
    for _, name in ipairs(dir:names "new") do
      os.rename(dir.path .. "/new/" .. name, dir.path .. "/cur/" .. name
                .. ":2,FS")
    end
    assert.same(before, reading(pop3.store.maildir(dir.path):open()))
  end)

  it("finds a message that another program moves while a session is open", function()
    local dir <close> = tempdir()
    local store = maildir(dir)
    dir:write("new/1.a", "one\n")
    dir:write("new/2.b", "two\n")
    local drop = store:open()
    os.rename(dir.path .. "/new/1.a", dir.path .. "/cur/1.a:2,S")
    assert.equal("one\r\n", drop:octets(1))
    os.rename(dir.path .. "/new/2.b", dir.path .. "/cur/2.b:2,")
    assert.is_true(drop:remove { 2 })
    assert.same({ "1.a:2,S" }, dir:names "cur")
    os.remove(dir.path .. "/cur/1.a:2,S")
    local octets, _, code = drop:octets(1)
    assert.is_nil(octets)
    assert.equal("SYS/TEMP", code)
    assert.is_true(drop:remove { 1 })  -- what is gone is gone
  end)

  it("loses a message only by a confirmed update", function()
    local dir <close> = tempdir()
    local s = pop3.server.new { users = { u = { password = "pw",
                                                mail = maildir(dir) } } }
    assert.is_true(s:deliver("u", "one"))
    assert.is_true(s:deliver("u", "two"))
    local t = talk.to(s)
    t:login()
    t:ask "DELE 1"
    t:close()
    assert.equal(2, #dir:names "new")
    t = talk.to(s)
    t:login()
    t:ask "DELE 1"
    assert.is_true(s:deliver("u", "three"))
    t:ask "QUIT"
    assert.same({ "two\r\n", "three\r\n" }, s:mailbox "u")
    assert.same({}, dir:names "tmp")
  end)

  it("that is not there is an error at login", function()
    local s = pop3.server.new { users = { u = { password = "pw",
      mail = pop3.store.maildir "/nowhere" } } }
    assert.match("^%-ERR %[SYS/PERM%]", talk.to(s):login())
    assert.is_nil((s:mailbox "u"))
    assert.is_nil((s:deliver("u", "x")))
  end)

  it("that cannot be removed from says so at QUIT", function()
    local drop = { count = function() return 1 end,
                   size = function() return 3 end,
                   uid = function() return "x" end,
                   octets = function() return "1\r\n" end,
                   remove = function() return nil, "read only" end }
    local s = pop3.server.new { users = { u = { password = "pw",
      mail = { open = function() return drop end } } } }
    local t = talk.to(s)
    t:login()
    t:ask "DELE 1"
    assert.match("^%-ERR .*read only", t:ask "QUIT")
  end)
end)

describe("a store of a script", function()
  it("needs only open, and says why it cannot", function()
    local s = pop3.server.new { users = { u = { password = "pw", mail = {
      open = function(_, user) return nil, user .. " is away", "SYS/PERM" end,
    } } } }
    local t = talk.to(s)
    assert.equal("-ERR [SYS/PERM] u is away", t:login())
    -- and the lock is free again
    assert.equal("-ERR [SYS/PERM] u is away", t:login())
  end)
end)

-- A store of a list, and the messages it was asked to remove.
local function own_store(list, remove)
  local store = { removed = {} }
  function store.open()
    local drop = { }
    function drop.count() return #list end
    function drop.size(_, n) return #list[n] end
    function drop.uid(_, n) return "uid" .. n end
    function drop.octets(_, n) return list[n] end
    function drop.remove(_, numbers)
      store.removed[#store.removed + 1] = numbers
      if remove then return remove() end
    end
    return drop
  end
  return store
end

local function logged_in(mail, uidl)
  local s = pop3.server.new { users = { u = { password = "pw", mail = mail,
                                              uidl = uidl } } }
  local t = talk.to(s)
  assert.match("^%+OK", t:login())
  return t, s
end

describe("a store that says little", function()
  it("has its octets made canonical", function()
    local t, s = logged_in(own_store { "a: b\n\n1\n2\n.3" })
    local status, body = t:list "RETR 1"
    assert.equal("+OK 18 octets", status)
    assert.same({ "a: b", "", "1", "2", "..3" }, body)
    assert.same({ "a: b", "", "1" }, { table.unpack(select(2, t:list "TOP 1 1")) })
    assert.same({ "a: b\r\n\r\n1\r\n2\r\n.3\r\n" }, s:mailbox "u")
  end)

  it("has removed the marked messages when it returns nothing", function()
    local store = own_store { "x", "y", "z" }
    local t = logged_in(store)
    t:ask "DELE 3"
    t:ask "DELE 1"
    assert.match("^%+OK", t:ask "QUIT")
    assert.same({ { 1, 3 } }, store.removed)
  end)

  it("may say with a code why it has not", function()
    local function why() return nil, "read only", "SYS/PERM" end
    local t = logged_in(own_store({ "x" }, why))
    t:ask "DELE 1"
    assert.match("^%-ERR %[SYS/PERM%].*read only", t:ask "QUIT")
    t = logged_in(own_store({ "x" }, function() return false end))
    t:ask "DELE 1"
    assert.match("^%-ERR %[SYS/TEMP%]", t:ask "QUIT")
  end)
end)

describe("unique-ids that are made up", function()
  it("differ from those that were given", function()
    local t, s = logged_in({ "1", "2", "3" }, { "lpop3.2", "lpop3.4" })
    s:deliver("u", "4")
    t:close()
    t = talk.to(s)
    t:login()
    local _, ids = t:list "UIDL"
    assert.same({ "1 lpop3.2", "2 lpop3.4", "3 lpop3.3", "4 lpop3.5" }, ids)
  end)
end)

describe("unique-ids that are the same", function()
  it("do not make one deletion two", function()
    local dir <close> = tempdir()
    for _, name in ipairs { "1", "2" } do dir:write(name, "x" .. name) end
    local files = pop3.store.files({ dir.path .. "/1", dir.path .. "/2" },
                                   { "same", "same" })
    for mail, uidl in pairs { [files] = false,
                              [{ "x1", "x2" }] = { "same", "same" } } do
      local t, s = logged_in(mail, uidl or nil)
      local _, ids = t:list "UIDL"
      assert.same({ "1 same", "2 same" }, ids)
      t:ask "DELE 1"
      assert.match("^%+OK", t:ask "QUIT")
      assert.same({ "x2\r\n" }, s:mailbox "u")
    end
  end)
end)

describe("canonical form", function()
  it("is the same for every way of reading a file", function()
    local dir <close> = tempdir()
    math.randomseed(7)
    for _ = 1, 200 do
      local t = {}
      for i = 1, math.random(0, 40) do
        t[i] = ({ "\r", "\n", "\r\n", "a", "." })[math.random(5)]
      end
      local octets = table.concat(t)
      dir:write("m", octets)
      local path = dir.path .. "/m"
      local file = assert(core.infile(path))
      local canonical = file:read "a"
      assert.equal(core.canonical(octets), canonical)
      assert.equal(#canonical, core.canonical_size(path))
      assert.equal(canonical, core.canonical(canonical))
    end
  end)
end)
