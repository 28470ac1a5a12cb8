-- The resolver of pop3 fetch.

local new_resolver = require "pop3.account.resolver"
local pop3 = require "pop3"

describe("the resolver of pop3 fetch", function()
  it("asks once for a name, whoever needs it", function()
    local loop <close> = assert(pop3.loop.own())
    local asked, got = {}, {}
    local resolve = new_resolver(loop, function(host)
      asked[#asked + 1] = host
      loop:sleep(0.001)
      if host == "none.example" then return nil, "host not found" end
      return { { family = "inet", addr = "192.0.2." .. #asked } }
    end)
    for i = 1, 10 do
      loop:spawn(function()
        got[i] = assert(resolve "mail.example")[1].addr
        assert.same({ nil, "host not found" }, { resolve "none.example" })
      end)
    end
    loop:run()
    for i = 1, 10 do assert.equal("192.0.2.1", got[i]) end
    assert.same({ "mail.example", "none.example" }, asked)
    -- an answer is kept; a name without an answer is asked for again
    loop:spawn(function()
      assert(resolve "mail.example")
      resolve "none.example"
    end)
    loop:run()
    assert.same({ "mail.example", "none.example", "none.example" }, asked)
  end)

  it("sends no query for addresses", function()
    local loop <close> = assert(pop3.loop.own())
    local resolve = new_resolver(loop, error)
    assert.same({ { family = "inet", addr = "192.0.2.1" } }, resolve "192.0.2.1")
    assert.same({ { family = "inet6", addr = "::1" } }, resolve "[::1]")
  end)

  it("asks the system", function()
    local loop <close> = assert(pop3.loop.own())
    local resolve = new_resolver(loop)
    local list, none, message
    loop:spawn(function() list = resolve "localhost" end)
    loop:spawn(function() none, message = resolve "--help'; x.invalid" end)
    loop:run()
    assert.is_truthy(list[1].addr == "127.0.0.1" or list[1].addr == "::1")
    assert.is_nil(none)
    assert.is_string(message)
  end)

  it("lets a cancelled task go", function()
    local loop <close> = assert(pop3.loop.own())
    local resolve = new_resolver(loop, function()
      loop:sleep(0.005)
      return { { family = "inet", addr = "192.0.2.1" } }
    end)
    local first, second, message
    loop:spawn(function() first = resolve "h" end)
    local task = loop:spawn(function() second, message = resolve "h" end)
    loop:spawn(function() task:cancel() end)
    loop:run()
    assert.equal("192.0.2.1", first[1].addr)
    assert.same({ nil, "interrupted" }, { second, message })
  end)
end)
