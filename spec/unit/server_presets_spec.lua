-- Presets of real servers: every preset works, and shows its quirks.

local pop3 = require "pop3"
local made = require "spec.support.preset"
local talk = require "spec.support.talk"

local presets = pop3.server.presets

local MAIL, server, listing = made.MAIL, made.server, made.listing
local inside = talk.inside

local function client(s, user)
  return assert(pop3.connect { transport = s:loopback(), user = user or "u",
                               password = "pw", insecure = true })
end

describe("the presets", function()
  it("are named", function()
    local names = {}
    for name, preset in pairs(presets) do
      names[#names + 1] = name
      assert.equal(preset, presets[name])
    end
    assert.same(presets(), names)
    assert.is_true(#names >= 20)
    assert.is_nil(presets.kit)
    assert.is_nil(presets.nonesuch)
  end)

  for name, preset in pairs(presets) do
    describe(name, function()
      it("has a title and quirks with their sources", function()
        assert.equal("string", type(preset.title))
        assert.is_true(#preset.quirks > 0)
        for _, quirk in ipairs(preset.quirks) do
          assert.equal("string", type(quirk.what))
          assert.match("%.$", quirk.what)
          assert.equal("string", type(quirk.source))
          assert.is_true(#quirk.source > 10)
        end
      end)

      it("lets our client log in, list, fetch and quit", function()
        local s = server(name)
        local c = client(s)
        assert.equal(2, #assert(c:list()))
        assert.equal(2, #assert(c:uidl()))
        assert.equal("Subject: 2", (assert(c:retr(2)):match "Subject: 2"))
        assert.is_true(#assert(c:top(1, 1)) > 0)
        assert.is_true(c:quit())
        assert.same({}, s.errors)
      end)

      it("greets and lists its capabilities as it says", function()
        local s = server(name)
        local t = talk.to(s)
        local greeting = preset.options.greeting
        if greeting then
          assert.equal(greeting == "" and "+OK" or "+OK " .. greeting,
                       t.greeting)
        end
        local capa = preset.options.capa
        if capa == false then
          assert.match("^%-ERR", t:ask "CAPA")
        elseif capa then
          assert.same(capa.authorization, listing(t, "CAPA"))
          t:login()
          assert.same(capa.transaction, listing(t, "CAPA"))
        end
      end)

      it("refuses a wrong password and a message that is not there", function()
        local s = server(name)
        local t = talk.to(s)
        t:ask "USER u"
        assert.match("^%-ERR", t:ask "PASS no")
        t:close()
        for _, verb in ipairs { "RETR 9", "DELE 9", "LIST 9", "UIDL 9",
                                "TOP 9 0" } do
          t = inside(s)
          assert.match("^%-ERR", t:ask(verb))
          t:close()
        end
        t = inside(s)
        t:ask "DELE 1"
        assert.match("^%-ERR", t:ask "RETR 1")
        assert.same({}, s.errors)
      end)

      it("does not change presets for other servers", function()
        local a, b = server(name), server(name)
        function a.on.NOOP(session) return session:ok "mine" end
        if type(a.capa) == "table" then
          a.capa.transaction[#a.capa.transaction + 1] = "X-MINE"
          assert.not_same(a.capa, b.capa)
          assert.same(preset.options.capa, b.capa)
        end
        assert.equal("+OK mine", inside(a):ask "NOOP")
        assert.not_equal("+OK mine", inside(b):ask "NOOP")
      end)
    end)
  end
end)

describe("a preset", function()
  it("is beneath the script's options", function()
    local s = server("dovecot", { greeting = "mine", mechs = { "CRAM-MD5" } })
    local t = talk.to(s)
    assert.equal("+OK mine", t.greeting)
    assert.same({ "CAPA", "TOP", "UIDL", "RESP-CODES", "PIPELINING",
                  "AUTH-RESP-CODE", "USER", "SASL CRAM-MD5" },
                listing(t, "CAPA"))
    t = talk.to(server("dovecot", { capa = { authorization = { "X-MINE" } } }))
    assert.same({ "X-MINE" }, listing(t, "CAPA"))
    t = talk.to(server("dovecot", { capa = false }))
    assert.match("^%-ERR", t:ask "CAPA")
  end)

  it("is beneath the script's handlers", function()
    local s = server("courier", { on = {
      NOOP = function(session) return session:ok "given" end } })
    local below = s.on.RSET
    function s.on.RSET(session)
      local reply = below(session)
      reply.text = "above " .. reply.text
      return reply
    end
    local t = inside(s)
    assert.equal("+OK given", t:ask "NOOP")
    assert.equal("+OK above Resurrected.", t:ask "RSET")
    assert.equal("+OK Deleted.", t:ask "DELE 1")
    assert.same(pop3.server.new().default, s.default)
    assert.equal("+OK message 1 deleted", inside(server(nil)):ask "DELE 1")
  end)

  it("may be the script's own", function()
    local mine = { title = "Mine", options = { greeting = "hi", capa = false },
                   on = { unknown = function(session, rest)
                     return session:err(session.verb .. "? " .. rest)
                   end } }
    local t = talk.to(server(mine))
    assert.equal("+OK hi", t.greeting)
    assert.equal("-ERR XFOO? a b", t:ask "xfoo a b")
  end)

  it("that is not there is an error that tells the names", function()
    for _, preset in ipairs { "gmial", { colour = "red" },
                              { options = { colour = "red" } },
                              { options = 1 }, { on = 1 } } do
      local ok, err = pcall(function() server(preset) end)
      assert.is_false(ok)
      assert.match("server_presets_spec.lua:%d+: server", err)
    end
    local _, err = pcall(pop3.server.new, { preset = "gmial" })
    assert.match("unknown preset: gmial (did you mean 'gmail'? known: aapt, aol, ", err, 1, true)
    assert.is_false((pcall(pop3.server.new, { preset = 1 })))
  end)

  it("offers STLS if the server has it, until it is used", function()
    local s = server("dovecot", { tls = "auto", require_tls = true })
    assert.same({ "CAPA", "TOP", "UIDL", "RESP-CODES", "PIPELINING",
                  "AUTH-RESP-CODE", "STLS" }, listing(talk.to(s), "CAPA"))
    local c = assert(pop3.connect {
      transport = s:loopback(), tls = "stls", cafile = s.cafile,
      servername = "localhost", user = "u", password = "pw" })
    assert.equal(2, #assert(c:list()))
    c:quit()
  end)

  it("tells the delay between logins that the script wants", function()
    local t = talk.to(server("cyrus", { login_delay = 60 }))
    local found
    for _, line in ipairs(listing(t, "CAPA")) do
      found = line:match "^LOGIN%-DELAY.*" or found
    end
    assert.equal("LOGIN-DELAY 60", found)
  end)

  it("has the features of the script's options, also where the server lacks them",
     function()
    for name in pairs(presets) do
      local s = server(name, { mechs = { "CRAM-MD5" }, expire = 7,
                               greeting = "mine <1.2@a.example>", apop = true })
      local c = assert(pop3.connect { transport = s:loopback(), user = "u",
                                      password = "pw", mechs = { "CRAM-MD5" } })
      assert.equal("mine <1.2@a.example>", c:greeting())
      local capa = c:capa()
      assert.equal("7", capa and capa.EXPIRE[1] or "7", name)
      if name ~= "domino" then  -- which refuses it
        c = assert(pop3.connect { transport = server(name, { apop = true })
          :loopback(), user = "u", password = "pw", mechs = { "APOP" } })
        assert.equal(2, (c:stat()))
      end
    end
  end)

  it("lacks the server's missing features otherwise", function()
    for name, line in pairs { courier = "APOP u 0123", hmailserver = "AUTH PLAIN",
                              popa3d = "STLS", qmail = "AUTH LOGIN" } do
      assert.match("^%-ERR", talk.to(server(name)):ask(line))
    end
  end)

  it("leaves unique-ids that were given alone", function()
    for name in pairs(presets) do
      local s = server(name, { users = {
        u = { password = "pw", mail = MAIL, uidl = { "a", "b" } } } })
      assert.same({ "1 a", "2 b" }, listing(inside(s), "UIDL"))
    end
  end)

  it("removes the messages that were meant", function()
    for name in pairs(presets) do
      if name ~= "gmail" then
        local s = server(name)
        local c = client(s)
        assert(c:dele(1))
        assert.is_true(c:quit())
        assert.same({ MAIL[2] }, s:mailbox "u")
      end
    end
  end)

  it("takes big messages, too", function()
    local big = "Subject: big\r\n\r\n"
                .. ("x"):rep(70):rep(2 << 14, "\r\n") .. "\r\n"
    local path = os.tmpname()
    local file <close> = assert(io.open(path, "wb"))
    file:write(big)
    file:close()
    for name in pairs(presets) do
      local s = server(name, { users = { u = { password = "pw",
        mail = pop3.store.files({ path }, { "b" }) } } })
      local got = assert(client(s):retr(1))
      assert.is_true(#got >= #big)
      assert.same({}, s.errors)
    end
    os.remove(path)
  end)
end)
