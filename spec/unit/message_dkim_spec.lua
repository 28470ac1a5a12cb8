-- DKIM. The messages of spec/messages/dkim were signed by another program.

local message = require "pop3.message"

local RSA = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAkwz1zjjMn8v0RSaXCcIUCNwi3OWA"
  .. "lgLrJK0qD0JGMeOzM0ys8xi+hXO3n3DqBidvRCYkom8a12J+GdL3HkimD1eQKIH/0UD47x6r"
  .. "e/TBKquv2EXiyaBgcymT55LMOo2vA4nEvAqyibkek6pjGqB7UqrSFfOm9Ru6Nbjr3t+VTOv2"
  .. "1583wliRaRQj9iYlVo9uIH7KSeLxo47DTSxZcM+iNhAhjk4zhi6tBuoU5sfC2GDbLZBVuv33"
  .. "Ih4tM8pNs1zlTb6HNxVkhgBDY7AMM7PMt5Sun5NoRw0SmuLWJSbn1MCqv9R1OWXn8igFK5Vi"
  .. "us0qoXpQh22TH4Vw8Km3Zz2gqQIDAQAB"
local PKCS1 = "MIIBCgKCAQEAkwz1zjjMn8v0RSaXCcIUCNwi3OWAlgLrJK0qD0JGMeOzM0ys8xi+hXO3n3Dq"
  .. "BidvRCYkom8a12J+GdL3HkimD1eQKIH/0UD47x6re/TBKquv2EXiyaBgcymT55LMOo2vA4nE"
  .. "vAqyibkek6pjGqB7UqrSFfOm9Ru6Nbjr3t+VTOv21583wliRaRQj9iYlVo9uIH7KSeLxo47D"
  .. "TSxZcM+iNhAhjk4zhi6tBuoU5sfC2GDbLZBVuv33Ih4tM8pNs1zlTb6HNxVkhgBDY7AMM7PM"
  .. "t5Sun5NoRw0SmuLWJSbn1MCqv9R1OWXn8igFK5Vius0qoXpQh22TH4Vw8Km3Zz2gqQIDAQAB"
local WEAK = "MHwwDQYJKoZIhvcNAQEBBQADawAwaAJhAO2V07We4/xCdlXRTZ8ypYpnReU9TSyLObVoJc9f"
  .. "eXJqM+UEyJZkuROZUD0Y7JllTWAoSK4E3+57pxS8THc20uecgPxs0aYAW1REy1a1eZmN4ylV"
  .. "zU51PDP0bm7s89z1XQIDAQAB"
local ED25519 = "Ev/4/udl/U7AzRWb91xuhS65YVH0C8DvoBkTH/A+6+4="

local function slurp(name)
  local f <close> = assert(io.open("spec/messages/dkim/" .. name .. ".eml", "rb"))
  return f:read "a"
end

local function keys(rsa, ed25519)
  return function(name)
    if name == "r._domainkey.mail.example" then return rsa or "k=rsa; p=" .. RSA end
    if name == "e._domainkey.mail.example" then
      return ed25519 or "v=DKIM1; k=ed25519; p=" .. ED25519
    end
    return nil
  end
end

local function results(octets, resolve, time)
  local out = {}
  for i, r in ipairs(message.parse(octets):dkim { resolve = resolve or keys(),
                                                  time = time }) do
    out[i] = r.result
  end
  return table.concat(out, " ")
end

