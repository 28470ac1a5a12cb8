--- Makes a server from a test case of curl, for `pop3.server.replay`. The
-- format is described in curl's docs/tests/FILEFORMAT.md. Replies that the case
-- does not give are those of curl's tests/ftpserver.pl.
--
-- Supported are `<data>` (the message with stuffed dots; `<data1>` and so on
-- for message numbers above 10000; `hex="yes"`), and in `<servercmd>`: `REPLY
-- verb text`, `REPLY "whole line" text`, `REPLYLF`, `CAPA`, `AUTH`, `COUNT verb
-- n` (the reply applies to the first n commands), `DELAY verb seconds`,
-- `SLOWDOWN`. They start again with each connection. `%hex[`, `%b64[`,
-- `%repeat[`, `%TESTNUMBER`, `%HOSTIP`, `%POP3PORT` and `%CR` are replaced. Any
-- user may log in.
-- @module pop3.record.curl
-- @local

local core = require "pop3.core"
local handlers = require "pop3.server.handlers"
local raw_server = require "pop3.server.raw"

-- The content of an element, and its attributes.
local function part(text, name)
  local attributes, inside =
    text:match("<" .. name .. "(%f[%s>][^>]*)>\r?\n?(.-)</" .. name .. ">")
  return inside, attributes
end

local function crlf(text)
  return (text:gsub("\r?\n", "\r\n"))
end

local function of_percent(text)
  return (text:gsub("%%(%x%x)", function(x)
    return string.char(tonumber(x, 16))
  end))
end

-- The text of a case with its variables replaced.
local function prepared(text, values)
  text = text:gsub("%%(%u[%u%d]*)", values)
  text = text:gsub("%%repeat%[(%d+) x (.-)%]%%", function(n, octets)
    return of_percent(octets):rep(tonumber(n))
  end)
  text = text:gsub("%%b64%[(.-)%]b64%%", function(octets)
    return core.sasl.encode(of_percent(octets))
  end)
  return (text:gsub("%%hex%[(.-)%]hex%%", of_percent))
end

-- The text of a reply, with the escapes of a string of Perl.
local ESCAPES = { r = "\r", n = "\n", t = "\t", ["0"] = "\0", e = "\27" }

local function unescape(text)
  return (text:gsub("\\(.)(%x?%x?)", function(one, hex)
    if one == "x" and hex ~= "" then return string.char(tonumber(hex, 16)) end
    return (ESCAPES[one] or one) .. hex
  end))
end

