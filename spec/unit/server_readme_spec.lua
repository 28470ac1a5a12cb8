-- The README of the server: its programs run, and its tables are those of the code.

local faults = require "spec.support.faults"
local pages = require "spec.support.pages"
local pop3 = require "pop3"

local PATH = "lua/pop3/server/README.md"

local function read()
  local f <close> = assert(io.open(PATH))
  return f:read "a"
end

-- The words in code style in the first column of the table with this head.
local function first_column(head)
  local text = read()
  local table_text = text:match("\n| " .. head .. " |[^\n]*\n|[-|]+\n(.-)\n\n")
  assert(table_text, head)
  local words = {}
  for line in (table_text .. "\n"):gmatch "([^\n]*)\n" do
    for word in line:match "^|([^|]*)|":gmatch "`([%w_.]+)" do
      words[#words + 1] = word
    end
  end
  table.sort(words)
  return words
end

local function sorted(t)
  local names = {}
  for name in pairs(t) do names[#names + 1] = name end
  table.sort(names)
  return names
end

describe("the README of the server", function()
  if not os.getenv "LPOP3_SANITIZED" then  -- programs of their own
    for _, block in ipairs(pages.blocks(PATH)) do
      it("has a program in line " .. block.line, function()
        assert.is_true(pages.runs(block))
        local text, content = pages.run(block)
        assert.is_true(content, text)
      end)
    end
  end

  it("has the tables of faults as the rows say", function()
    local text = read()
    for _, list in ipairs { faults.table_of_places(),
                            faults.table_of_effects() } do
      assert.truthy(text:find("\n" .. table.concat(list, "\n") .. "\n", 1, true),
                    "the table must be:\n" .. table.concat(list, "\n"))
    end
  end)

  it("agrees with the reference of faults", function()
    local f <close> = assert(io.open "lua/pop3/server/fault/fields.ldoc")
    assert.equal(faults.reference(), f:read "a")
  end)

  it("has every handler and every hook", function()
    local default = pop3.server.new {}.default
    local handlers, hooks = {}, { ["on.reset"] = true, ["on.unknown"] = true }
    for name in pairs(default) do
      if name:find "^%u" then handlers[name] = true
      else hooks["on." .. name] = true end
    end
    assert.same(sorted(handlers), first_column "handler")
    assert.same(sorted(hooks), first_column "hook")
  end)

  it("has every preset", function()
    local names = {}
    for name in read():match "\nThe names are (.-)%.\n":gmatch "`(%w+)`" do
      names[#names + 1] = name
    end
    assert.same(pop3.server.presets(), names)
  end)

  it("has every request", function()
    assert.same(sorted(require "pop3.server.requests".rows),
                first_column "request")
  end)

  it("has links that lead somewhere", function()
    for _, target in ipairs(pages.links(PATH)) do
      local path = target:match "^[^#]*"
      assert.truthy(io.open("lua/pop3/server/" .. path), target)
    end
  end)
end)
