-- The table "How clients behave" of the README, cell by cell.

local behaviour = require "spec.interop.behaviour"
local peers = require "spec.interop.peers"
local proc = require "spec.interop.proc"

-- The rows of the table: name → cells by client.
local function rows()
  local text = proc.read "README.md"
  local table_text = text:match "## How clients behave\n.-\n(|.-)\n\n"
  local list, names = {}, nil
  for line in table_text:gmatch "[^\n]+" do
    local cells = {}
    for cell in line:gmatch "|%s*([^|]-)%s*%f[|]" do cells[#cells + 1] = cell end
    if not names then names = cells
    elseif not line:find "^|%-" then
      list[cells[1]] = {}
      for i = 2, #cells do list[cells[1]][names[i]] = cells[i] end
    end
  end
  return list
end

for _, name in ipairs(behaviour.order) do
  describe("as the README has it, " .. name, function()
    local program = behaviour.programs[name]
    if program and not proc.have(program) then
      return peers.skip("no " .. program)
    end
    local said = rows()

    for _, scene in ipairs(behaviour.scenes) do
      it("in a scene: " .. scene[1], function()
        local seen, secret = behaviour.run(name, scene)
        assert.equal((said[scene[1]] or {})[name], seen)
        if name == "lpop3" and scene.quiet then assert.is_false(secret) end
      end)
    end
  end)
end
