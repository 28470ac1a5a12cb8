-- The table "Programs that fetch again and again" of spec/interop/README.md, row by
-- row.

local fetchers = require "spec.interop.fetchers"
local helper = require "spec.helper"
local peers = require "spec.interop.peers"
local proc = require "spec.interop.proc"
local read_table = require "spec.interop.tables"

local TABLE, HEADING = "spec/interop/README.md",
                       "## Programs that fetch again and again"

describe("the table of fetchers", function()
  local said, rows, names = read_table(TABLE, HEADING)

  it("has a row for each situation and a column for each program", function()
    local situations = {}
    for i, situation in ipairs(fetchers.situations) do
      situations[i] = situation[1]
    end
    assert.same(situations, rows)
    assert.same(fetchers.names, names)
  end)

  -- A sample is ours in each situation, and one other program in some.
  local others = table.move(fetchers.names, 2, #fetchers.names, 1, {})
  for _, situation in ipairs(fetchers.situations) do
    local list = helper.all and others
                 or helper.one_in(3) and helper.some(others, 1) or {}
    for _, name in ipairs { "lpop3", table.unpack(list) } do
      it(("is right: %s: %s"):format(situation[1], name), function()
        if name ~= "lpop3" and not proc.have(name) then
          return peers.skip("no " .. name)
        end
        local cell = fetchers.cell(situation, name)
        local want = said[situation[1]][name]
        -- "0 or 1": it depends on when the program notices
        assert.truthy((" or " .. want .. " or "):find(" or " .. cell .. " or ", 1,
                                                      true),
                      ("%s, not %s"):format(cell, want))
      end)
    end
  end
end)
