-- One server for many tests: reset to the start.

local helper = require "spec.helper"
local pop3 = require "pop3"
local talk = require "spec.support.talk"

local MAIL = { "Subject: a\r\n\r\nhi\r\n" }

local function new(opts)
  opts = opts or {}
  opts.users = opts.users or { u = { password = "pw", mail = MAIL } }
  return pop3.server.new(opts)
end

-- One session that deletes its first message; returns its replies.
local function delete(server)
  local t = talk.to(server)
  t:login()
  t:ask "DELE 1"
  t:ask "QUIT"
  t:close()
  return t
end

describe("reset", function()
  it("restores deleted messages, and removes delivered ones", function()
    local server = new()
    delete(server)
    assert.is_true(server:deliver("u", "Subject: b\r\n\r\n"))
    assert.same({ "Subject: b\r\n\r\n" }, server:mailbox "u")
    server:reset()
    assert.same(MAIL, server:mailbox "u")
    delete(server)
    server:reset():reset()
    assert.same(MAIL, server:mailbox "u")
  end)

  it("leaves a clock of the script's own, also in the transcript", function()
    local server = new { clock = function() return 50 end }
    delete(server)
    server:reset()
    delete(server)
    assert.equal(50, server:transcript()[1].time)
  end)

  it("goes back to the snapshot, deliveries before it included", function()
    local server = new()
    server:deliver("u", "Subject: b\r\n\r\n")
    server:snapshot()
    for _ = 1, 2 do
      server:deliver("u", "Subject: c\r\n\r\n")
      delete(server)
      assert.equal(2, #server:mailbox "u")
      server:reset()
      assert.same({ MAIL[1], "Subject: b\r\n\r\n" }, server:mailbox "u")
    end
  end)

  it("puts files back, and stores that know how", function()
    local dir <close> = helper.directory()
    local own = pop3.store.memory { "Subject: own\r\n\r\n" }
    local server = new { users = {
      u = { password = "pw", mail = pop3.store.files {
        dir:write("a.eml", MAIL[1]) } },
      own = { password = "pw", mail = own },
    } }
    delete(server)
    server:deliver("own", "more\r\n")
    assert.same({}, server:mailbox "u")
    server:reset()
    assert.same(MAIL, server:mailbox "u")
    assert.same({ "Subject: own\r\n\r\n" }, server:mailbox "own")
  end)

  it("leaves a store alone that cannot go back", function()
    local dir <close> = helper.directory()
    local server = new { users = { u = { password = "pw",
      mail = pop3.store.maildir(dir.path, { create = true }) } } }
    server:deliver("u", MAIL[1])
    server:reset()
    assert.same(MAIL, server:mailbox "u")
  end)

  it("ends sessions and forgets the transcript", function()
    local ended = 0
    local server = new { limits = { transcript = 10000 }, on = {
      disconnect = function() ended = ended + 1 end,
      XOOPS = function() error "oops" end,
    } }
    local t = talk.to(server)
    t:login()
    t:ask "XOOPS"
    t:ask "XNEW"
    server:reset()
    assert.equal(1, ended)
    assert.same({ nil, "closed" }, { t:line() })
    assert.equal("", tostring(server:transcript()))
    for _, verb in ipairs { "USER", "XNEW" } do
      assert.equal(0, server:count(verb))
    end
    assert.is_true(server:verify {})
    t = delete(server)
    assert.match("^%+OK", t.greeting)
    assert.is_true(server:verify { "USER u", "PASS ***", "DELE 1", "QUIT" })
    assert.equal(1, server:transcript()[1].session)
  end)

  it("says the same again, from a seed", function()
    local server = new { apop = true, seed = 1 }
    local first = talk.to(server).greeting
    assert.are_not.equal(first, talk.to(server).greeting)
    server:reset()
    assert.equal(first, talk.to(server).greeting)
  end)

  it("has the faults of the start strike again, and no others", function()
    local server = new()
    server:fault { verb = "USER", times = 1, reply = "-ERR once" }
    local function ask()
      local t = talk.to(server)
      local said = { t:ask "USER u", t:ask "STLS", t:ask "USER u" }
      t:close()
      return said
    end
    local first = ask()
    assert.equal("-ERR once", first[1])
    assert.are_not.equal("-ERR once", first[3])
    server:fault { verb = "STLS", reply = "-ERR no" }
    assert.equal("-ERR no", ask()[2])
    server:reset()
    assert.same(first, ask())
  end)

  it("moves the clock back, and the time between logins with it", function()
    local server = new { login_delay = 100 }
    server:advance(1000)
    delete(server)
    server:reset()
    assert.equal(0, server:now())
    local t = talk.to(server)
    assert.match("^%+OK", t:login())
    t:ask "QUIT"
    t = talk.to(server)
    assert.match("LOGIN%-DELAY", t:login())
  end)

  it("tells the script, whose mistakes verify tells", function()
    local server = new()
    local seen
    function server.on.reset(which) seen = which end
    server:reset()
    assert.equal(server, seen)
    function server.on.reset() error "cannot" end
    server:reset()
    assert.has_error(function() server:verify {} end)
  end)

  it("is not for handlers", function()
    local server <close> = new()
    function server.on.XRESET()
      server:reset()
    end
    local run <close> = server:fork()
    local t = talk.tcp(run.port)
    assert.match("^%-ERR", t:ask "XRESET")
    t:close()
  end)

  it("works in a child process, for its parent", function()
    local run <close> = new():fork()
    local t = talk.tcp(run.port)
    t:login()
    t:ask "DELE 1"
    t:ask "QUIT"
    t:close()
    assert.same({}, run:mailbox "u")
    assert.is_true(run:reset())
    assert.same(MAIL, run:mailbox "u")
    assert.is_true(run:verify {})
  end)
end)
