--- Writes the annotations for editors, lua/pop3/meta.lua, from what LDoc read of the
-- comments (make meta). Run by LDoc:
--
--    META=FILE ldoc -c .config.ld --filter spec.annotations.write .
--
-- The annotations are LuaCATS, as lua-language-server reads them. A public module
-- becomes a table with functions, a class or an interface becomes a class, a table of
-- options becomes a class with a field for each option. Internals (pop3.core) are
-- left out. LDoc runs in Lua 5.2, and so does this file.

local annotations = {}

-- Modules whose functions belong to a table of another name.
local HOME = { ["pop3.sync"] = "pop3", ["pop3.record"] = "pop3", ["pop3.check"] = "pop3",
               ["pop3.record.replay"] = "pop3.server.lib",
               ["pop3.message"] = "pop3.message.lib",
               ["pop3.state.sql"] = "pop3.state.lib",
               ["pop3.store"] = "pop3.store.lib", ["pop3.loop"] = "pop3.loop.lib" }
-- Modules that programs do not use by require "pop3".
local LEFT_OUT = { ["pop3.server.control"] = true, ["pop3.command"] = true,
                   ["pop3.busted"] = true, ["pop3.sql"] = true, ["pop3.message.stream"] = true,
                   ["pop3.server.presets"] = true, ["pop3.message.mbox"] = true }
-- Names of types in the comments: those of interfaces, and short ones.
local TYPES = { store = "pop3.interface.store", maildrop = "pop3.interface.maildrop",
                transport = "pop3.interface.transport", state = "pop3.sync.state",
                message = "pop3.message", part = "pop3.message",
                ["pop3.core.tls"] = "table" }
-- What is returned with a failure, by its name in the comments.
local FAILURE = { message = "string", code = "pop3.code", reply = "pop3.reply",
                  reason = "string", error = "string", result = "pop3.sync.result" }
-- Fields of the module that are tables of functions.
local TABLES = { message = "pop3.message.lib", server = "pop3.server.lib",
                 store = "pop3.store.lib", loop = "pop3.loop.lib",
                 state = "pop3.state.lib" }
local CODES = { "connect", "timeout", "closed", "tls", "auth", "err", "proto", "limit",
                "state", "charset", "io" }

-- The lines of the file; the names of classes that were used, and those of tables of
-- options that were written.
local out, known, options = {}, {}, {}

