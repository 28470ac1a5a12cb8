-- An mbox as a store (lua/pop3/store/mbox.lua), and its format.

local core = require "pop3.core"
local format = require "pop3.store.mbox_format"
local helper = require "spec.helper"
local pop3 = require "pop3"
local tempdir = require "spec.support.tempdir"

local FILE = "From a@b Mon Nov 30 19:00:00 2026\nSubject: 1\n\n>From x\n>>From y\n\n"
  .. "From MAILER-DAEMON Mon Nov 30 19:00:01 2026\nSubject: 2\n\nFrom no date\n\n\n"
  .. "From a@b Mon Nov 30 19:00:00 2026\nSubject: 1\n\n>From x\n>>From y\n\n"
  .. "From c Mon Nov 30 19:00:02 2026 +0100\nSubject: 4\n\nno end of line"
local MAIL = {
  "Subject: 1\r\n\r\nFrom x\r\n>From y\r\n",
  "Subject: 2\r\n\r\nFrom no date\r\n\r\n",
  "Subject: 1\r\n\r\nFrom x\r\n>From y\r\n",
  "Subject: 4\r\n\r\nno end of line\r\n",
}

describe("pop3.store.mbox", function()
  local dir, path, store

  before_each(function()
    dir = tempdir "memory"
    path = dir.path .. "/inbox"
    dir:write("inbox", FILE)
    store = assert(pop3.store.mbox(path))
  end)
  after_each(function() getmetatable(dir).__close(dir) end)

  local function all(drop)
    local list = {}
    for n = 1, drop:count() do
      list[n] = drop:octets(n)
      assert.equal(#list[n], drop:size(n))
    end
    return list
  end

  it("has the messages, without their quoting", function()
    local drop = assert(store:open "mrose")
    assert.same(MAIL, all(drop))
    drop:close()
    assert.same({ "inbox" }, dir:names())
    assert.equal(FILE, dir:read "inbox")
  end)

  it("has unique-ids that stay when a reader notes something", function()
    local drop = assert(store:open "mrose")
    local uids = {}
    for n = 1, 4 do
      uids[n] = drop:uid(n)
      assert.matches("^[!-~]+$", uids[n])
      assert.is_true(#uids[n] <= 70)
    end
    assert.equal(uids[1] .. ".2", uids[3])
    dir:write("inbox", (FILE:gsub("\nSubject", "\nX-UID: 5\nStatus: RO\nSubject")))
    drop = assert(store:open "mrose")
    for n = 1, 4 do assert.equal(uids[n], drop:uid(n)) end
  end)

  it("removes messages, and keeps messages that others have added meanwhile", function()
    for _, case in ipairs { { 1 }, { 2, 3 }, { 4 }, { 1, 2, 3, 4 }, {} } do
      dir:write("inbox", FILE)
      local drop = assert(store:open "mrose")
      assert(store:deliver("mrose", "Subject: new\r\n\r\nFrom z\r\n"))
      assert.is_true(drop:remove(case))
      local wanted, gone = {}, {}
      for _, n in ipairs(case) do gone[n] = true end
      for n, octets in ipairs(MAIL) do
        if not gone[n] then wanted[#wanted + 1] = octets end
      end
      wanted[#wanted + 1] = "Subject: new\r\n\r\nFrom z\r\n"
      assert.same(wanted, all(assert(store:open "mrose")))
    end
    assert.same({ "inbox" }, dir:names())
  end)

  it("is served, and goes back to its start", function()
    local server = pop3.server.new {
      users = { mrose = { password = "secret", mail = store } },
    }
    local function session()
      return assert(pop3.connect { transport = server:loopback(),
                                   user = "mrose", password = "secret" })
    end
    local s = session()
    assert.equal(MAIL[4], s:retr(4))
    assert(s:dele(4))
    assert(s:quit())
    s = session()
    assert.equal(3, (s:stat()))
    assert(s:quit())
    server:reset()
    s = session()
    assert.equal(4, (s:stat()))
    s:close()
    assert.equal(FILE, dir:read "inbox")
  end)

  it("refuses a login while another program has the lock", function()
    local short = assert(pop3.store.mbox(path, { lock_timeout = 0 }))
    dir:write("inbox.lock", "")
    local drop, message, code = short:open "mrose"
    assert.is_nil(drop)
    assert.matches("locked by another program", message)
    assert.equal("IN-USE", code)
    os.remove(path .. ".lock")
    drop = assert(short:open "mrose")
    dir:write("inbox.lock", "")
    assert.equal("IN-USE", select(3, drop:remove { 1 }))
    assert.is_nil((short:deliver("mrose", "x")))
    assert.equal(FILE, dir:read "inbox")
  end)

  it("must be there, unless it may be made", function()
    store = assert(pop3.store.mbox(path .. "2"))
    local drop, message, code = store:open "mrose"
    assert.is_nil(drop)
    assert.matches("inbox2: No such file", message)
    assert.equal("SYS/PERM", code)
    store = assert(pop3.store.mbox(path .. "2", { create = true }))
    assert.equal(0, store:open "mrose":count())
    assert(store:deliver("mrose", "A: b"))
    assert.same({ "A: b\r\n" }, all(store:open "mrose"))
    helper.misuse("the path must be a string", function()
      local made = pop3.store.mbox()
      return made
    end)
  end)

  it("takes the messages of pop3.mbox", function()
    os.remove(path)
    local box = pop3.mbox(path)
    for _, octets in ipairs(MAIL) do assert(box:deliver(octets)) end
    assert.same(MAIL, all(assert(store:open "mrose")))
  end)
end)

describe("the format of an mbox", function()
  local function reader(text)
    return function(offset, count)
      return text:sub(offset + 1, offset + math.min(count, 7))
    end, #text
  end

  it("has entries where From_ lines with a time are, at any read", function()
    local want = {}
    for at in ("\n" .. FILE):gmatch "\n()From %S+ %a+ %a+ %d" do
      want[#want + 1] = at - 2
    end
    want[#want + 1] = #FILE
    assert.same(want, format.entries(reader(FILE)))
    assert.same({ 0 }, format.entries(reader ""))
    assert.same({ 4 }, format.entries(reader "text"))
    local long = "From " .. ("x"):rep(3000) .. " 10:00\n" .. FILE
    for i, at in ipairs(want) do want[i] = at + #long - #FILE end
    assert.same(want, format.entries(reader(long)))
  end)

  it("has a digest that ignores fields of readers and empty lines", function()
    local function digest(text)
      local read, size = reader(text)
      return format.digest(read, 0, size)
    end
    local text = "From a Mon Nov 30 19:00:00 2026\nA: b\n\nbody\n\nmore\n\n"
    local same = digest(text)
    for _, other in ipairs {
      text .. "\n", text:sub(1, -2), text:sub(1, -3),
      (text:gsub("A: b", "Status: RO\nA: b\nX-Keywords: x\n y\nx-uid: 1")),
      (text:gsub("A: b", "Content-Length: 11\nA: b")),
    } do
      assert.equal(same, digest(other), other)
    end
    for _, other in ipairs {
      "x" .. text, text .. "x", (text:gsub("\n\nmore", "\nmore")),
      (text:gsub("A: b", "A: c")), (text:gsub("body", "Status: RO\nbody")),
    } do
      assert.are_not.equal(same, digest(other), other)
    end
  end)

  it("has From_ lines that others can read", function()
    assert.equal("From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n",
                 format.from_line(nil, 0))
    assert.equal("From a@b Mon Nov 30 19:00:00 2026\n",
                 format.from_line("a@b", 1796065200))
    assert.equal("From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n",
                 format.from_line("a b", 0))
    assert.is_true(core.time() > 0)
  end)
end)
