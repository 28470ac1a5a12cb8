--- Test cases of curl: what its test server says for one. The file's format is
-- described in curl's docs/tests/FILEFORMAT.md; the answers that a case does not
-- give itself are those of curl's tests/ftpserver.pl.
--
-- Understood are `<data>` (the message, also `<data1>` … by number beyond 10000),
-- and in `<servercmd>`: `REPLY verb text`, `CAPA`, `AUTH`, `COUNT verb n` (so often,
-- then as always), `DELAY verb seconds`. Any user may log in.
-- @module pop3.replay.curl
-- @local

local plain = require "pop3.plain"
local usual = require "pop3.handlers"

-- The inside of an element, its attributes and entities.
local function part(text, name)
  local attributes, inside =
    text:match("<" .. name .. "(%f[%s>][^>]*)>\r?\n?(.-)</" .. name .. ">")
  return inside, attributes
end

local function crlf(text)
  return (text:gsub("\r?\n", "\r\n"))
end

-- \r, \n and %hex[..]hex% as they stand in replies.
local function unescape(text)
  return (text:gsub("%%hex%[(.-)%]hex%%", function(hex)
    return (hex:gsub("%%(%x%x)", function(x)
      return string.char(tonumber(x, 16))
    end))
  end):gsub("\\r", "\r"):gsub("\\n", "\n"))
end

-- What <servercmd> says.
local function commands_of(text)
  local c = { replies = {}, counts = {}, delays = {}, capa = {}, mechs = {} }
  for line in (text or ""):gmatch "[^\r\n]+" do
    local word, rest = line:match "^(%S+)%s*(.*)$"
    local verb, value = rest:match "^(%S+)%s?(.*)$"
    if word == "REPLY" and verb then c.replies[verb] = unescape(value)
    elseif word == "COUNT" and verb then c.counts[verb] = tonumber(value)
    elseif word == "DELAY" and verb then c.delays[verb] = tonumber(value)
    elseif word == "CAPA" then
      for name in rest:gmatch "%S+" do
        c.capa[#c.capa + 1] = name
        c.capa[name] = true
      end
    elseif word == "AUTH" then c.mechs[1] = rest end
  end
  return c
end

-- The commands that <protocol> has.
local function expected(text, number)
  local list = {}
  for line in (part(part(text, "verify") or "", "protocol") or "")
              :gmatch "[^\r\n]+" do
    line = line:gsub("%%TESTNUMBER", number)
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

-- The handlers of a case, by verb.
local function handlers(c, message)
  local h = {}
  function h.CAPA(session)
    local lines = {}
    for _, name in ipairs(c.capa) do
      if name ~= "APOP" then lines[#lines + 1] = name end
    end
    if c.mechs[1] then lines[#lines + 1] = "SASL " .. c.mechs[1] end
    if not lines[1] then return session:err "Unrecognized command" end
    lines[#lines + 1] = "IMPLEMENTATION POP3 pingpong test server"
    return session:multi("List of capabilities follows", lines)
  end
  function h.USER(session) return session:ok() end
  function h.PASS(session) return session:ok "Login successful" end
  h.APOP = h.PASS
  function h.AUTH(session)
    if not c.mechs[1] then return session:err "Unrecognized command" end
    return session:multi("List of supported mechanisms",
                         { (c.mechs[1]:gsub(" ", "\r\n")) })
  end
  function h.RETR(session, rest)
    return session:multi("Mail transfer starts", message(rest))
  end
  function h.LIST(session) return session:multi("Listing starts", LIST) end
  function h.UIDL(session)
    if not c.capa.UIDL then return session:err "Unrecognized command" end
    return session:multi("Listing starts", UIDL)
  end
  function h.TOP(session, rest)
    if not c.capa.TOP then return session:err "Unrecognized command" end
    return session:multi("Mail transfer starts", message(rest:match "^%S*"))
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

-- The reply that the case has for a verb or a response, if it has one now.
local function scripted(session, c, verb)
  local text, left = c.replies[verb], c.counts[verb]
  if not text or left == 0 then return nil end
  if left then c.counts[verb] = left - 1 end
  if c.delays[verb] then session:sleep(c.delays[verb]) end
  while text:find "^%+[ \r\n]" or text == "+" do
    local _, _, line = session:challenge { text:match "^%+ ?([^\r\n]*)" }
    text = line and c.replies[line] or "-ERR Unrecognized command"
  end
  local octets = text:find "\n$" and text or text .. "\r\n"
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
  local c = commands_of((part(answers, "servercmd")))
  local function message(asked)
    local n = tonumber(asked)
    local name = n and n > 10000 and "data" .. n % 10000 or "data"
    return crlf(part(answers, name) or "")
  end
  local known = handlers(c, message)
  local function handle(session, rest)
    local verb = session.verb
    if c.delays[verb] and not c.replies[verb] then session:sleep(c.delays[verb]) end
    local reply = scripted(session, c, verb)
    if reply then return reply end
    if verb == "STLS" and session.server.credentials then
      return usual.STLS(session)
    end
    if not known[verb] then return session:err "Unrecognized command" end
    return known[verb](session, rest)
  end
  local function connect(session)
    local reply = scripted(session, c, "welcome")
    if reply then return reply end
    return session:ok("curl POP3 server ready to serve"
                      .. (c.capa.APOP and " " .. STAMP or ""))
  end
  local server, err, code = plain({
    host = opts.host, port = opts.port, tls = opts.tls, clock = opts.clock,
    implicit = opts.implicit, autologout = opts.autologout,
    faults = opts.faults,
  }, { connect = connect }, handle, opts.on)
  if not server then return nil, err, code end
  server.expected = expected(text, number)
  return server
end
