-- pop3.util.url, and pop3.client.url on top of it.

local parse = require "pop3.client.url"
local url = require "pop3.util.url"

describe("a URL", function()
  it("is taken apart", function()
    assert.same({ scheme = "http", host = "proxy.example", port = 8080,
                  user = "me", password = "se" },
                url.parse "HTTP://me:se@proxy.example:8080/path?query")
    assert.same({ scheme = "socks5", host = "h" }, url.parse "socks5://h")
    assert.same({ scheme = "socks5", host = "h" }, url.parse "socks5://h:/")
  end)

  it("splits user and password at the first colon", function()
    local parsed = url.parse "http://a:b:c@h"
    assert.are.equal("a", parsed.user)
    assert.are.equal("b:c", parsed.password)
    parsed = url.parse "http://a::@h"
    assert.are.equal("a", parsed.user)
    assert.are.equal(":", parsed.password)
    parsed = url.parse "http://:b@h"
    assert.are.equal("", parsed.user)
    assert.are.equal("b", parsed.password)
    parsed = url.parse "http://a:@h"
    assert.are.equal("", parsed.password)
    assert.is_nil(url.parse("http://a@h").password)
  end)

  it("whose user or password has a / that is not encoded has no other host",
     function()
    for _, text in ipairs { "http://a/b@h", "http://a:b/c@h", "http://a?b:c@h",
                            "http://a#b@h", "http://a@b:1/c@h" } do
      local parsed, message = url.parse(text)
      assert.is_nil(parsed)
      assert.truthy(message:find("%2F", 1, true))
    end
    local parsed = url.parse "http://a%2Fb:c%40%3F@h/path"
    assert.are.equal("a/b", url.decode(parsed.user))
    assert.are.equal("c@?", parsed.password)
    assert.are.equal("h", parsed.host)
  end)

  it("decodes a password after it was split", function()
    local parsed = url.parse "http://a%3Ab:c%3a%40%2f%25@h"
    assert.are.equal("a%3Ab", parsed.user)
    assert.are.equal("a:b", url.decode(parsed.user))
    assert.are.equal("c:@/%", parsed.password)
    assert.are.equal("100%", url.parse("http://a:100%@h").password)
  end)

  it("ends its user information at the last @", function()
    local parsed = url.parse "pop://me@example:p@ss@mail.example:1"
    assert.are.equal("me@example", parsed.user)
    assert.are.equal("p@ss", parsed.password)
    assert.are.equal("mail.example", parsed.host)
  end)

  it("has an IPv6 address in brackets", function()
    local parsed = url.parse "pop://u:p@[2001:db8::1]:995"
    assert.are.equal("2001:db8::1", parsed.host)
    assert.are.equal(995, parsed.port)
    assert.are.equal("::1", url.parse("pop://[::1]").host)
    assert.are.equal("fe80::1%eth0", url.parse("pop://[fe80::1%25eth0]").host)
  end)

  it("reports mistakes", function()
    for text, message in pairs {
      ["mail.example"] = "no scheme", ["//h"] = "no scheme",
      ["pop:h"] = "no scheme", ["pop://"] = "no host",
      ["pop://u:p@"] = "no host", ["pop://:110"] = "no host",
      ["pop:///path"] = "no host", ["pop://h:x"] = "not a number",
      ["pop://h:1:2"] = "not a number", ["pop://h:0"] = "1 to 65535",
      ["pop://h:65536"] = "1 to 65535", ["pop://[::1"] = "no host",
      ["pop://[1.2.3.4]"] = "IPv6", ["pop://[::1]x"] = "not a number",
      ["pop://[h]:1"] = "IPv6", ["pop://a%20b"] = "blank",
      ["pop://a%0d%0ab"] = "blank",
    } do
      local parsed, err = url.parse(text)
      assert.is_nil(parsed, text)
      if text ~= "pop://[::1" then
        assert.truthy(err:find(message, 1, true), text .. ": " .. err)
      end
    end
  end)
end)

describe("a POP URL", function()
  it("means STLS, or implicit TLS", function()
    assert.are.equal("stls", parse("pop://h").tls)
    assert.are.equal("implicit", parse("POPS://h").tls)
    assert.is_nil((parse "imap://h"))
  end)

  it("has a user, a password, and perhaps a mechanism", function()
    assert.same({ host = "h", port = 1, tls = "stls", user = "a;b",
                  password = "c:d" }, parse "pop://a%3bb:c:d@h:1")
    assert.same({ host = "h", tls = "stls", user = "a", mechs = { "APOP" } },
                parse "pop://a;AUTH=+apop@h")
    assert.same({ host = "h", tls = "stls", user = "a", password = "p",
                  mechs = { "CRAM-MD5" } },
                parse "pop://a;auth=CRAM-MD5:p@h")
    assert.is_nil(parse("pop://a;auth=*@h").mechs)
  end)
end)
