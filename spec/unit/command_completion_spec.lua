-- The scripts of `pop3 completion`, in the shells that they are for, where
-- `make install` puts them.

if os.getenv "LPOP3_SANITIZED" then return end

local helper = require "spec.helper"

-- Lines of a text, without what follows a tab, sorted.
local function lines(text)
  local list = {}
  for line in text:gmatch "[^\n]+" do list[#list + 1] = line:match "^([^\t]*)" end
  table.sort(list)
  return list
end

local function output(program, ...)
  local pipe <close> = assert(io.popen(program:format(...)))
  return pipe:read "a"
end

-- What the key TAB makes of a line, in all shells: the words that are offered.
local cases = {
  { "pop3 lo", { "login" } },
  { "pop3 list --tl", { "--tls" } },
  { "pop3 list --tls im", { "implicit" } },
  { "pop3 serve --log j", { "json" } },
  { "pop3 completion z", { "zsh" } },
  { "pop3 get --finger", { "--fingerprint" } },
}

describe("the completion of pop3", function()
  local dir

  setup(function()
    dir = helper.directory()
    output("env -u MAKEFLAGS -u MAKELEVEL make -s install PREFIX=/usr DESTDIR='%s' 2>&1",
           dir.path)
  end)

  teardown(function() getmetatable(dir).__close(dir) end)

  it("works in bash, loaded by bash-completion", function()
    for _, case in ipairs(cases) do
      local text = output([[XDG_DATA_DIRS='%s/usr/share' bash --norc -c '
        . /usr/share/bash-completion/bash_completion
        _completion_loader pop3
        COMP_LINE="%s"
        COMP_WORDS=($COMP_LINE) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _pop3 && printf "%%s\n" "${COMPREPLY[@]}"']], dir.path, case[1])
      assert.same(case[2], lines(text), case[1])
    end
  end)

  it("works in zsh", function()
    for _, case in ipairs(cases) do
      local text = output("zsh -f spec/support/complete.zsh '%s' '%s'",
        dir.path .. "/usr/share/zsh/site-functions", case[1])
      local before = case[1]:match "^(.* )"
      assert.equal(before .. case[2][1], (text:gsub("%s+$", "")))
    end
    assert.equal("_pop3\n", output([[zsh -fc 'autoload -Uz compinit; compinit -u -D
      eval "$(lua5.4 lua/bin/pop3 completion zsh)"; print ${_comps[pop3]}']]))
  end)

  it("works in fish", function()
    for _, case in ipairs(cases) do
      local text = output([[HOME='%s' fish --no-config -c '
        source "%s/usr/share/fish/vendor_completions.d/pop3.fish"
        complete -C "%s"']], dir.path, dir.path, case[1])
      assert.same(case[2], lines(text), case[1])
    end
  end)

  it("is installed beside the manual page and the program", function()
    for _, path in ipairs { "bin/pop3", "share/man/man1/pop3.1",
                            "share/bash-completion/completions/pop3",
                            "share/zsh/site-functions/_pop3",
                            "share/fish/vendor_completions.d/pop3.fish" } do
      assert.is_true(#dir:read("usr/" .. path) > 50, path)
    end
  end)
end)
