--- What presets are made with: handlers that do what the default does and say
-- it, or do it, as another server would.
-- @module pop3.server.presets.toolkit
-- @local

local auth = require "pop3.server.auth"
local core = require "pop3.core"

local kit = {}

-- ------------------------------------------------------------------- memory

local memories = setmetatable({}, { __mode = "k" })

--- A table that lasts as long as a session.
function kit.memory(session)
  local memory = memories[session]
  if not memory then
    memory = {}
    memories[session] = memory
  end
  return memory
end

--- A table that lasts as long as the server, for the session's user; a reset
-- empties it.
function kit.kept(session)
  local kept = session.server.kept
  local mine = kept[session.user]
  if not mine then
    mine = {}
    kept[session.user] = mine
  end
  return mine
end

-- -------------------------------------------------------------------- words

-- Change what a reply says: to `how`, or to what it returns: text, code. False
-- is no text, nil leaves the reply alone.
local function say(session, reply, how, a, b)
  local code
  if type(how) == "function" then how, code = how(session, reply, a, b) end
  if how == nil then return reply end
  reply.text, reply.code = how or nil, code
  return reply
end

-- The reply of the default handler, in other words.
local function reworded(verb, words)
  return function(session, a, b)
    local reply = session.server.default[verb](session, a, b)
    if reply.raw or reply.hangup then return reply end
    local how = words.err
    if reply.status == "+OK" then
      -- the text of LIST 1 and UIDL 1 is what they are for
      if a and (verb == "LIST" or verb == "UIDL") then return reply end
      how = words.ok
    end
    return say(session, reply, how, a, b)
  end
end

-- ------------------------------------------------------------------ maildrop

--- A maildrop as another server sees it.
-- @tparam drop drop
-- @tparam table as `numbers`: which messages there are; `uid(uid, n)`,
-- `size(size, n)` and `octets(octets, n)`: what they are turned into, where n
-- is the number in `drop`
-- @treturn drop
function kit.view(drop, as)
  local view, numbers = {}, as.numbers
  local function real(n) return numbers and numbers[n] or n end
  local function turned(name)
    local change = as[name]
    return function(_, n)
      local value, text, code = drop[name](drop, real(n))
      if value and change then return change(value, real(n)) end
      return value, text, code
    end
  end
  view.uid, view.size = turned "uid", turned "size"
  view.octets = turned "octets"
  function view.plain_uid(_, n) return kit.plain_uid(drop, real(n)) end
  function view.count()
    return numbers and #numbers or drop:count()
  end
  if drop.source and not as.octets then
    function view.source(_, n) return drop:source(real(n)) end
  end
  function view.remove(_, list)
    local there = {}
    for i, n in ipairs(list) do there[i] = real(n) end
    return drop:remove(there)
  end
  function view.close()
    if drop.close then drop:close() end
  end
  return view
end

--- What the store calls a message, however a view shows it.
function kit.plain_uid(drop, n)
  return (drop.plain_uid or drop.uid)(drop, n)
end

--- Unique-ids of a form: those that were made up, by their serial number.
function kit.uids(form)
  return function(uid)
    local serial = uid:match "^lpop3%.(%d+)$"
    return serial and form:format(math.tointeger(serial)) or uid
  end
end

-- --------------------------------------------------------------------- login

-- A verb that logs in. Of `how`: `ok`, `failed` (a wrong password), `locked`
-- and `delayed` are what is said then; `closes`: failure ends the link;
-- `shared`: there is no lock; `dress(session, drop)` returns the maildrop to
-- use.
local function login(verb, how)
  return function(session, a, b)
    local reply = session.server.default[verb](session, a, b)
    if session.state == "transaction" then
      if how.shared then session.server:release(session) end
      if how.dress then
        session.maildrop = how.dress(session, session.maildrop)
      end
      return say(session, reply, how.ok, a, b)
    end
    if reply.status ~= "-ERR" then return reply end
    local words = { AUTH = how.failed, ["IN-USE"] = how.locked,
                    ["LOGIN-DELAY"] = how.delayed }
    if how.closes and reply.code == "AUTH" then reply.close = "fin" end
    return say(session, reply, words[reply.code], a, b)
  end
end

-- ---------------------------------------------------------------------- CAPA

