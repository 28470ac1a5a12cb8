-- A finalizer that runs while C pushes values must not free what C reads.

local core = require "pop3.core"
local pop3 = require "pop3"

-- Garbage whose end calls 'fn', made again some times when it is collected.
local function haunt(fn)
  local left = 30
  local function again()
    setmetatable({}, { __gc = function()
      pcall(fn)
      left = left - 1
      if left > 0 then again() end
    end })
  end
  again()
  return function() left = 0 end
end

describe("a finalizer", function()
  local mode
  before_each(function() mode = collectgarbage("incremental", 110, 400) end)
  after_each(function()
    collectgarbage("incremental", 200, 100)
    collectgarbage(mode)
  end)

  it("that closes the engine does so after the call", function()
    for _ = 1, 5 do
      local engine = core.client()
      engine:feed "+OK\r\n"
      engine:next()
      assert.is_true(engine:ask "PASS x" or true)
      local closed = false
      local stop = haunt(function()
        if not closed then engine:close() end
        closed = true
      end)
      local lines = {}
      for i = 1, 5000 do lines[i] = i .. " uid" .. i .. "\r\n" end
      pcall(function()
        engine:ask "USER x"
        engine:feed "+OK\r\n"
        engine:next()
        engine:ask "PASS x"
        engine:feed("+OK\r\n")
        engine:next()
        engine:ask "UIDL"
        engine:feed("+OK\r\n" .. table.concat(lines) .. ".\r\n")
        engine:next()
      end)
      stop()
    end
  end)

  it("that uses the journal while it is listed does no harm", function()
    local journal = core.journal()
    for i = 1, 3000 do journal:add(1, "C", "line " .. i) end
    local stop = haunt(function()
      for _ = 1, 100 do journal:add(2, "S", ("x"):rep(100)) end
    end)
    for _ = 1, 5 do
      local list = journal:list()
      local same = true
      for i = 1, 3000 do same = same and list[i].line == "line " .. i end
      assert.is_true(same)
    end
    stop()
  end)

  it("of a dropped session may go on while another is read", function()
    local mail = {}
    for i = 1, 500 do mail[i] = "Subject: " .. i .. "\r\n\r\n" end
    local server = pop3.server.new { users = setmetatable({}, {
      __index = function() return { password = "pw", mail = mail } end }) }
    for i = 1, 10 do
      local s = assert(pop3.connect { transport = server:loopback(),
                                      user = "u" .. i, password = "pw" })
      assert.equal(500, select(2, s:uidl()))
      server:transcript()
    end
  end)
end)

describe("a list that is computed", function()
  it("may close the engine that is given it", function()
    local engine = core.server()
    engine:enter "transaction"
    local list = setmetatable({}, { __len = function()
      engine:close()
      return 0
    end })
    engine:reply(true, "x", nil, list)  -- it is closed at the end of this
    assert.matches("closed", tostring(engine))
  end)

  it("has no names for a certificate", function()
    local made = setmetatable({}, {
      __len = function() return 3 end,
      __index = function(_, i) return "host" .. i .. ".example" end,
    })
    assert.match("BEGIN CERTIFICATE", core.certificate { names = made })
  end)
end)
