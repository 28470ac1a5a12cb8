-- pop3.util.json: octets in JSON.

local helper = require "spec.helper"
local json = require "pop3.util.json"

if not json.available() then return end

describe("octets in JSON", function()
  it("go there and back", function()
    for _, octets in ipairs { "", "text", "\u{e9}", "\255\0\1", ("\200"):rep(100) } do
      assert.are.equal(octets, json.decode(json.encode { octets })[1])
    end
  end)

  it("may have white space and padding in their base64", function()
    for text, octets in pairs { ["/w=="] = "\255", ["/ w =\t="] = "\255",
                                ["//8="] = "\255\255", [""] = "",
                                ["  "] = "", ["/w"] = "\255" } do
      assert.are.equal(octets, json.decode(('{"a":{"base64":"%s"}}')
                                           :format(text:gsub("\t", "\\t"))).a)
    end
  end)

  it("that are not base64 are an error", function()
    for _, text in ipairs { "!", "/w=a", "===", "/w= =a", "a=b=", "\\u00e9" } do
      local value, message = json.decode(('{"base64":"%s"}'):format(text))
      assert.is_nil(value, text)
      assert.are.equal("a string is not base64", message)
    end
  end)

  it("of any kind cost linear time", function()
    -- a quadratic pattern would take days
    for _, octet in ipairs { " ", "=", "A", "\\n", "= " } do
      local run = octet:rep(helper.all and 2000000 or 100000)
      for _, last in ipairs { "", "!", "=", "A" } do
        json.decode('{"base64":"' .. run .. last .. '"}')
      end
    end
  end)
end)
