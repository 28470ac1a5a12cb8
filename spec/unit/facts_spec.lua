-- The facts in core.verbs and core.sasl.mechanisms, and that no other file repeats them.

local core = require "pop3.core"

local function names(keep)
  local list = {}
  for name, row in pairs(core.verbs) do
    assert.equal(name, row.name)
    if keep(row) then list[#list + 1] = name end
  end
  table.sort(list)
  return table.concat(list, " ")
end

describe("core.verbs", function()
  it("agrees with RFC 1939, 2449, 2595, 5034 and 6856", function()
    assert.equal("APOP AUTH CAPA DELE LANG LIST NOOP PASS QUIT RETR RSET STAT "
                 .. "STLS TOP UIDL USER UTF8", names(function() return true end))
    assert.equal("CAPA RETR TOP",
                 names(function(row) return row.body == "always" end))
    assert.equal("AUTH LANG LIST UIDL",
                 names(function(row) return row.body == "bare" end))
    assert.equal("LIST UIDL", names(function(row) return row.listing end))
    assert.equal("RETR TOP", names(function(row) return row.mail end))
    assert.equal("APOP AUTH PASS USER", names(function(row) return row.login end))
    assert.equal("APOP AUTH PASS", names(function(row) return row.secret end))
    assert.equal("AUTH STLS", names(function(row) return row.turn end))
    assert.equal("CAPA LANG QUIT", names(function(row)
      return row.authorization and row.transaction
    end))
    assert.equal("APOP AUTH PASS STLS USER UTF8", names(function(row)
      return row.authorization and not row.transaction
    end))
    assert.equal("DELE LIST NOOP RETR RSET STAT TOP UIDL", names(function(row)
      return row.transaction and not row.authorization
    end))
    assert.equal("DELE LIST RETR TOP UIDL", names(function(row)
      return row.arguments:find "^message" ~= nil
    end))
    assert.equal("AUTH LANG PASS STLS TOP UIDL USER UTF8",
                 names(function(row) return row.capability end))
  end)
end)

describe("core.sasl.mechanisms", function()
  it("has each row in the list part and by its name", function()
    local seen = {}
    for i, row in ipairs(core.sasl.mechanisms) do
      assert.equal(row, core.sasl.mechanisms[row.name])
      seen[row.name] = i
    end
    for key in pairs(core.sasl.mechanisms) do
      if type(key) == "string" then assert.is_truthy(seen[key]) end
    end
    -- bound before unbound, a longer hash first, cleartext after the others
    local order = { "EXTERNAL", "OAUTHBEARER", "XOAUTH2", "SCRAM-SHA-512-PLUS",
                    "SCRAM-SHA-512", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256",
                    "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN",
                    "LOGIN", "ANONYMOUS", "GSSAPI" }
    for i, name in ipairs(order) do assert.equal(i, seen[name], name) end
  end)

  it("relates a mechanism and its -PLUS", function()
    for _, row in ipairs(core.sasl.mechanisms) do
      assert.equal(row.name:find "%-PLUS$" ~= nil, row.binding)
      if row.binding then
        assert.equal(row.name, core.sasl.mechanisms[row.base].plus)
      elseif row.plus then
        assert.equal(row.name, core.sasl.mechanisms[row.plus].base)
      end
    end
  end)

  it("has a hash that makes verifiers for each salted row", function()
    local size = { sha1 = 20, sha256 = 32, sha512 = 64 }
    for _, row in ipairs(core.sasl.mechanisms) do
      if row.salted then
        local stored, key = core.sasl.verifier(row.hash, "secret", "salt", 1)
        assert.equal(size[row.hash], #stored)
        assert.equal(size[row.hash], #key)
      end
    end
  end)
end)
