-- The reference that LDoc makes, for specs: rendered once, and read back from its
-- pages.

local core = require "pop3.core"
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

local function read(path)
  local f <close> = assert(io.open(path))
  return f:read "a"
end

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

--- Is LDoc there?
function reference.available()
  return os.execute "ldoc --version >/dev/null 2>&1; [ $? -ne 127 ]" == true
end

return reference
