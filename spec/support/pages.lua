-- The programs of a page in Markdown: the text of its fences, and a way to run
-- them. A program finds mail.example (ports 995 and 110, users "mrose" and
-- "ann", password "secret") as a server of this machine, trusts its certificate
-- without an option, and finds a message in message.eml. Its home directory has the
-- mail that getmail fetched, and its password manager, pass, prints "secret".

local core = require "pop3.core"
local pop3 = require "pop3"
local tempdir = require "spec.support.tempdir"

local pages = {}

local root = io.popen "pwd":read "l"

--- The fenced blocks of a page.
-- @tparam string path
-- @treturn {{language=string,program=string,line=integer},...}
function pages.blocks(path)
  local list, block, number = {}, nil, 0
  for line in io.lines(path) do
    number = number + 1
    local language = line:match "^```(%l*)"
    if language and block then
      block.program = table.concat(block, "\n") .. "\n"
      list[#list + 1], block = block, nil
    elseif language then
      block = { language = language, line = number }
    elseif block then
      block[#block + 1] = line
    end
  end
  assert(not block, path .. ": a fence without its end")
  return list
end

--- What follows "](" in a page, but for addresses of the web.
-- @tparam string path
-- @treturn {string,...}
function pages.links(path)
  local f <close> = assert(io.open(path))
  local list = {}
  for target in f:read "a":gmatch "%]%(([^)]+)%)" do
    if not target:find "^%l+:" then list[#list + 1] = target end
  end
  return list
end

--- The names by which links can lead to the headings of a page.
-- @tparam string path
-- @treturn table name → true
function pages.anchors(path)
  local found, fenced = {}, false
  for line in io.lines(path) do
    if line:find "^```" then fenced = not fenced end
    local heading = not fenced and line:match "^#+ (.*)"
    if heading then
      heading = heading:lower():gsub("[^%w _-]", ""):gsub(" ", "-")
      found[heading] = true
    end
  end
  return found
end

local function mail(name)
  local f <close> = assert(io.open("examples/mail/" .. name .. ".eml", "rb"))
  return f:read "a"
end

local function serve(implicit)
  local list = { mail "plain", mail "photo", mail "dots" }
  return assert(pop3.server.new {
    tls = { auto = true, names = { "mail.example" } }, implicit = implicit,
    mechs = { "SCRAM-SHA-256", "OAUTHBEARER" },
    users = { mrose = { password = "secret", token = "a-token", mail = list },
              ann = { password = "secret", mail = list } },
  }):fork()
end

local interpreters = {
  lua = "lua5.4", sh = "sh -e", python = "python3",
  js = [[sh -c 'exec node --input-type=module - <"$0"']],
  c = [[sh -c 'cc -x c -Wall -Wextra -Werror -o a.out "$0" && exec ./a.out']],
}

--- Can it be run?
function pages.runs(block)
  return interpreters[block.language] ~= nil
end

--- Run a program in a new directory.
-- @tparam table block
-- @tparam[opt] function before is given the directory first
-- @treturn string its output
-- @treturn boolean was its exit status 0?
function pages.run(block, before)
  local dir <close> = tempdir()
  local implicit <close> = serve(true)
  local stls <close> = serve(false)
  local program = block.program:gsub("%f[%w]examples/", root .. "/%0")
  dir:write("program", program)
  dir:write("message.eml", mail "invoice-pdf")
  dir:write("ca.pem", assert(io.open(implicit.cafile)):read "a"
                      .. assert(io.open(stls.cafile)):read "a")
  for _, name in ipairs { "bin", ".getmail" } do
    assert(core.mkdir(dir.path .. "/" .. name))
  end
  dir:write("bin/pass", "#!/bin/sh\necho secret\n")
  dir:write(".getmail/oldmail-mail.example-995-mrose", "lpop3.1\0001700000000\n")
  if before then before(dir) end
  local pipe = assert(io.popen(([[
    cd '%s' && chmod +x bin/pass && export HOME="$PWD" PATH="$PWD/bin:$PATH" &&
    unset XDG_CONFIG_HOME XDG_STATE_HOME POP3_PASSWORD &&
    export SSL_CERT_FILE=ca.pem LPOP3_STAND_IN='995=%d 110=%d' &&
    LUA_INIT_5_4='@%s/spec/support/stand_in.lua' exec %s program 2>&1]]):format(
    dir.path, implicit.port, stls.port, root,
    interpreters[block.language])))
  local text = pipe:read "a"
  return text, pipe:close() == true
end

return pages
