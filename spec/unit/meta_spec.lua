-- The annotations for editors are those of the comments, and cover the whole library:
-- functions, parameters, fields, options and their values.

if os.getenv "LPOP3_SANITIZED" then return end  -- LDoc is a program of its own

local helper = require "spec.helper"
local pop3 = require "pop3"
local tempdir = require "spec.support.tempdir"

local PATH = "lua/pop3/meta.lua"

local read = helper.read

-- What the file declares: class → { fields = name → { type, optional }, functions =
-- name → { params, method } }.
local function classes_of(text)
  local classes, current, owner = {}, nil, nil
  for line in text:gmatch "[^\n]*" do
    local class = line:match "^%-%-%-@class ([%w_.]+)"
    if class then
      assert(not classes[class], "declared twice: " .. class)
      current = { fields = {}, functions = {} }
      classes[class] = current
    end
    local field, mark, rest = line:match "^%-%-%-@field ([%w_]+)(%??) (.*)$"
    if field then
      assert(not current.fields[field], "declared twice: " .. field)
      current.fields[field] = { type = rest, optional = mark == "?" }
    end
    if line:find "^local [%w_]+ = {}$" then owner = current end
    local separator, name, params =
      line:match "^function [%w_]+([.:])([%w_]+)%((.-)%) end$"
    if name then
      local list = {}
      for param in params:gmatch "[%w_.]+" do list[#list + 1] = param end
      assert(not owner.functions[name], "declared twice: " .. name)
      owner.functions[name] = { params = list, method = separator == ":" }
    end
  end
  return classes
end

describe("lua/pop3/meta.lua", function()
  local text, classes = read(PATH), nil

  setup(function() classes = classes_of(text) end)

  local function names_of(t)
    local list = {}
    for name in pairs(t) do list[#list + 1] = name end
    table.sort(list)
    return list
  end

  it("is the output of make meta", function()
    local dir <close> = tempdir()
    local p = assert(io.popen(("make -s meta META='%s/meta.lua' 2>&1"):format(dir.path)))
    local said = p:read "a"
    assert(p:close(), said)
    assert.equal("", said)
    assert.is_true(dir:read "meta.lua" == text, "run make meta, and look at the difference")
  end)

  it("is Lua, and defines only locals", function()
    local env = setmetatable({}, { __newindex = function(_, name)
      error("a global: " .. name)
    end })
    assert.equal("table", type(assert(loadfile(PATH, "t", env))()))
    assert.equal("---@meta pop3", text:match "^[^\n]*")
  end)

  it("has types that are declared in it", function()
    for line in text:gmatch "[^\n]+" do
      local kind, rest = line:match "^%-%-%-@(%l+) (.*)$"
      if kind == "field" or kind == "param" then rest = rest:match "^%S+ (.*)$" end
      if kind == "field" or kind == "param" or kind == "return" then
        for name in rest:match "^[^#`]*":gmatch "%f[%w_]pop3%.[%w_.]+" do
          local class = name:gsub("%.$", "")
          local alias = text:find("\n---@alias " .. class .. " ", 1, true)
          assert.truthy(alias or classes[class], class .. " in " .. line)
        end
      end
    end
  end)

  -- Parameters of a function in Lua; nil for one in C.
  local function params_of(f)
    if debug.getinfo(f, "S").what == "C" then return nil end
    local info, list = debug.getinfo(f, "u"), {}
    for i = 1, info.nparams do list[i] = debug.getlocal(f, i) end
    if info.isvararg then list[#list + 1] = "..." end
    return list
  end

  -- What a class declares, a table has, with these parameters; and it declares these
  -- names, or all functions of the table.
  local function same(class, functions, names)
    local declared = assert(classes[class], class).functions
    for name, d in pairs(declared) do
      assert.equal("function", type(functions[name]), class .. "." .. name)
      local params = params_of(functions[name])
      if params then
        if d.method then table.remove(params, 1) end
        if params[1] == "..." then params = d.params end  -- it checks them itself
        assert.same(params, d.params, class .. "." .. name)
      end
    end
    for name in (names or ""):gmatch "%S+" do
      assert.truthy(declared[name], class .. " lacks " .. name)
    end
    for name, f in pairs(names and {} or functions) do
      assert.truthy(type(f) ~= "function" or name:find "^_" or declared[name],
                    class .. " lacks " .. name)
    end
  end

  local function logged_in()
    local server = pop3.server.new { users = { u = { password = "p",
      mail = { "Date: Thu, 12 Nov 2026 10:00:00 +0100\r\n\r\nc\r\n" } } } }
    return assert(pop3.connect { transport = server:loopback(), user = "u",
                                 password = "p" }), server
  end

  it("has the methods of sessions and handles", function()
    local s <close> = logged_in()
    same("pop3.session", getmetatable(s).__index, "login stls capa supports stat list "
      .. "uidl retr save top message headers retr_many messages dele rset noop utf8 "
      .. "lang command state is_secure greeting quit close")
    for m in assert(s:messages()) do
      same("pop3.handle", getmetatable(m).__index)
      for name in pairs(classes["pop3.handle"].fields) do
        assert.truthy(m[name] ~= nil, name)
      end
    end
  end)

  it("has the functions of the modules", function()
    local functions = {}
    for name in pairs(classes.pop3.functions) do
      local part = pop3[name]
      functions[name] = type(part) == "table" and getmetatable(part).__call or part
    end
    same("pop3", functions, "connect maildir mbox lmtp pipe sync record check")
    for name, field in pairs(classes.pop3.fields) do
      local type_of = type(pop3[name])
      assert.equal(field.type:match "^string" or "table", type_of, name)
    end
    for name, f in pairs(classes["pop3.server.lib"].functions) do
      assert.equal("function", type(pop3.server[name]), name)
      assert.same(params_of(pop3.server[name]), f.params, name)
    end
    assert.equal("copas cqueues luv",
                 table.concat(names_of(classes["pop3.loop.lib"].fields), " "))
    assert.same({ "own" }, names_of(classes["pop3.loop.lib"].functions))
    for name in pairs(classes["pop3.state.lib"].functions) do
      assert.equal("function", type(pop3.state[name]), name)
    end
    local loop <close> = pop3.loop.own()
    local own = {}
    for name in pairs(classes["pop3.loop.own"].functions) do own[name] = loop[name] end
    same("pop3.loop.own", own)
  end)

  it("has the functions and methods of messages", function()
    same("pop3.message.lib", pop3.message)
    local tables = require "pop3.core".message
    same("pop3.message", tables.methods)
    local m = pop3.message.parse("From: a@b.example\r\n"
      .. "Date: Thu, 12 Nov 2026 10:00:00 +0100\r\n\r\n")
    for name in pairs(classes["pop3.message"].fields) do
      assert.has_no.errors(function() return m[name] end)
    end
    for name in pairs(tables.getters) do
      if not name:find "^_" then
        assert.truthy(classes["pop3.message"].fields[name], name)
      end
    end
    for class, value in pairs { address = m.from[1], date = m.date } do
      for name in pairs(value) do
        assert.truthy(classes["pop3.message." .. class].fields[name], name)
      end
    end
  end)

  it("has the methods of servers and runs", function()
    local server = pop3.server.new {}
    local methods = {}
    for name in pairs(classes["pop3.server"].functions) do
      methods[name] = rawget(server, name)
    end
    same("pop3.server", methods, "fault fork loopback listen step run stop now advance "
      .. "reset snapshot user preset list_faults clear_faults list_sessions drop "
      .. "transcript verify count wait_for mailbox deliver client_certificate")
    local run <close> = server:fork()
    same("pop3.run", getmetatable(run).__index)
    for name, field in pairs(classes["pop3.run"].fields) do
      assert.truthy(field.optional or run[name], name)
    end
  end)

  it("has the handlers, and their arguments", function()
    local server = pop3.server.new { users = { u = { password = "p", mail = {} } } }
    local declared = classes["pop3.server.handlers"].fields
    for name, handler in pairs(server.default) do
      assert.truthy(declared[name], name)
      local params = {}
      for param in declared[name].type:match "^fun%((.-)%)":gmatch "([%w_]+)%??: " do
        params[#params + 1] = param
      end
      assert.equal(#params_of(handler), #params, name)
    end
    local methods, fields
    function server.on.NOOP(session)
      methods = getmetatable(session).__index
      fields = {}
      for name in pairs(classes["pop3.server.session"].fields) do
        fields[name] = session[name]
      end
      return session:ok()
    end
    local s <close> = assert(pop3.connect { transport = server:loopback(), user = "u",
                                            password = "p" })
    assert(s:noop())
    for name, f in pairs(classes["pop3.server.session"].functions) do
      assert.equal("function", type(methods[name]), name)
      local params = params_of(methods[name])
      table.remove(params, 1)
      assert.same(params, f.params, name)
    end
    for name, field in pairs(classes["pop3.server.session"].fields) do
      assert.truthy(field.optional or fields[name] ~= nil, name)
    end
  end)

  it("has the stores and the interfaces", function()
    same("pop3.store.lib", pop3.store, "memory files maildir mbox")
    local drop = assert(pop3.store.memory { "a: b\r\n\r\nc\r\n" }:open "u")
    for name in pairs(classes["pop3.interface.maildrop"].functions) do
      assert.truthy(drop[name] or name == "source" or name == "total", name)
    end
  end)

  -- The options that a call knows, from the error about one that it does not.
  local BAD = "no such option"
  local function known(call, ...)
    local ok, message = pcall(call, ...)
    assert.is_false(ok)
    local list = {}
    for name in assert(message:match "%(known: (.-)%)", message):gmatch "[^, ]+" do
      list[#list + 1] = name
    end
    return list
  end

  it("has the options of functions", function()
    local s <close>, server = logged_in()
    local bad = { [BAD] = true }
    local m = pop3.message.parse ""
    local count = 0
    for class, list in pairs {
      ["pop3.connect.opts"] = known(pop3.connect, bad),
      ["pop3.maildir.opts"] = known(pop3.maildir, "p", bad),
      ["pop3.mbox.opts"] = known(pop3.mbox, "p", bad),
      ["pop3.lmtp.opts"] = known(pop3.lmtp, bad),
      ["pop3.pipe.opts"] = known(pop3.pipe, "p", bad),
      ["pop3.sync.opts"] = known(pop3.sync, s, bad),
      ["pop3.record.opts"] = known(pop3.record, bad),
      ["pop3.check.opts"] = known(pop3.check, bad),
      ["pop3.session.login.opts"] = known(s.login, s, "u", "p", bad),
      ["pop3.session.messages.opts"] = known(s.messages, s, bad),
      ["pop3.session.command.opts"] = known(s.command, s, "NOOP", bad),
      ["pop3.message.parse.opts"] = known(pop3.message.parse, "", bad),
      ["pop3.message.stream.handlers"] = known(pop3.message.stream, bad),
      ["pop3.message.text.opts"] = known(m.text, m, bad),
      ["pop3.message.html.opts"] = known(m.html, m, bad),
      ["pop3.message.dkim.opts"] = known(m.dkim, m, bad),
      ["pop3.server.new.opts"] = known(pop3.server.new, bad),
      ["pop3.server.replay.opts"] = known(pop3.server.replay, "p", bad),
      ["pop3.server.user_fields"] = known(pop3.server.new, { users = { u = bad } }),
      ["pop3.server.fault"] = known(server.fault, server, bad),
      ["pop3.store.maildir.opts"] = known(pop3.store.maildir, "/nowhere", bad),
    } do
      table.sort(list)
      assert.same(list, names_of(assert(classes[class], class).fields), class)
      count = count + #list
    end
    assert.is_true(count > 150)
  end)

  it("has the values that options may have", function()
    local s <close> = logged_in()
    local count = 0
    for class, call in pairs {
      ["pop3.connect.opts"] = pop3.connect, ["pop3.check.opts"] = pop3.check,
      ["pop3.sync.opts"] = function(opts) return pop3.sync(s, opts) end,
      ["pop3.session.messages.opts"] = function(opts) return s:messages(opts) end,
      ["pop3.maildir.opts"] = function(opts) return pop3.maildir("p", opts) end,
      ["pop3.pipe.opts"] = function(opts) return pop3.pipe("p", opts) end,
    } do
      for name, field in pairs(classes[class].fields) do
        local _, message = pcall(call, { [name] = "?" })
        local values = type(message) == "string"
                       and message:match("'" .. name .. "' must be one of: ([^\n]*)$")
        if values then
          local list = {}
          for value in values:gmatch "[^, ]+" do list[#list + 1] = value end
          local declared = {}
          for value in field.type:match '^["%w%-.?|]*':gmatch '"([^"]*)"' do
            declared[#declared + 1] = value
          end
          table.sort(declared)
          table.sort(list)
          assert.same(list, declared, class .. ": " .. name)
          count = count + 1
        end
      end
    end
    assert.is_true(count >= 8, count)
  end)

  it("says which arguments and options are needed", function()
    local function needed(class)
      local list = {}
      for name, field in pairs(classes[class].fields) do
        if not field.optional then list[#list + 1] = name end
      end
      table.sort(list)
      return table.concat(list, " ")
    end
    assert.equal("", needed "pop3.server.new.opts")
    assert.equal("into state", needed "pop3.sync.opts")
    assert.equal("file upstream", needed "pop3.record.opts")
    assert.equal("to", needed "pop3.lmtp.opts")
    assert.equal("", needed "pop3.server.fault")
  end)
end)