local names = {}
for _, algorithm in ipairs { "rsa", "ed25519" } do
  for _, header in ipairs { "simple", "relaxed" } do
    for _, body in ipairs { "simple", "relaxed" } do
      names[#names + 1] = ("%s-%s-%s"):format(algorithm, header, body)
    end
  end
end

describe("a DKIM signature", function()
  for _, name in ipairs(names) do
    it("is right: " .. name, function()
      local octets = slurp(name)
      assert.equal("pass", results(octets))
      assert.equal("pass", results((octets:gsub("\r\n", "\n"))))
    end)

    it("is wrong if signed octets were changed: " .. name, function()
      local octets = slurp(name)
      for _, change in ipairs { { "Hello", "Hallo" }, { "Ann <", "Eve <" },
                                { "A  test", "A test!" }, { "\r\n line", "\r\nline" },
                                { "(mail.example>\r\nTo)", "x%1" } } do
        local changed, n = octets:gsub(change[1], change[2], 1)
        assert.equal(1, n)
        assert.equal("fail", results(changed), change[1])
      end
      assert.equal("pass", results("Received: x\r\n" .. octets))
    end)
  end

  it("by its canonicalization allows blanks to change", function()
    local function change(name)
      return (slurp(name):gsub("To:  bob", "to: bob"):gsub("Hello  \t", "Hello "))
    end
    assert.equal("pass", results(change "rsa-relaxed-relaxed"))
    assert.equal("fail", results(change "rsa-simple-simple"))
    for _, name in ipairs(names) do                   -- empty lines at the end
      assert.equal("pass", results(slurp(name) .. "\r\n\r\n"))
      assert.equal("pass", results(slurp(name):sub(1, -5)))
    end
  end)

  it("names its domain", function()
    local m = message.parse(slurp "ed25519-simple-simple")
    local r = m:dkim { resolve = keys() }[1]
    assert.same({ "mail.example", "e", "ed25519-sha256" },
                { r.domain, r.selector, r.algorithm })
  end)

  it("depends on its key", function()
    local octets = slurp "rsa-relaxed-relaxed"
    for record, want in pairs {
      ["p=" .. RSA] = "pass", ["v=DKIM1;p=" .. PKCS1] = "pass",
      ["k=rsa; h=sha1:sha256; s=*; t=y; p=" .. RSA] = "pass",
      ["p=" .. RSA:gsub("....", "%0 ")] = "pass",
      ["p="] = "permerror", ["junk"] = "permerror", ["k=rsa; p=AAAA"] = "permerror",
      ["v=DKIM2; p=" .. RSA] = "permerror", ["k=ed25519; p=" .. RSA] = "permerror",
      ["h=sha1; p=" .. RSA] = "permerror", ["s=tlsrpt; p=" .. RSA] = "permerror",
      ["p=" .. WEAK] = "permerror", ["k=rsa; k=rsa; p=" .. RSA] = "permerror",
    } do
      assert.equal(want, results(octets, keys(record)), record)
    end
    assert.equal("pass", results(octets, function()
      return { "k=rsa; p=" .. RSA:sub(1, 200), RSA:sub(201) }
    end))
    assert.equal("permerror", results(octets, function() return nil end))
    assert.equal("temperror", results(octets, function() return nil, "timeout" end))
    -- another key
    assert.equal("fail", results(slurp "ed25519-simple-simple", keys(nil,
      "k=ed25519; p=" .. ("A"):rep(43) .. "=")))
  end)

  it("has all its tags, and they allow it", function()
    local octets = slurp "rsa-relaxed-relaxed"
    for change, by in pairs {
      ["a=rsa%-sha256"] = "a=rsa-sha1", ["v=1"] = "v=2", ["d=mail.example"] = "",
      ["s=r"] = "", ["h=from"] = "h=x", ["c=relaxed/relaxed"] = "c=loose",
      ["; t="] = "; x=1; t=", ["v=1; a"] = "v=1; i=@other.example; a",
      ["v=1; "] = "v=1; l=9999; ", ["v=1;"] = "v=1; v=1;",
    } do
      local changed, n = octets:gsub(change, by, 1)
      assert.equal(1, n, change)
      assert.equal("permerror", results(changed), change)
    end
  end)

  it("reports that only a part of the body is signed, and that the domain tests DKIM", function()
    local octets = slurp "ed25519-part"
    local key = "k=ed25519; t=s:y; p=A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
    local function first(o, record)
      return message.parse(o):dkim { resolve = keys(nil, record) }[1]
    end
    local r = first(octets, key)
    assert.same({ "pass", 8, true }, { r.result, r.length, r.testing })
    r = first(octets:gsub("not signed\r\n", ""), key:gsub(":y", ""))
    assert.equal("pass", r.result)
    assert.is_nil(r.length)
    assert.is_nil(r.testing)
    assert.equal("fail", first(octets:gsub("From: A", "From: b@x\r\n%0"), key).result)
  end)

  it("has a valid domain, and results without control characters", function()
    local asked = 0
    for _, name in ipairs { "a\0b", "a\r\n b", "\xFF", "\xC3", "a b", "\27$B", "a/b" } do
      for tag, value in pairs { d = name, s = name, i = "@" .. name, a = name } do
        local tags = { v = "1", a = "rsa-sha256", d = "x", s = "s", h = "from", bh = "x",
                       b = "y" }
        tags[tag] = value
        local list = {}
        for k, v in pairs(tags) do list[#list + 1] = k .. "=" .. v end
        local m = message.parse("DKIM-Signature: " .. table.concat(list, "; ")
                                .. "\r\nFrom: a@x\r\n\r\n")
        for _, v in pairs(m:dkim { resolve = function() asked = asked + 1 end }[1]) do
          assert.truthy(utf8.len(v), v)
          assert.is_nil(v:find "%c", v)
        end
      end
    end
    assert.equal(0, asked)
  end)

  it("may be one of several, or missing", function()
    local octets = slurp "rsa-simple-simple"
    local other = slurp "ed25519-relaxed-relaxed":match "^(DKIM.-\r\n)%u"
    assert.equal("pass pass", results(other .. octets))
    assert.equal("", results "From: a@b\r\n\r\nx")
    assert.equal(20, select(2, results(other:rep(30) .. octets):gsub("%a+", "")))
  end)

  it("needs a resolver", function()
    assert.has_error(function() message.parse "A: b\r\n\r\n":dkim {} end)
  end)
end)
