-- The pages in Markdown: each program in them runs, each link leads somewhere.

if os.getenv "LPOP3_SANITIZED" then return end  -- programs of their own

local helper = require "spec.helper"
local pages = require "spec.support.pages"

local read = helper.read

-- Commands of README.md that set up a machine, which no spec does: what they
-- name must be there.
describe("README.md", function()
  local blocks = pages.blocks "README.md"

  it("has at most 250 lines", function()
    local _, lines = read "README.md":gsub("\n", "")
    assert.is_true(lines <= 250)
  end)

  it("installs the packages that spec/deps.sh knows", function()
    local named = read "README.md":match "apt%-get install ([^\n]*\\\n[^\n]*)"
    local needed = read "spec/deps.sh":match "\nrun=%((.-)%)"
    local function sorted(text)
      local words = {}
      for word in text:gmatch "[%w.-]+" do words[#words + 1] = word end
      table.sort(words)
      return words
    end
    assert.same(sorted(needed), sorted(named))
  end)

  it("names existing targets of the Makefile", function()
    local makefile, seen = read "Makefile" .. read "spec/packaging/packaging.mk", 0
    for _, block in ipairs(blocks) do
      if block.language == "sh" then
        for line in block.program:gmatch "[^\n]+" do
          local target = line:match "^make ([%l-]+)"
          if target then
            local rule = "\n[^\n:]*%f[%w-]" .. target:gsub("%-", "%%-")
                         .. "%f[^%w-][^\n:]*:"
            assert.truthy(makefile:find(rule), target)
            seen = seen + 1
          end
        end
      end
    end
    assert.is_true(seen >= 6)
  end)

  it("says how to use the tree where it was built", function()
    for _, block in ipairs(blocks) do
      if block.program:find("make -s env", 1, true) then
        local pipe = assert(io.popen("env -u LUA_PATH -u LUA_CPATH sh -e 2>&1 <<'END'\n"
          .. block.program .. "lua5.4 -e 'print(require \"pop3\"._VERSION)'\n"
          .. "pop3 --version\nEND"))
        local text = pipe:read "a"
        assert.is_true(pipe:close(), text)
        assert.match("lpop3 %S+\n.*lpop3 %S+\n$", text)
        return
      end
    end
    error "no such block"
  end)

  for _, block in ipairs(blocks) do
    if block.language == "lua" then
      it("has a program in line " .. block.line, function()
        local text, content = pages.run(block)
        assert.is_true(content, text)
      end)
    end
  end
end)

describe("examples/README.md", function()
  for _, block in ipairs(pages.blocks "examples/README.md") do
    -- Java is there for make test-all only
    local is_java = block.program:find("javac", 1, true) ~= nil
    if pages.runs(block) and helper.one_in(is_java and 1 << 30 or 3) then
      it(("has a %s program in line %d"):format(block.language, block.line),
        function()
          local text, content = pages.run(block)
          assert.is_true(content, text)
        end)
    end
  end

  it("shows the same mock server in five languages", function()
    local section = read "examples/README.md":match "\n## Mock a server\n(.-)\n## "
    local seen = 0
    for _, block in ipairs(pages.blocks "examples/README.md") do
      if section:find(block.program, 1, true) then
        local text, content = pages.run(block)
        assert.match("From: a@b.example\r?\n\r?\nhi", text)
        assert.is_true(content, text)
        seen = seen + 1
      end
    end
    assert.equal(5, seen)
  end)
end)

describe("the counted parts", function()
  it("has the number that the pages say", function()
    local pop3 = require "pop3"
    local server = pop3.server.new {}
    local result = assert(pop3.check { transport = function()
      return server:loopback()
    end })
    local presets = #pop3.server.presets()
    assert.truthy(read "README.md":find(("(%d checks)"):format(#result.checks), 1, true))
    assert.truthy(read "examples/README.md":find((": %d checks:"):format(#result.checks),
                                                 1, true))
    assert.truthy(read "README.md":find(("(%d presets)"):format(presets), 1, true))
  end)
end)

describe("the chapter on pop3 fetch", function()
  local chapter = read "examples/README.md":match "\n## Replace getmail.-\n(.-)\n## "

  it("names options that the command has", function()
    local pipe = assert(io.popen "pop3 fetch --help")
    local help, seen = pipe:read "a", 0
    pipe:close()
    for line in chapter:gmatch "[^\n]+" do
      if not line:find "^systemctl" then
        for option in line:gmatch "%f[%-]%-%-%l[%l-]*" do
          assert.truthy(help:find(option, 1, true), option)
          seen = seen + 1
        end
      end
    end
    assert.is_true(seen >= 10)
  end)

  it("imports from the programs that the command knows", function()
    local formats = {}
    for format in chapter:gmatch "\n| [%w]+ | `(%l+)` |" do
      formats[#formats + 1] = format
      assert(package.searchpath("pop3.command.fetch.import." .. format,
                                package.path))
    end
    assert.same({ "getmail", "fetchmail", "mpop", "fdm", "thunderbird" }, formats)
  end)

  it("names keys that a configuration can have", function()
    local known, seen = require "pop3.account.keys".all, 0
    local other = { defaults = true, accounts = true, work = true, lists = true,
                    to = true }  -- of lmtp
    for _, text in ipairs { chapter, read "examples/fetch.lua" } do
      for key in text:gmatch "%f[%w_]([%l_]+) = [^=]" do
        if not other[key] then
          assert.truthy(known[key], key)
          seen = seen + 1
        end
      end
    end
    assert.is_true(seen >= 15)
  end)
end)

describe("a page in Markdown", function()
  local there = {}  -- path → true, of files and directories
  local list = {}
  local pipe = assert(io.popen "git ls-files")
  for path in pipe:lines() do
    if path:find "%.md$" then list[#list + 1] = path end
    while path do
      there[path] = true
      path = path:match "^(.*)/"
    end
  end
  pipe:close()
  for _, path in ipairs(list) do
    it("names files that are there: " .. path, function()
      for word in read(path):gmatch "`([^`\n]+)`" do
        for _, top in ipairs { "csrc", "examples", "lua", "spec" } do
          for name in word:gmatch("%f[%w_./~-]" .. top .. "/[%w_./-]*[%w_]") do
            assert.is_true(there[name] or name == "lua/pop3/core.so", name)
          end
        end
      end
    end)

    it("has no dead link: " .. path, function()
      for _, link in ipairs(pages.links(path)) do
        local target, anchor = link:match "^([^#]*)#?(.*)$"
        if target == "" then target = path
        else target = (path:match "^.*/" or "") .. target end
        assert(io.open(target), link):close()
        if anchor ~= "" then
          assert.is_true(pages.anchors(target)[anchor], link)
        end
      end
    end)
  end
end)
