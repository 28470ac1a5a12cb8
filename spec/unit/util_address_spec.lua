-- pop3.util.address: addresses and ports.

local address = require "pop3.util.address"

describe("is_loopback", function()
  it("holds for every form of a loopback address", function()
    for _, host in ipairs { "127.0.0.1", "127.255.255.254", "127.1.2.3", "::1",
                            "[::1]", "0:0:0:0:0:0:0:1", "0000::0001",
                            "::ffff:127.0.0.1", "::FFFF:127.9.9.9",
                            "[::ffff:127.0.0.1]", "::ffff:7f00:1",
                            "0:0:0:0:0:ffff:7f01:203", "::1%lo" } do
      assert.is_true(address.is_loopback(host), host)
    end
  end)

  it("does not hold for another address, nor for a name", function()
    for _, host in ipairs { "10.0.0.1", "128.0.0.1", "1.127.0.0", "::2", "::",
                            "::ffff:10.127.0.1", "::ffff:128.0.0.1",
                            "fe80::1", "2001:db8::127.0.0.1", "::127.0.0.1",
                            "64:ff9b::127.0.0.1", "localhost", "127.example",
                            "127.0.0.1.example", "127.0.0.256", "127.0.1",
                            "::ffff:127.0.0.1:1", "", ":", ":::1" } do
      assert.is_false(address.is_loopback(host), host)
    end
    assert.is_false(address.is_loopback(nil))
  end)
end)

describe("octets", function()
  local function hex(host)
    local octets = address.octets(host)
    return octets and octets:gsub(".", function(c)
      return ("%02x"):format(c:byte())
    end) or nil
  end

  it("are those of the address", function()
    assert.are.equal("c0000201", hex "192.0.2.1")
    assert.are.equal("20010db8000000000000000000000001", hex "2001:db8::1")
    assert.are.equal("20010db8000000000000000000000001", hex "[2001:DB8::1]")
    assert.are.equal(("0"):rep(32), hex "::")
    assert.are.equal("0001" .. ("0"):rep(28), hex "1::")
    assert.are.equal("00010002000300040005000600070008",
                     hex "1:2:3:4:5:6:7:8")
    assert.are.equal("00010002000300040005000600070000", hex "1:2:3:4:5:6:7::")
    assert.are.equal("0001000200030004000500060a000001",
                     hex "1:2:3:4:5:6:10.0.0.1")
  end)

  it("are nil for a text that is not an address", function()
    for _, host in ipairs { "mail.example", "1.2.3", "1.2.3.4.5", "1.2.3.256",
                            "1.2.3.4444", "1:2", "1:2:3:4:5:6:7:8:9",
                            "1::2::3", "::12345", "::g", "1:2:3:4:5:6:7:",
                            ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8::",
                            "1.2.3.4::", "[1.2", "" } do
      assert.is_nil(address.octets(host), host)
    end
  end)
end)

describe("ports", function()
  it("have a default for each value of tls", function()
    assert.are.equal(995, address.default_port "implicit")
    assert.are.equal(110, address.default_port "stls")
    assert.are.equal(110, address.default_port "stls?")
    assert.are.equal(110, address.default_port "none")
    assert.are.equal("implicit", address.default_tls(995))
    assert.are.equal("none", address.default_tls(110))
    assert.are.equal("none", address.default_tls(nil))
  end)

  it("are integers from 1 to 65535", function()
    assert.is_true(address.is_port(1))
    assert.is_true(address.is_port(65535))
    for _, n in ipairs { 0, -1, 65536, 1.5, "110" } do
      assert.is_false(address.is_port(n))
    end
    assert.is_false(address.is_port(nil))
  end)
end)

describe("host and port", function()
  it("become text", function()
    assert.are.equal("mail.example:110", address.text("mail.example", 110))
    assert.are.equal("[::1]:995", address.text("::1", 995))
    assert.are.equal("[::1]:995", address.text("[::1]", 995))
  end)

  it("are found in a text", function()
    assert.same({ "mail.example" }, { address.split "mail.example" })
    assert.same({ "mail.example", 995 }, { address.split "mail.example:995" })
    assert.same({ "::1", 1 }, { address.split "[::1]:1" })
    assert.same({ "::1" }, { address.split "[::1]" })
    for _, text in ipairs { "", ":110", "a:b", "a:0", "a:65536", "::1", "a b",
                            "u@h", "[::1", "a:99999999999999999999" } do
      assert.is_nil((address.split(text)), text)
    end
  end)
end)
