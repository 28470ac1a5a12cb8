-- The help of `pop3` and its commands, suggestions, and the manual page.

local argparse = require "argparse"
local columns = require "pop3.command.columns"
local command = require "pop3.command"
local fetch_command = require "spec.support.fetch_command"
local helper = require "spec.helper"
local parsers = require "pop3.command.parser"

local made = parsers.elements((command.parser(argparse)))

-- All commands, also those below others, each with its words, "fleet add".
local commands = {}
local function collect(list, before)
  for _, c in ipairs(list) do
    c.words = before .. c.name
    commands[#commands + 1] = c
    collect(c.commands, c.words .. " ")
  end
end
collect(made.commands, "")

-- The help of a command, or of the program, at a width.
local function help(name, width)
  local getenv = os.getenv
  local _ <close> = setmetatable({}, { __close = function()
    os.getenv = getenv -- luacheck: ignore 122
  end })
  os.getenv = function(variable) -- luacheck: ignore 122
    return variable == "COLUMNS" and tostring(width) or getenv(variable)
  end
  local parser = command.parser(argparse)
  for word in (name or ""):gmatch "%S+" do
    for _, c in ipairs(parser._commands) do
      if c._name == word then
        parser = c
        break
      end
    end
  end
  return parser:get_help()
end

-- The words of a text.
local function words(text)
  return (text:gsub("%s+", " "))
end

describe("the help", function()
  local all = { made, table.unpack(commands) }

  it("fits, and breaks no word", function()
    for _, c in ipairs(all) do
      for _, width in ipairs { 60, 80, helper.all and 50, helper.all and 100 } do
        if not width then break end
        local text = help(c.words, width)
        for line in text:gmatch "[^\n]+" do
          assert.is_true(columns.of(line) <= width, c.name .. ": " .. line)
          assert.is_nil(line:find " $", line)
        end
        local flat = words(text)
        for _, list in ipairs { { c }, c.options, c.arguments } do
          for _, e in ipairs(list) do
            assert.is_truthy(flat:find(words(e.description), 1, true),
                             e.name .. " at " .. width)
          end
        end
      end
    end
  end)

  it("has every option with its values, and which exclude each other", function()
    for _, c in ipairs(all) do
      local text = "\n" .. help(c.words, 80)
      for _, e in ipairs(c.options) do
        assert.is_truthy(text:find("\n  " .. parsers.label(e), 1, true), e.name)
      end
      for _, names in ipairs(c.groups) do
        assert.is_truthy(words(text):find("Not together: "
                                          .. table.concat(names, ", "), 1, true))
      end
    end
  end)

  it("describes everything", function()
    for _, c in ipairs(commands) do
      assert.match("^%u.*%.$", c.summary)
      assert.match("^%u.*%.$", c.description)
      for _, list in ipairs { c.options, c.arguments } do
        for _, e in ipairs(list) do
          assert.match("[%.%)]$", e.description, nil, nil, c.name .. " " .. e.name)
        end
      end
    end
  end)

  it("never asks for a secret on the command line of a mailbox", function()
    for _, c in ipairs(made.commands) do
      local mailbox = c.name == "list" or c.name == "get" or c.name == "login"
                      or c.name == "fetch"
      for _, e in ipairs(mailbox and c.options or {}) do
        assert.is_nil(e.name:find "password$", c.name)
        assert.is_nil(e.name:find "token$", c.name)
      end
    end
  end)
end)

describe("a misspelt word", function()
  local place

  setup(function() place = fetch_command.place {} end)
  teardown(function() getmetatable(place).__close(place) end)

  it("gets a suggestion in every command", function()
    for _, c in ipairs(commands) do
      local argv = {}
      for word in c.words:gmatch "%S+" do argv[#argv + 1] = word end
      local function main(word)
        local all = table.move(argv, 1, #argv, 1, {})
        all[#all + 1] = word
        return place.main(table.unpack(all))
      end
      for _, e in ipairs(c.options) do
        for _, name in ipairs(e.names) do
          local wrong = helper.one_in(4) and #name > 4 and name:sub(1, 3) .. "x" .. name:sub(4)
          if wrong then
            local status, out, err = main(wrong)
            assert.same({ 2, "" }, { status, out })
            assert.match("^pop3: unknown option '[^\n]*\n$", err)
            assert.is_truthy(err:find("'" .. name .. "'", 1, true), err)
          end
        end
        for _, choice in ipairs(e.choices or {}) do
          local _, _, err = main(e.name .. "=" .. choice .. "x")
          assert.is_truthy(err:find("did you mean", 1, true), err)
        end
      end
      argv[#argv] = nil
      local wrong = c.name:sub(1, 2) .. c.name:sub(4)
      assert.is_truthy(select(3, main(wrong)):find("'" .. c.name .. "'", 1, true), wrong)
    end
  end)

  it("is an error without a suggestion when no name is near", function()
    for text, case in pairs {
      ["unknown command 'frobnicate' (pop3 --help lists them)\n"] = { "frobnicate" },
      ["unknown command 'help' (pop3 --help lists them)\n"] = { "help", "list" },
      ["unknown command 'help' (pop3 fleet --help lists them)\n"] = { "fleet", "help" },
      ["unknown option '--frobnicate' (pop3 list --help lists them)\n"] =
        { "list", "--frobnicate" },
      ["unknown option '-c' (pop3 fleet run --help lists them)\n"] =
        { "fleet", "run", "-c", "f" },
      ["unknown option '--frobnicate' (pop3 --help lists them)\n"] = { "--frobnicate" },
      ["a command is required (pop3 --help lists them)\n"] = {},
      ["missing argument 'url'\n"] = { "list" },
    } do
      assert.same({ 2, "", "pop3: " .. text }, { place.main(table.unpack(case)) })
    end
  end)

  it("gets a suggestion where a command looks up a name itself", function()
    local config = place.config [[accounts = { work = { url = "pops://u@h",
      maildir = "m" } }]]
    for text, case in pairs {
      ["did you mean 'work'?"] = { "fetch", "-c", config, "wrok" },
      ["did you mean 'dovecot'?"] = { "serve", "--preset", "dovcot" },
      ["did you mean 'RETR'?"] = { "check", "h", "--only", "RETTR" },
      ["did you mean 'getmail'?"] = { "fetch", "pops://u@h", "--import", "getmial",
                                      "f" },
      ["did you mean 'maildir'?"] = { "fetch", "-c", place.dir:write("bad.lua",
        "accounts = { a = { url = 'pops://u@h', maildri = 'm' } }") },
      ["did you mean 'times'?"] = { "serve", "--fault", "verb=UIDL tims=1" },
    } do
      local status, _, err = place.main(table.unpack(case))
      assert.equal(2, status, err)
      assert.is_truthy(err:find(text, 1, true), err)
    end
  end)
end)

describe("the manual page", function()
  local text = command.manual "2026-11-30"

  local function output(program)
    local dir <close> = helper.directory()
    dir:write("pop3.1", text)
    local pipe <close> = assert(io.popen(program:gsub("FILE", dir.path .. "/pop3.1")
                                         .. " 2>&1"))
    return pipe:read "a"
  end

  it("has no mistake", function()
    assert.equal("", output "mandoc -T lint -W style FILE")
    -- without the sanitizer of make asan
    assert.equal("", output "env -u LD_PRELOAD groff -man -Tutf8 -ww -z FILE")
  end)

  it("has all commands, options and arguments by their names", function()
    local shown = output "mandoc -T ascii -O width=100 FILE":gsub(".\b", "")
    for _, c in ipairs(commands) do
      assert.is_truthy(shown:find("\n     pop3 " .. c.words, 1, true)
                       or shown:find("\n       pop3 " .. c.words, 1, true), c.words)
      for _, e in ipairs(c.options) do
        if e.name ~= "-h" then
          assert.is_truthy(shown:find(parsers.label(e), 1, true), e.name)
        end
      end
    end
    assert.is_truthy(shown:find("2026-11-30", 1, true))
  end)

  it("has examples that the parser understands", function()
    local seen = 0
    local parser = command.parser(argparse)
    local examples = text:match '\n%.SH "EXAMPLES"\n(.-)\n%.SH':gsub("\\e\n", "")
                         :gsub("\\%-", "-")
    for line in examples:gmatch "\n(pop3 [^\n]+)" do
      local argv = {}
      for word in line:sub(6):gmatch "%S+" do argv[#argv + 1] = word end
      local ok, err = parser:pparse(argv)
      assert.is_true(ok, tostring(err) .. ": " .. line)
      seen = seen + 1
    end
    assert.equal(6, seen)
  end)
end)
