-- The table "How clients behave" of the README, cell by cell.

local behaviour = require "spec.interop.behaviour"
local clients = require "spec.interop.behaviour_clients"
local peers = require "spec.interop.peers"
local proc = require "spec.interop.proc"

-- The table: row → client → cell, and its rows and clients in their order.
local function read_table()
  local text = proc.read "README.md"
  local table_text = text:match "## How clients behave\n.-\n(|.-)\n\n"
  local said, rows, names = {}, {}, nil
  for line in table_text:gmatch "[^\n]+" do
    local cells = {}
    for cell in line:gmatch "|%s*([^|]-)%s*%f[|]" do cells[#cells + 1] = cell end
    local row = table.remove(cells, 1)
    if not names then names = cells
    elseif not line:find "^|%-" then
      said[row], rows[#rows + 1] = {}, row
      for i, cell in ipairs(cells) do said[row][names[i]] = cell end
    end
  end
  return said, rows, names
end

-- Is a client there?
local function missing(client)
  if client.program and not proc.have(client.program) then
    return "no " .. client.program
  elseif client.modules and not proc.run(client.modules) then
    return "no " .. client.name
  end
end

describe("the table of the README", function()
  it("has a row for each scene and a column for each client", function()
    local _, rows, names = read_table()
    local scenes, programs = {}, {}
    for i, scene in ipairs(behaviour.scenes) do scenes[i] = scene[1] end
    for i, client in ipairs(clients.list) do programs[i] = client.name end
    assert.same(scenes, rows)
    assert.same(programs, names)
  end)
end)

for _, client in ipairs(clients.list) do
  local name = client.name
  describe("as the README has it, " .. name, function()
    local why = missing(client)
    if why then return peers.skip(why) end
    local said = read_table()

    for _, scene in ipairs(behaviour.scenes) do
      it("in a scene: " .. scene[1], function()
        local seen, secret = behaviour.run(name, scene)
        assert.equal((said[scene[1]] or {})[name], seen)
        if name == "lpop3" and scene.quiet then assert.is_false(secret) end
      end)
    end
  end)
end
