-- The page about fleets, examples/fleet.md: each of its programs runs as it is written,
-- and every name in it exists. The unit of systemd is tested, too.

local command = require "spec.support.command"
local helper = require "spec.helper"
local pages = require "spec.support.pages"
local postgres = require "spec.support.postgres"

local PAGE = "examples/fleet.md"

local read = helper.read

postgres.describe("the page about fleets", function(server)
  -- What a program finds: a database, and unless it makes them, tables and an account.
  local function run(block)
    local before = ("export POP3_FLEET_STORE='%s'\n"):format(server():database())
    if not block.program:find "fleet init" then
      before = before .. "pop3 fleet init >/dev/null\n"
      if not block.program:find "fleet add" then
        before = before .. "pop3 fleet add x pops://ann@mail.example "
                 .. "--password-command 'pass show x'\n"
      end
    end
    return pages.run { language = "sh", program = before .. block.program }
  end

  local expected = {
    "^made the tables, version 1\nworker [^\n]+\nmrose: 3 new, .*\nthe worker ends\n$",
    "^ann\n1 account: 0 due.*\n  parked: on holiday\nann\nann\nann\n$",
    "^worker [^\n]+\nann: 3 new, [^\n]+\nthe worker ends\n1 passwords sealed again\n$",
    "^2 accounts can be imported\n2 accounts added\n1 account added\n4 accounts: ",
    '\n{"time":.*"event":"run","account":"x","kind":"ok".*'
      .. '\nlpop3_fleet_runs_total{result="ok"} 1\n',
  }
  local number = 0
  for _, block in ipairs(pages.blocks(PAGE)) do
    if block.language == "sh" then
      number = number + 1
      local pattern = expected[number]
      it("has a program in line " .. block.line, function()
        local text, content = run(block)
        assert.is_true(content, text)
        assert.match(pattern, text)
      end)
    end
  end
  assert(number == #expected)

  it("has the command that the unit of systemd runs", function()
    local line = read "examples/systemd/lpop3-fleet.service":gsub("\\\n", "")
                 :match "\nExecStart=/usr/bin/env pop3 ([^\n]*)"
    local words = {}
    for word in line:gmatch "%S+" do words[#words + 1] = word end
    for i, word in ipairs(words) do  -- ports and paths are not those of this machine
      if word == "9110" then words[i] = "0" end
      if word:find "^/srv" then words[i] = "/nonexistent/{name}" end
    end
    words[#words + 1] = "--until-idle"
    local url = server():database()
    assert.equal(0, (command.run { "fleet", "init", "--store", url }))
    local status, out, err = command.run(words, ("POP3_FLEET_STORE='%s' "):format(url))
    assert.same({ 0, "" }, { status, err }, out)
    assert.is_truthy(out:find('"event":"stop"', 1, true), out)
  end)

  it("names options and metrics that there are, all of them", function()
    local text = read(PAGE)
    local _, help = command.run { "fleet", "run", "--help" }
    for option in help:gmatch "  (%-%-%l[%l-]*)" do
      if option ~= "--help" and option ~= "--worker" then
        assert.is_truthy(text:find("[`%s]" .. option:gsub("%-", "%%-") .. "[ `]"), option)
      end
    end
    local metrics = require "pop3.command.fleet.metrics"(1)
    metrics:see { accounts = 1 }
    for name in metrics:text({}):gmatch "# TYPE lpop3_fleet_([%l_]+)" do
      assert.is_truthy(text:find("`" .. name .. "[`{]"), name)
    end
  end)
end)
