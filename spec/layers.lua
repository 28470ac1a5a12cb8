--- Which file uses which, and do all arrows point down?
--
--    lua5.4 spec/layers.lua [--graph] [--objects DIRECTORY] [ROOT]
--
-- It reads the sources below ROOT/csrc and ROOT/lua. In C, a file is x.c and x.h
-- together; it uses another when it includes its header or needs a symbol that
-- the object of the other defines. In Lua, a module uses another when it calls
-- `require` of it, at the top or inside a function. It fails when an arrow does
-- not point to a lower layer (or to the same folder), when a file includes a header
-- that its layer must not include, and when files use each other in a circle.

-- Folders and single files, and the number of their layer. The longest prefix
-- counts. An arrow may point to a lower number or stay in its folder.
local LAYERS = {
  ["csrc/base"] = 1,
  ["csrc/session"] = 2, ["csrc/sasl"] = 2, ["csrc/mail"] = 2,
  ["csrc/tls"] = 3,
  ["csrc/bind"] = 4, ["csrc/bind/os"] = 5,
  ["csrc/bind/session"] = 6, ["csrc/bind/mail"] = 6, ["csrc/bind/tls"] = 6,
  ["csrc/bind/pq"] = 6,
  ["csrc/bind/module"] = 7, ["csrc/standalone"] = 8,

  ["lua/pop3/util"] = 11, ["lua/pop3/loop"] = 12,
  ["lua/pop3/transport"] = 12, ["lua/pop3/store"] = 12,
  ["lua/pop3/verify"] = 12, ["lua/pop3/message"] = 12,
  ["lua/pop3/client"] = 13, ["lua/pop3/server"] = 13,
  ["lua/pop3/sql"] = 13,
  ["lua/pop3/record"] = 14, ["lua/pop3/check"] = 14, ["lua/pop3/sync"] = 14,
  ["lua/pop3/server/init"] = 15,    -- public: it knows what makes servers
  ["lua/pop3/account"] = 15, ["lua/pop3/fleet"] = 16,
  ["lua/pop3/init"] = 17,
  ["lua/pop3/meta"] = 17,           -- annotations for editors, never loaded
  ["lua/pop3/busted"] = 18, ["lua/pop3/command"] = 18,
}

-- What a layer of C must not include, and symbols that it must not need.
local LUA = { "^lua", "^lauxlib" }
local SOCKETS = { "^sys/socket", "^netinet/", "^netdb", "^poll%.h", "^arpa/" }
local OPENSSL = { "^openssl/" }
local LOGINS = { "^gssapi", "^stringprep" }  -- of csrc/sasl
local FOREIGN = {
  [1] = { LUA, SOCKETS, OPENSSL, LOGINS }, [2] = { LUA, SOCKETS, OPENSSL },
  [3] = { LUA, SOCKETS, LOGINS },
}
local LUA_SYMBOLS = { "^lua_", "^luaL_" }
local SOCKET_SYMBOLS = { "^socket$", "^connect$", "^send", "^recv", "^poll$" }
local OPENSSL_SYMBOLS = { "^SSL_", "^EVP_", "^X509", "^OPENSSL_", "^ERR_",
                          "^BIO_", "^CRYPTO_" }
local FOREIGN_SYMBOLS = {
  [1] = { LUA_SYMBOLS, SOCKET_SYMBOLS, OPENSSL_SYMBOLS },
  [2] = { LUA_SYMBOLS, SOCKET_SYMBOLS, OPENSSL_SYMBOLS },
  [3] = { LUA_SYMBOLS, SOCKET_SYMBOLS },
}

local root, objects, show = ".", nil, false
do
  local i = 1
  while arg[i] do
    if arg[i] == "--graph" then show = true
    elseif arg[i] == "--objects" then
      i = i + 1
      objects = arg[i]
    else root = arg[i] end
    i = i + 1
  end
end

local faults = {}

