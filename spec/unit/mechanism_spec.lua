-- A mechanism is one row of the table (and a file, if it is of a new kind).

local core = require "pop3.core"
local pages = require "spec.support.pages"

describe("a mechanism that is added to the table", function()
  it("is used by client, server and checker without another edit", function()
    local make = assert(io.popen "make -s extra")
    local folder = make:read "l"
    assert.is_true(make:close())
    local run = assert(io.popen(("LUA_CPATH='%s/?.so;;' lua5.4 "
                                 .. "spec/support/mirror.lua 2>&1"):format(folder)))
    assert.equal("ok\n", run:read "a")
    run:close()
  end)

  it("is not in the library", function()
    assert.is_nil(core.sasl.mechanisms["X-MIRROR"])
  end)
end)

describe("csrc/README.md", function()
  it("begins with a program that runs", function()
    local block = pages.blocks "csrc/README.md"[1]
    assert.equal("lua", block.language)
    local text, ok = pages.run(block)
    assert.is_true(ok, text)
    assert.equal("TOP\r\nUIDL\r\n\n", text)
  end)

  it("links to existing files", function()
    for _, target in ipairs(pages.links "csrc/README.md") do
      local file = io.open("csrc/" .. target)
      assert.is_truthy(file, target)
      file:close()
    end
  end)

  it("names every mechanism", function()
    local file <close> = assert(io.open "csrc/README.md")
    local text = file:read "a"
    for _, row in ipairs(core.sasl.mechanisms) do
      assert.is_truthy(text:find("%f[%w]" .. row.name:gsub("%-", "%%-") .. "%f[^%w-]"),
                       row.name)
    end
  end)
end)