local function put(format, ...)
  out[#out + 1] = select("#", ...) > 0 and format:format(...) or format
end

local function line_of(text)
  return ((text or ""):gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
end

-- A text as comment lines.
local function describe(text)
  for line in ((text or ""):gsub("%s+$", "") .. "\n"):gmatch "(.-)\n" do
    put("---%s", line:gsub("^ ", ""))
  end
end

-- ------------------------------------------------------------------- types

-- The words in quotes that begin the clauses of a text: what an option may be. nil if
-- there are other words in quotes.
local function choices(text)
  if not text:find '^%s*"' then return nil end
  local list, seen, at = {}, {}, 1
  text = line_of(text:gsub("%s*%b()", ""))
  while at do
    local word, stop = text:match('^"([%w%-%.%?+]+)"()', at)
    if not word then return nil end
    if not seen[word] then list[#list + 1] = ('"%s"'):format(word) end
    seen[word] = true
    at = text:match('^,? or ()"', stop) or text:match('^[^",;]*[,;] ()"', stop)
         or text:match('^[^";]*; ()"', stop)
  end
  for word in text:gmatch '"([^"]*)"' do
    if not seen[word] then return nil end
  end
  return table.concat(list, "|")
end

-- `function(a, b)` in a text, as a type. The names of arguments tell their types.
local ARGUMENTS = { session = "pop3.server.session", message = "pop3.message",
                    direction = "string", line = "string", host = "string",
                    name = "string", command = "string", n = "integer" }
local function callback(text)
  local names = line_of(text):match "`function%(([%w_, %.]*)%)"
                or line_of(text):match "^`fn%(([%w_, %.]*)%)"
  if not names then return "function" end
  local params = {}
  for name in names:gmatch "[%w_%.]+" do
    params[#params + 1] = name .. ": " .. (ARGUMENTS[name] or "any")
  end
  return ("fun(%s): any"):format(table.concat(params, ", "))
end

-- An iterator that a text describes, as a type.
local ITERATED = { handles = "pop3.handle", message = "pop3.message",
                   part = "pop3.message", offset = "integer" }
local function iterator(text)
  local names = line_of(text):match "^iterator of ([%w_ ,]+)"
  local values = {}
  for name in names:gsub(" and", ","):gmatch "[^,]+" do
    name = name:match "^%s*(.-)%s*$"
    if name ~= "" and name ~= "or nil" then
      values[#values + 1] = ITERATED[name] or "string"
    end
  end
  return ("fun(): %s"):format(table.concat(values, ", "))
end

-- Each `{ a =, b = }` of a text, as one type. If the value is always a table, the text
-- must begin with it: later ones are parts of the value.
local function inline_table(text, value, always)
  local fields = {}
  if always and not text:find "^%s*`{" then return "table" end
  for names in line_of(text):gmatch "`{ ([^}]*) }`" do
    for name in names:gmatch "([%a_][%w_]*) =" do
      fields[#fields + 1] = ("%s?: %s"):format(name, value)
    end
  end
  return #fields > 0 and "{ " .. table.concat(fields, ", ") .. " }" or "table"
end

local as_type

-- One alternative of a type in the comments. `class` stands for a table.
local function one_type(name, text, class, whole)
  name = name:gsub("^%s+", ""):gsub("[%s;,]+$", "")
  local optional = name:match "^%?(.+)$"
  if optional then return as_type(optional, text, class) .. "|nil" end
  local key, value = name:match "^{%[(.-)%]=(.-),?%.*}$"
  if key then
    return ("table<%s, %s>"):format(as_type(key, ""), as_type(value, ""))
  end
  local item = name:match "^{(.-),%.%.%.}$"
  if item == "table" then return inline_table(text, "any") .. "[]" end
  if item then return as_type(item, "") .. "[]" end
  local fields = name:match "^{(.*=.*)}$"
  if fields then return "{ " .. fields:gsub("=", ": "):gsub(",", ", ") .. " }" end
  if name == "table" and text:find "^%s*reply%s*$" then return "pop3.reply" end
  if name == "table" then
    return class or inline_table(text,
      whole:find "number" and "number" or "any", not whole:find "[%w}]|[%w{]"
      or whole:find "^table|nil$")
  end
  if name == "function" and text:find "hook of an event loop" then
    return "pop3.loop.hook"
  elseif name == "function" then
    return text:find "^%s*iterator of" and iterator(text) or callback(text)
  end
  if name == "string" then
    return choices(text) or text:find '^%s*code "' and "pop3.code" or "string"
  end
  if TYPES[name] then return TYPES[name] end
  if name:find "^pop3%." then known[name] = true end
  return name
end

-- A type in the comments ("?string", "{string,...}", "a|b") as LuaCATS has it.
-- `text` is the comment's text about the value.
function as_type(name, text, class)
  local list, seen = {}, {}
  local depth, word = 0, ""
  for c in (name .. "|"):gmatch "." do
    if c == "{" then depth = depth + 1 elseif c == "}" then depth = depth - 1 end
    if c == "|" and depth == 0 then
      local type = one_type(word, text or "", class, name)
      local optional = type:find "|nil$"
      if optional then type = type:gsub("|nil$", "") end
      if not seen[type] then list[#list + 1] = type end
      if optional and not seen["nil"] then list[#list + 1] = "nil" end
      seen[type], seen["nil"], word = true, seen["nil"] or optional, ""
    else
      word = word .. c
    end
  end
  if seen["nil"] then  -- at the end
    for i = #list, 1, -1 do
      if list[i] == "nil" then table.remove(list, i) end
    end
    list[#list + 1] = "nil"
  end
  for i, type in ipairs(list) do
    if #list > 1 and type:find "^fun%(" then list[i] = "(" .. type .. ")" end
  end
  return table.concat(list, "|")
end

-- ------------------------------------------------------------- functions

local function modifiers(item, kind, name)
  return item.modifiers and item.modifiers[kind] and item.modifiers[kind][name] or {}
end

-- The class of a parameter that is a table of options; it is written here. nil if
-- nothing is said of its fields.
local function options_class(item, param, name)
  local fields = {}
  for _, sub in ipairs(item.subparams and item.subparams[param] or {}) do
    local text, mod = item.params.map[sub] or "", modifiers(item, "param", sub)
    fields[#fields + 1] = { sub:match "%.(.*)$", as_type(mod.type or "any", text),
                            mod.opt ~= nil, line_of(text), mod.opt }
  end
  if #fields == 0 then
    local other = (item.params.map[param] or ""):match "^%s*as for `([%w_%.]+)`"
    if not other then return nil end
    other = (other:find "%." and other or name:match "^(.*%.)" .. other) .. ".opts"
    known[other] = true
    return other
  end
  local class = ("%s.%s"):format(name, param)
  options[class] = true
  put("---@class %s", class)
  for _, f in ipairs(fields) do
    put("---@field %s%s %s %s%s", f[1], f[3] and "?" or "", f[2], f[4],
        type(f[5]) == "string" and (" (default: %s)"):format(f[5]) or "")
  end
  put ""
  return class
end

-- A type that may be nil, too.
local function or_nil(type)
  if type:find "^fun%(" then type = "(" .. type .. ")" end
  return type:find "|nil$" and type or type .. "|nil"
end

-- What a function returns: a list of { type, text } by position.
local function returns_of(item)
  local list, failed = {}, {}
  for _, group in ipairs(item.retgroups or {}) do
    for i, value in ipairs(group) do
      local text = line_of(value.text)
      local type = as_type(value.type or "any", text)
      if not list[i] then
        list[i] = { type, text }
      elseif not ("|" .. list[i][1] .. "|"):find("|" .. type .. "|", 1, true) then
        list[i][1] = list[i][1] .. "|" .. type
      end
      local failure = group == item.retgroups[1] and #item.retgroups == 1
                      and text:match "%f[%w]nil, ([%w_, \"]+)"
      if failure and i == 1 then
        list[1][1] = or_nil(list[1][1])
        local n = 1
        for name in failure:gmatch '["%w_]+' do
          local kind = FAILURE[name] or name:find '^"' and "string"
          if not kind then break end
          n = n + 1
          failed[n] = { kind, name:find '^"' and "code" or name }
        end
      end
    end
  end
  for n, value in pairs(failed) do  -- beside what a success returns there
    local there = list[n]
    if there then there[1] = or_nil(value[1] .. "|" .. there[1]:gsub("|nil$", ""))
    else list[n] = { or_nil(value[1]), value[2] } end
  end
  -- a group [1] without the places of [2] is nil there
  local first = item.retgroups and item.retgroups[1]
  if first and #item.retgroups > 1 then
    for i = #first + 1, #list do
      list[i][1] = or_nil(list[i][1])
    end
  end
  return list
end

-- The parameters of a function in order: a list of { name, type, optional, text }.
local function params_of(item, name, first)
  local list = {}
  for i, param in ipairs(item.params or {}) do
    if i >= first then
      local text, mod = item.params.map[param] or "", modifiers(item, "param", param)
      local declared = mod.type or "any"
      local class
      if declared:find "table" then
        class = options_class(item, param, name)
                or text:find "`opts` itself" and name .. ".opts"
      end
      local type = as_type(declared, text, class or nil)
      local optional = mod.opt ~= nil
      if type:find "|nil$" then type, optional = type:gsub("|nil$", ""), true end
      list[#list + 1] = { param, type, optional, line_of(text) }
    end
  end
  return list
end

-- A function or a method of the local table `owner`, which is a `class`; its options
-- get classes whose names begin with `name`.
local function write_function(item, class, owner, separator, short, name)
  local params = params_of(item, name, 1)
  local rest = item.description or ""
  describe(item.summary .. (rest:find "^%s*\n%s*\n" and "\n\n" or " ")
           .. rest:gsub("^%s+", ""))
  local names = {}
  for _, p in ipairs(params) do
    names[#names + 1] = p[1]
    put("---@param %s%s %s %s", p[1], p[3] and "?" or "", p[2], p[4])
  end
  local returns = returns_of(item)
  local last, first = params[#params], returns[1]
  -- with an optional argument another type is returned: octets, or with a sink their
  -- count; a table, or with a number one value of it
  local without, with
  if last and last[3] and first then
    if last[1] == "sink" then
      without, with = first[1]:match "^(string)|(integer.*)$"
    elseif #params == 1 then
      without, with = first[1]:match "^(table)|(.*)$"
    end
  end
  if without then
    local before, types = {}, { or_nil(without) }
    if separator == ":" then before[1] = "self: " .. class end
    for i = 1, #params - 1 do
      before[#before + 1] = params[i][1] .. ": " .. params[i][2]
    end
    for i = 2, #returns do types[i] = returns[i][1] end
    put("---@overload fun(%s): %s", table.concat(before, ", "),
        table.concat(types, ", "))
    first[1] = with
  end
  for _, r in ipairs(returns) do
    put("---@return %s%s", r[1], r[2] ~= "" and " # " .. r[2] or "")
  end
  put("function %s%s%s(%s) end\n", owner, separator, short, table.concat(names, ", "))
end

-- A function as the type of a field.
local function function_type(item)
  local params, returns = {}, {}
  for _, p in ipairs(params_of(item, item.name, 1)) do
    params[#params + 1] = ("%s%s: %s"):format(p[1], p[3] and "?" or "", p[2])
  end
  for _, r in ipairs(returns_of(item)) do returns[#returns + 1] = r[1] end
  -- the handler of a command
  if item.name:find "^%u+%d?$" then returns = { "pop3.server.session.reply" } end
  return ("fun(%s)%s"):format(table.concat(params, ", "),
    #returns > 0 and ": " .. table.concat(returns, ", ") or "")
end

-- ---------------------------------------------------------------- the pages

-- Fields of a table in the comments (@tfield, or @field with "type. text").
local function write_fields(item)
  for _, name in ipairs(item.params) do
    local text, mod = item.params.map[name] or "", modifiers(item, "field", name)
    local type = mod.type
    local optional = type and type:find "^%?"
    if type then
      type = as_type(type:gsub("^%?", ""), text)
    else  -- "integer of octets, 1 or more. At: reply. ..."
      local kind = line_of(text):match "^(.-)%. "
      optional = true
      local fields = {}
      for field, value in kind:gmatch "`([%w_]+)`: ([^;]*)" do
        fields[#fields + 1] = ("%s?: %s"):format(field, choices(value)
                                                        or value:match "^%a+")
      end
      type = #fields > 0 and "{ " .. table.concat(fields, ", ") .. " }"
             or choices(kind) or kind:match "^%a+"
      if type == "function" then type = callback(text) end
    end
    put("---@field %s%s %s %s", name, optional and "?" or "", type, line_of(text))
  end
end

local hooks = {}    -- of event loops: `wait`, and the loops that have one
local classes = {}  -- name → { fields =, functions =, summary = }, in order

local function class_of(name, summary)
  local class = classes[name]
  if not class then
    class = { name = name, fields = {}, functions = {}, handlers = {} }
    classes[name] = class
    classes[#classes + 1] = class
  end
  class.summary = class.summary or summary
  return class
end

-- Put the items of a module where they belong.
local function sort_out(module)
  local base = module.name
  local page = TYPES[base] or base
  if module.type == "classmod" or module.type == "interface" then
    class_of(page, module.summary)
  elseif HOME[base] and HOME[base] ~= "pop3" or base == "pop3" then
    class_of(HOME[base] or base, module.summary)
  end
  for item in module.items:iter() do
    local name = item.name
    local owner, separator, short = name:match "^(.*)([.:])([^.:]+)$"
    if item.type == "table" then
      if base == "pop3.server.fault" then
        table.insert(class_of(base, module.summary).fields, item)
      elseif short == "fields" or name == "fields" then
        table.insert(class_of(base, module.summary).fields, item)
      else
        table.insert(class_of(base .. "." .. (short or name), item.summary).fields,
                     item)
      end
    elseif item.type == "field" then
      if not TABLES[name] and name ~= "core" and name ~= "sync" and name ~= "record"
         and name ~= "check" then
        table.insert(class_of(base).fields, item)
      end
    elseif base == "pop3.loop" and name ~= "own" then
      class_of("pop3.loop.lib", module.summary)
      hooks[#hooks + 1] = item
    elseif base == "pop3.server.handlers" then
      table.insert(class_of(base, module.summary).handlers, item)
      table.insert(class_of("pop3.server.defaults", "The default handlers.").handlers,
                   item)
    elseif owner == nil then
      local home = HOME[base] or page
      local mark = module.type == "interface" and ":" or "."
      table.insert(class_of(home).functions, { item, mark, name })
    elseif owner == "pop3.server" and separator == "." then
      table.insert(class_of("pop3.server.lib").functions, { item, ".", short })
    elseif owner == base or owner == "m" then
      table.insert(class_of(base).functions, { item, separator, short })
    elseif owner == "state" then  -- state.file
      table.insert(class_of("pop3.state.lib").functions, { item, ".", short })
    else  -- such as condition:wait
      local class = class_of((base == "pop3.loop.own" and "pop3.loop" or base)
                             .. "." .. owner)
      table.insert(class.functions, { item, separator, short })
    end
  end
end

-- The short name of the local table of a class.
local function local_name(name)
  return (name:gsub("%.lib$", ""):match "[^.]+$")
end

local function write_class(class)
  local whole = class.name == "pop3"
  if not whole then put("do") end
  if class.summary then describe(class.summary) end
  put("---@class %s", class.name)
  for _, item in ipairs(class.fields) do
    if item.type == "table" then write_fields(item)
    else put("---@field %s string %s", item.name, line_of(item.summary)) end
  end
  local always = class.name == "pop3.server.defaults" and "" or "?"
  for _, item in ipairs(class.handlers) do
    put("---@field %s%s %s %s", item.name, always, function_type(item),
        line_of(item.summary))
  end
  if class.name == "pop3.server.handlers" then
    put("---@field [string] fun(session: pop3.server.session, ...: any): "
        .. "pop3.server.session.reply?")
  elseif class.name == "pop3.loop.lib" then
    for _, hook in ipairs(hooks) do
      if hook.name ~= "wait" then
        put("---@field %s pop3.loop.hook %s", hook.name, line_of(hook.summary))
      end
    end
  elseif class.name == "pop3.server.lib" then
    put("---@field presets pop3.server.presets the known servers, by name; a call "
        .. "lists the names")
  elseif whole then
    local names = {}
    for name in pairs(TABLES) do names[#names + 1] = name end
    table.sort(names)
    for _, name in ipairs(names) do put("---@field %s %s", name, TABLES[name]) end
    put("---@field core table the part in C")
    put("---@field _VERSION string such as \"lpop3 1.0.0\"")
  end
  local owner = local_name(class.name)
  put("local %s = {}\n", owner)
  for _, entry in ipairs(class.functions) do
    local item, separator, short = table.unpack(entry)
    write_function(item, class.name, owner, separator, short,
                   (class.name:gsub("%.lib$", "")) .. "." .. short)
  end
  if not whole then put("end\n") end
end

local function write_all(modules)
  put("---@meta pop3")
  put("-- Annotations (LuaCATS) for editors: which functions, methods and options "
      .. "there are.")
  put("-- Written by make meta from the comments of the sources. Never loaded.")
  put("-- luacheck: ignore\n")
  put("---@alias pop3.code %s\n", '"' .. table.concat(CODES, '"|"') .. '"')
  put("---@class pop3.reply what a server said with -ERR")
  put("---@field text string without the response code")
  put("---@field code string? the response code in upper case, such as \"IN-USE\"\n")
  put("---@class pop3.server.presets")
  put("---@field [string] table")
  put("---@overload fun(): string[]\n")
  for module in modules:iter() do
    if module.type ~= "topic" and module.type ~= "example"
       and module.type ~= "engine" and not LEFT_OUT[module.name] then
      sort_out(module)
    end
  end
  -- the module pop3 itself is last: it is what the file returns
  for _, hook in ipairs(hooks) do
    if hook.name == "wait" then
      put("---@alias pop3.loop.hook %s\n", function_type(hook))
    end
  end
  for _, class in ipairs(classes) do
    if class.name ~= "pop3" then write_class(class) end
  end
  write_class(classes.pop3)
  put("return pop3")
  -- a type that has no page here is a table
  for i, line in ipairs(out) do
    for name in pairs(known) do
      if not (classes[name] or options[name]) and line:find "^%-%-%-@" then
        local place = "%f[%w_.]" .. name:gsub("%.", "%%.") .. "%f[^%w_.]"
        out[i] = line:gsub("^[^#`]*", function(types)
          return (types:gsub(place, "table"))
        end, 1)
        line = out[i]
      end
    end
  end
end

--- Write the file that META names.
-- @param modules what LDoc read
function annotations.write(modules)
  write_all(modules)
  local f = assert(io.open(assert(os.getenv "META"), "wb"))
  for _, line in ipairs(out) do
    assert(f:write((line:gsub("[ \t]+\n", "\n"):gsub("[ \t]+$", "")), "\n"))
  end
  assert(f:close())
end

return annotations