local function fault(format, ...)
  faults[#faults + 1] = format:format(...)
end

-- ---------------------------------------------------------------- the sources

local function quoted(path) return "'" .. path:gsub("'", "'\\''") .. "'" end

local function output(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "a"
  if not pipe:close() then error("failed: " .. command) end
  return text
end

-- Paths below a folder, without ROOT, that end in one of these.
local function files(folder, ...)
  local list, ends = {}, { ... }
  local found = output("cd " .. quoted(root) .. " && [ ! -d " .. quoted(folder)
                       .. " ] || find " .. quoted(folder) .. " -type f")
  for path in found:gmatch "[^\n]+" do
    for _, suffix in ipairs(ends) do
      if path:sub(-#suffix) == suffix then list[#list + 1] = path end
    end
  end
  table.sort(list)
  return list
end

local function read(path)
  local file <close> = assert(io.open(root .. "/" .. path, "rb"))
  return file:read "a"
end

-- ------------------------------------------------------------------ the graph

-- name -> { to = { name -> how }, layer, folder }
local graph = {}

local function layer_of(name)
  local folder = name
  while folder do
    if LAYERS[folder] then return LAYERS[folder], folder end
    folder = folder:match "^(.*)/[^/]*$"
  end
  fault("%s belongs to no layer", name)
  return 0, name
end

local function node(name)
  if not graph[name] then
    local layer, folder = layer_of(name)
    graph[name] = { to = {}, layer = layer, folder = folder }
  end
  return graph[name]
end

local function arrow(from, to, how)
  if from == to or graph[from].to[to] then return end
  graph[from].to[to] = how
  local a, b = graph[from], node(to)
  if b.layer > a.layer or b.layer == a.layer and a.folder ~= b.folder then
    fault("%s must not use %s (%s)", from, to, how)
  end
end

-- ------------------------------------------------------------------------- C

local function stem(path) return (path:gsub("%.[ch]$", "")) end

-- "csrc/tls" and "../base/buf.h" to "csrc/base/buf.h".
local function joined(folder, path)
  local parts = {}
  for part in (folder .. "/" .. path):gmatch "[^/]+" do
    if part == ".." then parts[#parts] = nil
    elseif part ~= "." then parts[#parts + 1] = part end
  end
  return table.concat(parts, "/")
end

local function is_one_of(groups, text)
  for _, group in ipairs(groups or {}) do
    for _, pattern in ipairs(group) do
      if text:find(pattern) then return true end
    end
  end
  return false
end

local function read_includes(path, known)
  local name, folder = stem(path), path:match "^(.*)/"
  local code = read(path):gsub("/%*.-%*/", " ")
  for line in code:gmatch "[^\n]+" do
    local own = line:match '^%s*#%s*include%s*"([^"]+)"'
    local system = line:match "^%s*#%s*include%s*<([^>]+)>"
    if own and known[joined(folder, own)] then
      arrow(name, stem(joined(folder, own)), "include")
    elseif own then
      fault("%s includes %s, which is not there", path, own)
    elseif system and is_one_of(FOREIGN[node(name).layer], system) then
      fault("%s must not include <%s>", path, system)
    end
  end
end

-- Symbols by the object of each source: arrows to the objects that define them.
local function read_symbols(sources)
  local defined, needed = {}, {}
  for _, path in ipairs(sources) do
    local object = objects .. "/" .. path:gsub("%.c$", ".o")
    local text = output("cd " .. quoted(root) .. " && nm -P " .. quoted(object))
    for symbol, kind in text:gmatch "(%S+) (%a)[^\n]*\n" do
      if kind == "U" then needed[#needed + 1] = { stem(path), symbol }
      elseif kind:find "[TDBRCVW]" then defined[symbol] = stem(path) end
    end
  end
  for _, need in ipairs(needed) do
    local from, symbol = need[1], need[2]
    if defined[symbol] then arrow(from, defined[symbol], symbol)
    elseif is_one_of(FOREIGN_SYMBOLS[graph[from].layer], symbol) then
      fault("%s must not use %s", from, symbol)
    end
  end
end

local function read_c()
  local list, known, sources = files("csrc", ".c", ".h"), {}, {}
  for _, path in ipairs(list) do
    known[path] = true
    node(stem(path))
    -- the objects of the executable stand in for those of the C library
    if path:find "%.c$" and not path:find "/standalone/" then
      sources[#sources + 1] = path
    end
  end
  for _, path in ipairs(list) do read_includes(path, known) end
  if objects then read_symbols(sources) end
end

-- ----------------------------------------------------------------------- Lua

local function module_of(path)
  return path:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", "")
         :gsub("/", ".")
end

-- Code without its comments.
local function uncommented(text)
  return text:gsub("%-%-%[(=*)%[.-%]%1%]", ""):gsub("%-%-[^\n]*", "")
end

local function read_requires(path, modules)
  local name, code = path:gsub("%.lua$", ""), uncommented(read(path))
  local function use(module, how)
    if modules[module] then arrow(name, modules[module], how)
    elseif module:find "^pop3%.?" and module ~= "pop3.core" then
      fault("%s requires %s, which is not there", path, module)
    end
  end
  for _, module in code:gmatch "%f[%w_]require%s*,?%s*%(?%s*([\"'])([%w_.]+)%1" do
    -- "pop3.loop." .. name may be any module of that folder
    if module:sub(-1) == "." then
      for other in pairs(modules) do
        if other:sub(1, #module) == module then use(other, "require, by name") end
      end
    else use(module, "require") end
  end
  -- names in a table that a loop requires
  if code:find "%f[%w_]require%s*%(%s*[%a_][%w_]*%s*%)" then
    for _, module in code:gmatch "([\"'])(pop3%.[%w_.]+)%1" do
      if modules[module] then use(module, "require, from a table") end
    end
  end
end

local function read_lua()
  local list, modules = files("lua", ".lua"), {}
  for _, path in ipairs(list) do
    modules[module_of(path)] = path:gsub("%.lua$", "")
    node((path:gsub("%.lua$", "")))
  end
  for _, path in ipairs(list) do read_requires(path, modules) end
end

-- -------------------------------------------------------------------- circles

local function sorted(set)
  local list = {}
  for name in pairs(set) do list[#list + 1] = name end
  table.sort(list)
  return list
end

-- A shortest circle through each group of files that reach each other.
local function find_circles()
  local index, low, onstack, stack, n = {}, {}, {}, {}, 0
  local function circle(members, first)
    local came, queue, at = {}, { first }, 1
    while queue[at] do
      for _, to in ipairs(sorted(graph[queue[at]].to)) do
        if to == first then
          local names, name = { first }, queue[at]
          while name do
            table.insert(names, 1, name)
            name = came[name]
          end
          return table.concat(names, " -> ")
        elseif members[to] and not came[to] then
          came[to] = queue[at]
          queue[#queue + 1] = to
        end
      end
      at = at + 1
    end
  end
  local function visit(name)
    n = n + 1
    index[name], low[name], onstack[name] = n, n, true
    stack[#stack + 1] = name
    for _, to in ipairs(sorted(graph[name].to)) do
      if not index[to] then
        visit(to)
        low[name] = math.min(low[name], low[to])
      elseif onstack[to] then low[name] = math.min(low[name], index[to]) end
    end
    if low[name] ~= index[name] then return end
    local members, count = {}, 0
    repeat
      local member = table.remove(stack)
      onstack[member], members[member], count = nil, true, count + 1
    until member == name
    if count > 1 then fault("circle: %s", circle(members, name)) end
  end
  for _, name in ipairs(sorted(graph)) do
    if not index[name] then visit(name) end
  end
end

-- --------------------------------------------------------------------- output

local function print_graph()
  for _, name in ipairs(sorted(graph)) do
    local to = sorted(graph[name].to)
    print(name .. (to[1] and "" or "  -"))
    for _, other in ipairs(to) do
      print(("    -> %-40s %s"):format(other, graph[name].to[other]))
    end
  end
end

read_c()
read_lua()
find_circles()
if show then print_graph() end
table.sort(faults)
for _, text in ipairs(faults) do io.stderr:write("layers: ", text, "\n") end
if faults[1] then os.exit(1) end
local count, arrows = 0, 0
for _, from in pairs(graph) do
  count = count + 1
  for _ in pairs(from.to) do arrows = arrows + 1 end
end
print(("layers: %d files, %d arrows, all point down, no circle")
      :format(count, arrows))
