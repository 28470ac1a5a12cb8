--- Test cases of curl: what its test server says for one. The file's format is
-- described in curl's docs/tests/FILEFORMAT.md; the answers that a case does not
-- give itself are those of curl's tests/ftpserver.pl.
--
-- Understood are `<data>` (the message as it goes over the wire, dots stuffed by
-- whoever wrote it; also `<data1>` ... by number beyond 10000, and `hex="yes"`),
-- and in `<servercmd>`: `REPLY verb text`, `REPLY "whole line" text`, `REPLYLF`,
-- `CAPA`, `AUTH`, `COUNT verb n` (so often, then as always), `DELAY verb seconds`,
-- `SLOWDOWN`; they begin anew with each connection. `%hex[`, `%b64[`, `%repeat[`,
-- `%TESTNUMBER`, `%HOSTIP`, `%POP3PORT` and `%CR` are replaced. Any user may log in.
-- @module pop3.replay.curl
-- @local

local core = require "pop3.core"
local plain = require "pop3.server.raw"
local usual = require "pop3.server.handlers"

-- The inside of an element, its attributes and entities.
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

-- A case with its variables replaced.
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

-- The text of a reply, which is a string of Perl.
local ESCAPES = { r = "\r", n = "\n", t = "\t", ["0"] = "\0", e = "\27" }

local function unescape(text)
  return (text:gsub("\\(.)(%x?%x?)", function(one, hex)
    if one == "x" and hex ~= "" then return string.char(tonumber(hex, 16)) end
    return (ESCAPES[one] or one) .. hex
  end))
end

-- Names apart by spaces, but for those within quotes.
local function names_of(text)
  local list, at = {}, 1
  while true do
    local name, stop = text:match('^%s*"([^"]*)"()', at)
    if not name then name, stop = text:match("^%s*(%S+)()", at) end
    if not name then return list end
    list[#list + 1], at = name, stop
  end
end

-- What <servercmd> says.
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

-- The commands that <protocol> has; without it, it does not matter which come.
local function expected(text)
  local list = {}
  local protocol = part(part(text, "verify") or "", "protocol")
  if not protocol then return { { anything = true } } end
  for line in protocol:gmatch "[^\r\n]+" do
    local verb = line:match "^%S+"
    local secret = core.verbs[verb] and core.verbs[verb].secret
    if secret == 1 then line = verb .. " ***"
    elseif secret == 2 then
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

-- A message as it is in the file: stuffed, or not, as the case wants it.
local function mail(session, octets)
  local reply = session:raw("+OK Mail transfer starts\r\n" .. octets .. ".\r\n")
  reply.status = "+OK"
  return reply
end

local function unknown(session) return session:err "Unrecognized command" end

-- The handlers of a case, by verb.
local function handlers(message)
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

-- The reply that the case has for a verb or a response, if it has one now.
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

--- Make a server of a test case.
-- @tparam string text
-- @tparam string path
-- @tparam table opts of `replay`
-- @treturn pop3.server or nil, message, code
return function(text, path, opts)
  local answers = part(text, "reply")
  if not answers then
    return nil, ("replay: %s: no <reply> in the test case"):format(path), "proto"
  end
  local number = path:match "(%d+)[^/]*$" or "1"
  local server, err, code
  -- as it is for one connection, of which the port is known
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
  local known = handlers(message)
  local function handle(session, rest)
    local verb, c = session.verb, session.data.case
    local line = rest == "" and verb or verb .. " " .. rest
    if c.delays[verb] then session:sleep(c.delays[verb]) end
    local reply = scripted(session, verb, line)
    if reply then return reply end
    if verb == "STLS" and session.server.certificates then
      return usual.STLS(session)
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
  server, err, code = plain({
    host = opts.host, port = opts.port, tls = opts.tls, clock = opts.clock,
    implicit = opts.implicit, autologout = opts.autologout,
    faults = opts.faults,
  }, { connect = connect }, handle, opts.on)
  if not server then return nil, err, code end
  server.expected = expected(prepared(text, { TESTNUMBER = number }))
  return server
end
