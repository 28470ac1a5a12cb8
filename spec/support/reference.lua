-- The reference that LDoc makes, for specs: rendered once, and read back from its
-- pages.

local core = require "pop3.core"
local helper = require "spec.helper"
local tempdir = require "spec.support.tempdir"

local reference = {}

local entities = { lt = "<", gt = ">", amp = "&", quot = '"', apos = "'",
                   ldquo = '"', rdquo = '"', lsquo = "'", rsquo = "'" }

local function text_of(html)
  return (html:gsub("<[^>]*>", ""):gsub("&(%a+);", entities))
end

-- The items of a page: name → { text =, params = name → true }.
local function items_of(html)
  local items = {}
  for dt, dd in html:gmatch "<dt>(.-)</dt>%s*<dd>(.-)\n</dd>" do
    local name = dt:match '<a name = "([^"]*)"'
    local params = {}
    for param in dd:gmatch '<span class="parameter">(.-)</span>' do
      params[param] = true
    end
    items[name] = { text = text_of(dd), params = params }
  end
  return items
end

local read = helper.read

--- Render the reference.
-- @treturn table page ("pop3.session") → { path =, html =, text =, items =, kind = }
-- @treturn string what LDoc printed
function reference.render()
  local dir <close> = tempdir()
  local pipe = assert(io.popen(("make -s pages && ldoc -q -c .config.ld -d %s . 2>&1")
                               :format(dir.path)))
  local printed = pipe:read "a":gsub("reading configuration[^\n]*\n", "")
  assert(pipe:close(), printed)
  local pages = {}
  local function add(kind, name)
    local path = (kind and kind .. "/" or "") .. name
    local html = read(dir.path .. "/" .. path)
    pages[name:gsub("%.html$", "")] = { path = path, html = html, kind = kind,
      text = text_of(html), items = items_of(html) }
  end
  add(nil, "index.html")
  for _, kind in ipairs(assert(core.readdir(dir.path))) do
    if core.stat(dir.path .. "/" .. kind) == "directory" then
      for _, name in ipairs(assert(core.readdir(dir.path .. "/" .. kind))) do
        add(kind, name)
      end
    end
  end
  return pages, printed
end

--- The examples (@usage) of all pages but topics, as one program that runs each and
-- ends with status 1 when one fails. An example finds `pop3`, a `server`, and a
-- session `s` in memory; one that begins with "return session:" is a handler.
-- @tparam table pages
-- @treturn string
-- @treturn integer how many
function reference.examples(pages)
  local program = { [[
    local pop3 = require "pop3"
    local failed = false
    local function try(name, code)
      local server = pop3.server.new { users = { mrose = { password = "secret",
        mail = { "A: b\r\n\r\nc\r\n" } } } }
      local s = assert(pop3.connect { transport = server:loopback(),
                                      user = "mrose", password = "secret" })
      if code:find "^%s*return session:" then
        code = ("function server.on.NOOP(session) %s end s:noop()"):format(code)
      end
      local files = 0
      local here = setmetatable({ tmpname = function()
        files = files + 1
        return ("./%s.%d"):format(name, files)
      end }, { __index = os })
      local env = setmetatable({ pop3 = pop3, server = server, s = s, os = here },
                               { __index = _G })
      local chunk, err = load(code, "=" .. name, "t", env)
      local ok = chunk ~= nil
      if ok then ok, err = pcall(chunk) end
      if ok and #server.errors > 0 then ok, err = false, server.errors[1] end
      if not ok then
        failed = true
        print(name, err)
      end
      chunk, env, s = nil, nil, nil
      collectgarbage()  -- sessions that the example did not close
    end
  ]] }
  local count = 0
  for name, page in pairs(pages) do
    if page.kind ~= "topics" and page.kind ~= "examples" then
      for code in page.html:gmatch '<pre class="example">(.-)</pre>' do
        program[#program + 1] = ("try(%q, %q)\n"):format(name, text_of(code))
        count = count + 1
      end
    end
  end
  program[#program + 1] = "os.exit(not failed)\n"
  return table.concat(program), count
end

--- Is LDoc there?
function reference.available()
  return os.execute "ldoc --version >/dev/null 2>&1; [ $? -ne 127 ]" == true
end

return reference