-- Names separated by spaces; a quoted name may contain spaces.
local function names_of(text)
  local list, at = {}, 1
  while true do
    local name, stop = text:match('^%s*"([^"]*)"()', at)
    if not name then name, stop = text:match("^%s*(%S+)()", at) end
    if not name then return list end
    list[#list + 1], at = name, stop
  end
end

-- The commands of <servercmd>.
local function commands_of(text)
  local c = { replies = {}, counts = {}, delays = {}, capa = {}, mechs = {} }
  for line in (text or ""):gmatch "[^\r\n]+" do
    local word, rest = line:match "^%s*(%S+)%s*(.*)$"
    local verb, value = (rest or ""):match "^(%S+)%s?(.*)$"
    if word == "REPLY" or word == "REPLYLF" then
      local whole, said = rest:match '^"([^"]+)" (.*)$'
      if whole then verb, value = whole, said end
      if verb and value ~= "" then
        c.replies[verb] = unescape(value) .. (word == "REPLYLF" and "\n" or "")
      end
    elseif word == "COUNT" and verb then c.counts[verb] = tonumber(value)
    elseif word == "DELAY" and verb then c.delays[verb] = tonumber(value)
    elseif word == "SLOWDOWN" then c.slow = true
    elseif word == "CAPA" then
      c.capa = names_of(rest)
      for _, name in ipairs(c.capa) do c.capa[name] = true end
    elseif word == "AUTH" then c.mechs[1] = rest end
  end
  return c
end

-- The list for `verify` from <protocol>; without that element, any commands.
local function expected(text)
  local list = {}
  local protocol = part(part(text, "verify") or "", "protocol")
  if not protocol then return { { anything = true } } end
  for line in protocol:gmatch "[^\r\n]+" do
    local verb = line:match "^%S+"
    if verb == "PASS" then line = "PASS ***"
    elseif verb == "APOP" or verb == "AUTH" then
      line = line:gsub("^(%S+ %S+) .*$", "%1 ***")
    elseif not line:find "^%u[%u%d]+%f[ \0]" or #line > 60 then line = "***" end
    list[#list + 1] = line
  end
  return list
end

local LIST = { "1 100", "2 4294967400", "3 200" }
local UIDL = { "1 1", "2 2", "3 4" }
local STAMP = "<1972.987654321@curl>"

local SLOW = { drip = { bytes = 1, every = 0.01 } }

-- A message as it is in the file; the author of the case has stuffed the dots.
local function mail(session, octets)
  local reply = session:raw("+OK Mail transfer starts\r\n" .. octets .. ".\r\n")
  reply.status = "+OK"
  return reply
end

local function unknown(session) return session:err "Unrecognized command" end

-- The replies of curl's server, by verb.
local function default_handlers(message)
  local h = {}
  function h.CAPA(session)
    local lines, c = {}, session.data.case
    for _, name in ipairs(c.capa) do
      if name ~= "APOP" then lines[#lines + 1] = name end
    end
    if c.mechs[1] then lines[#lines + 1] = "SASL " .. c.mechs[1] end
    if not lines[1] then return unknown(session) end
    lines[#lines + 1] = "IMPLEMENTATION POP3 pingpong test server"
    return session:multi("List of capabilities follows", lines)
  end
  function h.USER(session) return session:ok() end
  function h.PASS(session) return session:ok "Login successful" end
  function h.APOP(session)
    if not session.data.case.capa.APOP then return unknown(session) end
    return session:ok "Login successful"
  end
  function h.AUTH(session)
    local c = session.data.case
    if not c.mechs[1] then return unknown(session) end
    return session:multi("List of supported mechanisms",
                         { (c.mechs[1]:gsub(" ", "\r\n")) })
  end
  function h.RETR(session, rest)
    return mail(session, message(rest))
  end
  function h.LIST(session) return session:multi("Listing starts", LIST) end
  function h.UIDL(session)
    if not session.data.case.capa.UIDL then return unknown(session) end
    return session:multi("Listing starts", UIDL)
  end
  function h.TOP(session, rest)
    if not session.data.case.capa.TOP then return unknown(session) end
    return mail(session, message(rest:match "^%S*"))
  end
  function h.DELE(session, rest)
    if rest == "" then return session:err "Protocol error" end
    return session:ok()
  end
  function h.STAT(session) return session:ok "3 4294967800" end
  function h.NOOP(session) return session:ok() end
  h.RSET = h.NOOP
  function h.QUIT(session)
    local reply = session:ok "curl POP3 server signing off"
    reply.close = "fin"
    return reply
  end
  return h
end

local function wire(text)
  return text:find "\n$" and text or text .. "\r\n"
end

-- The reply that the case gives for a command, or nil.
local function scripted(session, verb, line)
  local c = session.data.case
  local text, left = line ~= verb and c.replies[line], c.counts[verb]
  if c.slow then session:fault(SLOW) end
  if not text then
    text = c.replies[verb]
    if not text or left == 0 then return nil end
    if left then c.counts[verb] = left - 1 end
  end
  while text:find "^%+[ \r\n]" or text == "+" do
    local _, _, said = session:challenge { wire(text) }
    text = said and c.replies[said] or "-ERR Unrecognized command"
  end
  local octets = wire(text)
  local reply = session:raw(octets)
  reply.status = octets:match "^%S*"
  return reply
end

--- Make a server from a test case.
-- @tparam string text
-- @tparam string path of the file; the number in its name is %TESTNUMBER
-- @tparam table opts of `pop3.server.replay`
-- @treturn pop3.server or nil, message, code
return function(text, path, opts)
  local answers = part(text, "reply")
  if not answers then
    return nil, ("replay: %s: no <reply> in the test case"):format(path), "proto"
  end
  local number = path:match "(%d+)[^/]*$" or "1"
  local server, err, code
  -- an element, with the variables of a server that listens
  local function part_of(name)
    local port = rawget(server, "port") or opts.port or 0
    return part(prepared(answers, { TESTNUMBER = number, CR = "\r",
      HOSTIP = server.host, POP3PORT = ("%d"):format(port) }), name)
  end
  local function message(asked)
    local n = math.tointeger(tonumber(asked) or 0) or 0
    local name = n > 10000 and "data" .. n % 10000 or "data"
    local octets, attributes = part_of(name)
    if attributes and attributes:find 'hex="yes"' then
      return (octets:gsub("%X", ""):gsub("%x%x", function(x)
        return string.char(tonumber(x, 16))
      end))
    end
    return crlf(octets or "")
  end
  local known = default_handlers(message)
  local function handle(session, rest)
    local verb, c = session.verb, session.data.case
    local line = rest == "" and verb or verb .. " " .. rest
    if c.delays[verb] then session:sleep(c.delays[verb]) end
    local reply = scripted(session, verb, line)
    if reply then return reply end
    if verb == "STLS" and session.server.certificates then
      return handlers.STLS(session)
    end
    if not known[verb] then return unknown(session) end
    return known[verb](session, rest)
  end
  local function connect(session)
    session.data.case = commands_of((part_of "servercmd"))
    local reply = scripted(session, "welcome", "welcome")
    if reply then return reply end
    return session:ok("curl POP3 server ready to serve"
                      .. (session.data.case.capa.APOP and " " .. STAMP or ""))
  end
  server, err, code = raw_server({
    host = opts.host, port = opts.port, tls = opts.tls, clock = opts.clock,
    implicit = opts.implicit, autologout = opts.autologout,
    faults = opts.faults,
  }, { connect = connect }, handle, opts.on)
  if not server then return nil, err, code end
  server.expected = expected(prepared(text, { TESTNUMBER = number }))
  return server
end
