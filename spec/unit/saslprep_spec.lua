-- SASLprep (RFC 4013) of user names and passwords. With libidn all of it is done;
-- without it, the steps that need tables of Unicode are left out. This spec
-- holds for both builds (spec/unit/bare_spec.lua runs it for the second one).

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"

local sasl = core.sasl
local whole = sasl.features.saslprep == "libidn"

-- A login to a server that knows one user.
local function login(mech, name, typed, kept, user)
  local s = assert(pop3.server.new {
    mechs = type(mech) == "table" and mech or { mech },
    users = { [user or name] = { password = kept, mail = { "A: b\r\n" } } } })
  local c <close> = assert(pop3.connect { transport = s:loopback(), tls = "none" })
  local ok, message, code = c:login(name, typed,
                                    { mechs = type(mech) == "table" and mech or { mech } })
  if ok then assert.equal(1, (c:stat())) end
  return ok, message, code
end

local KINDS = { "SCRAM-SHA-1", "SCRAM-SHA-256", "PLAIN", "LOGIN" }

-- The reason for which a text is refused.
local function refused(made, why, code, more)
  assert.is_nil(made)
  assert.equal("auth", code)
  assert.is_nil(more)
  return why
end

local function each(f)
  for _, mech in ipairs(KINDS) do f(mech, sasl.mechanisms[mech].salted) end
end

describe("core.sasl.prepare", function()
  it("does the examples of RFC 4013", function()
    assert.equal("IX", sasl.prepare "I\u{AD}X")
    assert.equal("user", sasl.prepare "user")
    assert.equal("USER", sasl.prepare "USER")
    assert.equal(whole and "a" or "\u{AA}", sasl.prepare "\u{AA}")
    assert.equal(whole and "IX" or "\u{2168}", sasl.prepare "\u{2168}")
    refused(sasl.prepare "\7")
    if whole then refused(sasl.prepare "\u{627}1")
    else assert.equal("\u{627}1", sasl.prepare "\u{627}1") end
  end)

  it("names the refused character, not the text itself", function()
    local function why(text, as)
      local message = refused(sasl.prepare(text, as))
      assert.is_nil(message:find("zebra", 1, true))
      return message
    end
    assert.equal("a character that SASLprep (RFC 4013) prohibits", why "zebra\7")
    assert.equal("octets that are not UTF-8", why "zebra\xff")
    assert.equal("too many octets", why("zebra" .. ("\u{e9}"):rep(5000)))
    if whole then
      assert.equal("right-to-left text mixed with other text", why "zebra\u{627}")
      assert.equal("a code point that Unicode 3.2 does not assign",
                   why("zebra\u{221}", "stored"))
    end
  end)

  it("takes unassigned code points in queries only", function()
    for _, text in ipairs { "\u{221}", "\u{1F600}", "pass\u{20BF}" } do
      assert.equal(text, sasl.prepare(text))
      assert.equal(text, sasl.prepare(text, "query"))
      local stored = sasl.prepare(text, "stored")
      assert.equal(not whole and text or nil, stored)
    end
    assert.has_error(function() sasl.prepare("a", "other") end)
    assert.has_error(function() sasl.prepare() end)
  end)

  it("refuses a NUL, wherever it is", function()
    for _, text in ipairs { "\0", "a\0", "a\0b", "\u{e9}\0b", "\u{627}\0" } do
      refused(sasl.prepare(text))
    end
  end)

  it("refuses every prohibited character, before and after others", function()
    for _, code in ipairs { 0x1, 0x1F, 0x7F, 0x80, 0x9F, 0x6DD, 0x70F, 0x180E,
                            0x200E, 0x202A, 0x2028, 0x206A, 0x2FF0, 0xE000, 0xF8FF,
                            0xFDD0, 0xFFF9, 0xFFFD, 0xFFFE, 0x1D173, 0x1FFFE,
                            0xE0001, 0xE0041, 0xF0000, 0x10FFFF } do
      local c = utf8.char(code)
      for _, text in ipairs { c, "a" .. c, c .. "a", "\u{e9}" .. c } do
        for _, as in ipairs { "query", "stored" } do
          assert.is_nil(sasl.prepare(text, as), ("U+%04X"):format(code))
        end
      end
    end
  end)

  it("is idempotent", function()
    for _, text in ipairs { "IX", "e\u{301}", "\u{FDFA}", "\u{FB01}",
                            "a\u{3000}b\u{200B}", "\u{1100}\u{1161}" } do
      local once = sasl.prepare(text)
      assert.equal(once, sasl.prepare(once))
    end
  end)
end)

