-- The table of spec/interop/README.md, row by row.

local behaviour = require "spec.interop.behaviour"
local clients = require "spec.interop.behaviour_clients"
local helper = require "spec.helper"
local peers = require "spec.interop.peers"
local proc = require "spec.interop.proc"
local read_table = require "spec.interop.tables"

local TABLE = "spec/interop/README.md"

-- Why a client cannot run, or nil.
local function missing(client)
  if client.program and not proc.have(client.program) then
    return "no " .. client.program
  elseif client.modules and not proc.run(client.modules) then
    return "no " .. client.name
  end
end

describe("the table of spec/interop/README.md", function()
  it("has a row for each scene and a column for each client", function()
    local _, rows, names = read_table(TABLE)
    local scenes, programs = {}, {}
    for i, scene in ipairs(behaviour.scenes) do scenes[i] = scene[1] end
    for i, client in ipairs(clients.list) do programs[i] = client.name end
    assert.same(scenes, rows)
    assert.same(programs, names)
  end)

  it("has the rows that README.md repeats", function()
    local said = read_table(TABLE)
    local repeated, rows, names = read_table "README.md"
    assert.is_true(#rows > 0)
    for _, row in ipairs(rows) do
      for _, name in ipairs(names) do
        assert.equal((said[row] or {})[name], repeated[row][name], row)
      end
    end
  end)
end)

-- The names of the clients that are installed; the others are reported as skipped.
local function installed()
  local there = {}
  for _, client in ipairs(clients.list) do
    local why = missing(client)
    if why then it(client.name, function() peers.skip(why) end)
    else there[#there + 1] = client.name end
  end
  return there
end

describe("as the table has it", function()
  local said = read_table(TABLE)
  local there = installed()
  local scenes, silent = {}, {}
  for _, scene in ipairs(behaviour.scenes) do
    local list = scene.silent and silent or scenes
    list[#list + 1] = scene
  end

  local function check(scene, run)
    local want = {}
    for _, name in ipairs(run.names) do
      want[name] = (said[scene[1]] or {})[name]
    end
    local seen, sent = behaviour.finish(run)
    assert.same(want, seen)
    if scene.quiet then assert.is_false(sent.lpop3) end
  end

  -- A sample is ours and one other client in a third of the scenes.
  for _, scene in ipairs(helper.some(scenes, #scenes // 3)) do
    it("in a scene: " .. scene[1], function()
      local names = there
      if not helper.all then
        names = { there[1],
                  table.unpack(helper.some({ table.unpack(there, 2) }, 1)) }
      end
      check(scene, behaviour.start(names, scene))
    end)
  end

  -- Clients that wait for their own limit all wait at the same time; not in a
  -- sample, since that takes as long as the longest limit.
  if not helper.all then return end
  describe("where the server is silent", function()
    local runs = {}
    lazy_setup(function()
      for _, scene in ipairs(silent) do
        runs[scene] = behaviour.start(there, scene)
      end
    end)
    for _, scene in ipairs(silent) do
      it("in a scene: " .. scene[1], function() check(scene, runs[scene]) end)
    end
  end)
end)
