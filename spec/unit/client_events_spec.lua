-- The events of the client engine, one at a time and many in a table, and the commands
-- that are put into its queue together.

local core = require "pop3.core"

-- Commands and the replies to them, in a session of these.
local COMMANDS = {
  { "RETR 1", "+OK\r\nmessage 1\r\n..\r\n.\r\n" },
  { "RETR 2", "-ERR [SYS/TEMP] later\r\n" },
  { "RETR 3", "+OK 0\r\n.\r\n" },
  { "STAT", "+OK 3 120\r\n" },
  { "LIST", "+OK\r\n1 10\r\nbad\r\n3 30\r\n.\r\n" },
  { "UIDL 2", "+OK 2 abc\r\n" },
  { "CAPA", "+OK caps\r\nTOP\r\n.\r\n" },
  { "RETR 4", "+OK\r\n" .. ("x"):rep(300) .. "\r\n.\r\n" },  -- beyond the limit
  { "RETR 5", "+OK\r\n+OK\r\n.\r\n" },
}

local SAID = ""
for _, step in ipairs(COMMANDS) do SAID = SAID .. step[2] end

-- A client in the transaction state.
local function logged_in()
  local client = core.client { message = 100 }
  client:feed "+OK\r\n"
  assert.equal("reply", client:next())
  assert(client:ask "PASS x")
  client:feed "+OK\r\n"
  assert.equal("reply", client:next())
  return client
end

-- The same with all commands under way.
local function busy()
  local client = logged_in()
  for _, step in ipairs(COMMANDS) do assert(client:ask(step[1])) end
  return client
end

-- All events that are there, one by one, in the form of those in a table.
local function single(client, list)
  while true do
    local values = table.pack(client:next())
    if values.n == 0 then return list end
    if values[1] == "body" and values.n == 2 and values[2] then
      list[#list + 1] = values[2]
    else
      values.n = nil
      list[#list + 1] = values
    end
    if values[1] == nil then return list end
  end
end

local function many(client, list)
  local into = {}
  local what, count = client:next(into)
  if what then
    assert.equal("events", what)
    assert.is_true(count > 0)
    for i = 1, count do list[#list + 1] = into[i] end
  end
  return list
end

describe("the events of a client in a table", function()
  it("are those of single calls, at every split of the octets", function()
    local expected = single(busy(), {})
    assert.same({}, expected)
    local all = busy()
    all:feed(SAID)
    single(all, expected)
    assert.equal(#COMMANDS, #expected)
    assert.equal("message 1\r\n.\r\n", expected[1])
    assert.same({ "reply", false, "later", "SYS/TEMP" }, expected[2])
    for cut = 0, #SAID do
      local client, list = busy(), {}
      client:feed(SAID:sub(1, cut))
      many(client, list)
      client:feed(SAID:sub(cut + 1))
      many(client, list)
      assert.same(expected, list)
      assert.equal(0, client:asked())
      assert.is_nil(client:next {})
    end
    local client, list = busy(), {}
    for i = 1, #SAID do
      client:feed(SAID:sub(i, i))
      many(client, list)
    end
    assert.same(expected, list)
  end)

  it("come before an error, which the next call returns", function()
    local client, into = busy(), {}
    client:feed(COMMANDS[1][2] .. "rubbish\r\n")
    assert.same({ "events", 1 }, { client:next(into) })
    assert.equal("message 1\r\n.\r\n", into[1])
    local what, message, code = client:next(into)
    assert.is_nil(what)
    assert.matches("rubbish", message, 1, true)
    assert.equal("proto", code)
    client:eof()
    assert.equal("proto", select(3, client:next()))
  end)

  it("replace the contents of the table, without its metamethods", function()
    local client = busy()
    client:feed(COMMANDS[1][2])
    local into = setmetatable({ "old", "kept" }, { __newindex = error })
    assert.same({ "events", 1 }, { client:next(into) })
    assert.same({ "message 1\r\n.\r\n", "kept" }, { into[1], into[2] })
  end)

  it("are lists for the pieces of a body: only a whole body is its octets", function()
    local client, into = logged_in(), {}
    for _, line in ipairs { "RETR 1", "XBODY", "XBODY" } do
      assert(client:ask(line, line == "XBODY", line ~= "XBODY"))
    end
    client:feed "+OK\r\na\r\n.\r\n+OK text\r\nb\r\n.\r\n-ERR\r\n"
    local what, count = client:next(into)
    assert.same({ "events", 4 }, { what, count })
    assert.same({ { "data", "a\r\n" }, { "end", 3 }, { "body", "b\r\n", "text" },
                  { "reply", false, "" } }, into)
  end)

  it("need a table or a file", function()
    for _, wrong in ipairs { 1, "x", true, core.client() } do
      assert.error(function() logged_in():next(wrong) end)
    end
  end)
end)

describe("the commands for several numbers", function()
  it("are those of single calls", function()
    local a, b = logged_in(), logged_in()
    local numbers = { 7, 1, 10, 9223372036854775807, 0, 123 }
    assert.is_true(a:ask_each("RETR", numbers, 2, 5))
    for i = 2, 5 do assert(b:ask("RETR " .. numbers[i])) end
    assert.equal(b:out(), a:out())
    assert.equal(4, a:asked())
    assert.is_true(a:ask_each("DELE", numbers, 3, 2))  -- of none
    assert.equal(4, a:asked())
  end)

  it("are refused where one of them is", function()
    local client = core.client()
    client:feed "+OK\r\n"
    client:next()
    local ok, _, code = client:ask_each("RETR", { 1, 2 }, 1, 2)
    assert.same({ nil, "state" }, { ok, code })
    assert.equal(0, client:asked())
    client = logged_in()
    client:feed "+OK\r\n"
    ok, _, code = client:ask_each("RETR", { 1 }, 1, 1)
    assert.same({ nil, "proto" }, { ok, code })
  end)

  it("include an -ERR that no command asked for", function()
    local client = logged_in()
    client:feed "-ERR too long\r\n"
    assert.same({ true, true }, { client:ask_each("RETR", { 1, 2 }, 1, 2) })
    assert.same({ "reply", false, "too long" }, { client:next() })
  end)

  it("must be numbers", function()
    for _, wrong in ipairs { "x", 1.5, -1, {}, false } do
      local client = logged_in()
      assert.error(function() client:ask_each("RETR", { 1, wrong }, 1, 2) end)
    end
    assert.error(function() logged_in():ask_each("RETR", {}, 1, 1) end)
    assert.error(function() logged_in():ask_each("RETR", 1, 1, 1) end)
    assert.error(function()
      logged_in():ask_each(("R"):rep(17), { 1 }, 1, 1)
    end)
  end)
end)