describe("a password", function()
  it("is the same however it is typed", function()
    local same = { { "I\u{2060}X", "IX" }, { "IX", "I\u{AD}X" },
                   { "a\u{A0}b", "a b" } }
    local alike = { { "\u{AA}", "a" }, { "a", "\u{AA}" }, { "\u{2168}", "IX" },
                    { "e\u{301}", "\u{e9}" }, { "\u{FB01}", "fi" } }
    each(function(mech)
      for _, pair in ipairs(same) do
        assert.equal(true, (login(mech, "ann", pair[1], pair[2])), mech)
      end
      for _, pair in ipairs(alike) do
        assert.equal(whole or nil, (login(mech, "ann", pair[1], pair[2])), mech)
      end
      assert.is_nil((login(mech, "ann", "ix", "IX")))
    end)
  end)

  it("that is prohibited is a clear error with SCRAM", function()
    local bad = { ["\7"] = "SASLprep (RFC 4013) prohibits",
                  ["a\u{202E}b"] = "SASLprep (RFC 4013) prohibits",
                  ["\u{AD}"] = "drops", ["caf\xe9"] = "not UTF-8" }
    if whole then
      bad["\u{627}1"] = "right-to-left"
      bad["a\u{5D0}"] = "right-to-left"
      bad["\u{221}"] = "does not assign"
    end
    each(function(mech, salted)
      for password, why in pairs(bad) do
        local ok, message, code = login(mech, "ann", password, password)
        if salted then
          assert.is_nil(ok)
          assert.equal("auth", code)
          assert.is_truthy(message:find("the password has ", 1, true), message)
          assert.is_truthy(message:find(why, 1, true), message)
        else
          assert.equal(true, ok, mech)  -- the octets are compared
        end
      end
      for _, password in ipairs { "\u{627}1\u{628}", "\u{5D0}\u{5D1}", "p\u{e4}ss" } do
        assert.equal(true, (login(mech, "ann", password, password)), mech)
      end
    end)
  end)

  it("that SCRAM cannot carry goes by the next mechanism", function()
    local list = { "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN" }
    for _, password in ipairs { "\7x", "caf\xe9", "\u{202E}" } do
      local ok, mech = login(list, "ann", password, password)
      assert.equal(true, ok)
      assert.equal("PLAIN", mech)
    end
    local _, message = login({ "SCRAM-SHA-256", "SCRAM-SHA-1" }, "ann", "\7x", "\7x")
    assert.is_truthy(message:find(": SCRAM-SHA-256: the password", 1, true), message)
    assert.is_truthy(message:find("prohibits", 1, true), message)
  end)

  it("that SCRAM cannot carry is not sent in clear without TLS", function()
    local s = assert(pop3.server.new { mechs = { "SCRAM-SHA-256", "PLAIN" },
      users = { ann = { password = "\7" } } })
    local pipe = s:loopback()
    local open = { send = function(_, ...) return pipe:send(...) end,
                   receive = function(_, ...) return pipe:receive(...) end,
                   close = function() return pipe:close() end }
    local c <close> = assert(pop3.connect { transport = open, tls = "none" })
    local message = helper.fails("auth", c:login("ann", "\7"))
    assert.is_truthy(message:find("SASLprep", 1, true), message)
    assert.equal(0, s:count "AUTH")
    assert.equal(0, s:count "PASS")
  end)
end)

describe("pop3.check", function()
  it("skips SCRAM for a password that SCRAM cannot carry", function()
    local s = assert(pop3.server.new { mechs = { "SCRAM-SHA-256", "PLAIN" },
      users = { mrose = { password = "\u{202E}", mail = { "A: b\r\n" } } } })
    local result = assert(pop3.check {
      transport = function() return s:loopback() end, tls = "none", user = "mrose",
      password = "\u{202E}", only = { "SCRAM-SHA-256-login", "PLAIN-login" } })
    local found = {}
    for _, one in ipairs(result.checks) do found[one.name] = one end
    assert.equal("skip", found["SCRAM-SHA-256-login"].result)
    assert.truthy(found["SCRAM-SHA-256-login"].reason:find("prohibits", 1, true))
    assert.equal("pass", found["PLAIN-login"].result)
  end)
end)

describe("a user name", function()
  it("is found however it is typed", function()
    each(function(mech)
      assert.equal(true, (login(mech, "I\u{AD}X", "secret", "secret", "IX")))
      assert.equal(true, (login(mech, "IX", "secret", "secret", "I\u{AD}X")))
      assert.equal(whole or nil, (login(mech, "\u{AA}", "secret", "secret", "a")))
      assert.equal(whole or nil, (login(mech, "a", "secret", "secret", "\u{AA}")))
      assert.equal(true, (login(mech, "\u{221}", "secret", "secret", "\u{221}")))
      assert.is_nil((login(mech, "ix", "secret", "secret", "I\u{AD}X")))
      assert.is_nil((login(mech, "ann", "secret", "secret", "I\u{AD}X")))
    end)
  end)

  it("that is prohibited is a clear error with SCRAM", function()
    local ok, message, code = login("SCRAM-SHA-256", "a\7", "secret", "secret")
    assert.is_nil(ok)
    assert.equal("auth", code)
    assert.is_truthy(message:find("the user name has a character", 1, true), message)
  end)
end)

describe("core.sasl.verifier", function()
  it("is that of the prepared password", function()
    local function key(password)
      return (sasl.verifier("sha256", password, "salt", 2))
    end
    assert.equal(key "IX", key "I\u{AD}X")
    assert.equal(whole, key "IX" == key "\u{2168}")
    refused(sasl.verifier("sha256", "\7", "salt", 2))
  end)
end)
