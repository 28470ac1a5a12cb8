-- Servers in the field: every preset works, and shows its quirks.

local pop3 = require "pop3"
local talk = require "spec.support.talk"

local presets = pop3.server.presets

local MAIL = {
  "Message-ID: <1@a.example>\r\nSubject: 1\r\n\r\none\r\n.two\r\nthree\r\n",
  "Message-ID: <2@a.example>\r\nSubject: 2\r\n\r\nfour\r\n",
}

local function server(preset, opts)
  opts = opts or {}
  opts.preset = preset
  opts.users = opts.users or { u = { password = "pw", mail = MAIL,
                                     token = "tk" } }
  return pop3.server.new(opts)
end

local function client(s, user)
  return assert(pop3.connect { transport = s:loopback(), user = user or "u",
                               password = "pw", insecure = true })
end

local function inside(s, user)
  local t = talk.to(s)
  assert.match("^%+OK", t:login(user))
  return t
end

-- What a list of messages says of each: "1 57", ...
local function listing(t, line)
  local _, lines = t:list(line)
  return lines
end

describe("the presets", function()
  it("are named", function()
    local names = {}
    for name, preset in pairs(presets) do
      names[#names + 1] = name
      assert.equal(preset, presets[name])
    end
    assert.same(presets(), names)
    assert.is_true(#names >= 5)
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
        assert.truthy(assert(c:top(1, 0)):find("Subject: 1", 1, true))
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
        t = inside(s)
        for _, verb in ipairs { "RETR 9", "DELE 9", "LIST 9", "UIDL 9",
                                "TOP 9 0" } do
          assert.match("^%-ERR", t:ask(verb))
        end
        t:ask "DELE 1"
        assert.match("^%-ERR", t:ask "RETR 1")
        assert.same({}, s.errors)
      end)

      it("does not change what presets are for others", function()
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