-- The line of mechanisms: names that this server does not know are for show.
local function mechanisms(session, line)
  local names, there = {}, {}
  local offered = auth.offered(session)
  for _, name in ipairs(offered) do there[name] = true end
  for name in line:gmatch "%S+" do
    if name ~= "SASL" and (there[name] or not core.sasl.mechanisms[name]) then
      names[#names + 1] = name
      there[name] = nil
    end
  end
  for _, name in ipairs(offered) do
    if there[name] then names[#names + 1] = name end
  end
  return names[1] and "SASL " .. table.concat(names, " ")
end

-- Lines that the script's options want otherwise than the preset.
local function limits(server)
  local wanted = {}
  if server.expire ~= "NEVER" then wanted.EXPIRE = "EXPIRE " .. server.expire end
  if server.login_delay > 0 then
    wanted["LOGIN-DELAY"] = ("LOGIN-DELAY %d"):format(
                            math.ceil(server.login_delay))
  end
  return wanted
end

-- The reply to CAPA: the lines of the preset, with what depends on how the
-- server was made.
local function capabilities(text)
  return function(session, ...)
    local server = session.server
    local reply = server.default.CAPA(session, ...)
    if type(reply.body) ~= "table" then return reply end
    local stls = server.certificates and not session.secure
                 and session.state == "authorization"
    local barred = server.require_tls and not session.secure
    local lines, sasl, wanted = {}, barred, limits(server)
    for _, line in ipairs(reply.body) do
      local word = line:match "^%S+"
      if barred and (word == "SASL" or word == "USER") then
        line = nil
      elseif word == "SASL" then
        line = mechanisms(session, line)
        sasl = true
      elseif word == "STLS" then
        line = stls and line
        stls = false
      elseif wanted[word] then
        line, wanted[word] = wanted[word], nil
      end
      if line then lines[#lines + 1] = line end
    end
    for _, word in ipairs { "EXPIRE", "LOGIN-DELAY" } do
      lines[#lines + 1] = wanted[word]
    end
    if not sasl and session.state == "authorization" then
      lines[#lines + 1] = mechanisms(session, "") or nil
    end
    if stls then lines[#lines + 1] = "STLS" end
    reply.body = lines
    return say(session, reply, text)
  end
end

-- -------------------------------------------------------------------- lacks

-- Verbs that come with an option of the script's: does the server have it?
local optional = {
  AUTH = function(server) return server.mechs[1] end,
  APOP = function(server) return server.apop end,
  STLS = function(server) return server.certificates end,
}

-- A verb that is not known, unless the script's options want it.
local function lacking(verb, handler, unknown)
  local wants = optional[verb]
  if not wants then return unknown end
  return function(session, ...)
    local server = session.server
    if not wants(server) then return unknown(session, ...) end
    return (handler or server.default[verb])(session, ...)
  end
end

-- ----------------------------------------------------------------------- all

--- Handlers of a preset.
-- @tparam table preset
--
-- - `capa`: the text of the reply to CAPA
-- - `login`: see above; it is for PASS, APOP and AUTH
-- - `words`: verb → what is said, a text, false for none, or a function
--   (session, reply, ...) that returns text, code; or `{ ok =, err = }`
-- - `unknown`: the same for a verb that is not known; `lacks`: verbs that this
--   server does not know either, but for AUTH, APOP and STLS when the script
--   gives `mechs`, `apop` and `tls`
-- - `on`: more of them
function kit.on(preset)
  local on = { CAPA = capabilities(preset.capa) }
  for verb, words in pairs(preset.words or {}) do
    if type(words) ~= "table" then words = { ok = words } end
    on[verb] = reworded(verb, words)
  end
  if preset.login then
    for _, verb in ipairs { "PASS", "APOP", "AUTH" } do
      on[verb] = login(verb, preset.login)
    end
  end
  if preset.unknown ~= nil then
    on.unknown = function(session, ...)
      local reply = session:err "unknown command"
      return say(session, reply, preset.unknown, ...)
    end
    for _, verb in ipairs(preset.lacks or {}) do
      on[verb] = lacking(verb, on[verb], on.unknown)
    end
  end
  for name, handler in pairs(preset.on or {}) do on[name] = handler end
  return on
end

--- LAST, of RFC 1460: the highest number that was asked for in this session.
-- Handlers of these verbs tell it, by `kit.reached`.
function kit.last(session)
  if session.state ~= "transaction" then
    return session:err "command not valid in this state"
  end
  return session:ok(kit.memory(session).last or 0)
end

--- A handler that remembers how far a session has got, for `kit.last`.
function kit.reaching(handler)
  return function(session, n, ...)
    local reply = handler(session, n, ...)
    if reply.status == "+OK" then
      local memory = kit.memory(session)
      memory.last = math.max(memory.last or 0, n)
    end
    return reply
  end
end

--- Which messages are not deleted, and their octets.
function kit.totals(session)
  local drop, count, octets = session.maildrop, 0, 0
  for n = 1, drop:count() do
    if not session.deleted[n] then
      count, octets = count + 1, octets + (drop:size(n) or 0)
    end
  end
  return count, octets
end

return kit
