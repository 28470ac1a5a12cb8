--- Functions for presets: handlers that call the default handler and reword its
-- reply, maildrops with other sizes and unique-ids, and memory for a session.
-- @module pop3.server.presets.toolkit
-- @local

local capabilities = require "pop3.server.capabilities"

local toolkit = {}

-- ------------------------------------------------------------------- memory

local memories = setmetatable({}, { __mode = "k" })

--- A table that a preset has for each session.
function toolkit.memory(session)
  local memory = memories[session]
  if not memory then
    memory = {}
    memories[session] = memory
  end
  return memory
end

--- A table that a preset has for each user, as long as the server runs; `reset`
-- puts it back.
function toolkit.kept(session)
  local kept = session.server.kept
  local mine = kept[session.user]
  if not mine then
    mine = {}
    kept[session.user] = mine
  end
  return mine
end

-- -------------------------------------------------------------------- words

-- Reword a reply. `how` is the text, or a function that returns text, code;
-- false means no text, nil leaves the reply as it is.
local function say(session, reply, how, a, b)
  local code
  if type(how) == "function" then how, code = how(session, reply, a, b) end
  if how == nil then return reply end
  reply.text, reply.code = how or nil, code
  return reply
end

-- A handler that rewords the reply of the default handler.
local function reworded(verb, words)
  return function(session, a, b)
    local reply = session.server.default[verb](session, a, b)
    if reply.raw or reply.hangup then return reply end
    local how = words.err
    if reply.status == "+OK" then
      -- the text of LIST 1 and UIDL 1 is the size or the unique-id
      if a and (verb == "LIST" or verb == "UIDL") then return reply end
      how = words.ok
    end
    return say(session, reply, how, a, b)
  end
end

-- ------------------------------------------------------------------ maildrop

--- A maildrop that shows another one with changes.
-- @tparam table drop see `pop3.store`
-- @tparam table as `numbers`: the messages that are shown; `uid(uid, n)`,
-- `size(size, n)` and `octets(octets, n)` return the changed value, where n is
-- the number in `drop`
-- @treturn table a maildrop
function toolkit.view(drop, as)
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
  function view.stored_uid(_, n) return toolkit.stored_uid(drop, real(n)) end
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

--- The unique-id of a message in the store, whatever a view shows.
function toolkit.stored_uid(drop, n)
  return (drop.stored_uid or drop.uid)(drop, n)
end

--- A function for `view` that gives unique-ids another form. Unique-ids of a
-- script are not changed.
-- @tparam string form with %d or %x for the serial number
function toolkit.uids(form)
  return function(uid)
    local serial = uid:match "^lpop3%.(%d+)$"
    return serial and form:format(math.tointeger(serial)) or uid
  end
end

-- --------------------------------------------------------------------- login

-- A handler for a verb that logs in. `how` has the texts `ok`, `failed` (a
-- wrong password), `locked` and `delayed`; `closes`: a failure ends the
-- connection; `shared`: there is no lock; `dress(session, drop)` returns the
-- maildrop to use.
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

-- The reply to CAPA: the lines of the preset, adjusted to the options of the
-- server.
local function capa(text)
  return function(session, ...)
    local reply = session.server.default.CAPA(session, ...)
    if type(reply.body) ~= "table" then return reply end
    reply.body = capabilities.adapted(session, reply.body)
    return say(session, reply, text)
  end
end

-- -------------------------------------------------------------------- lacks

-- Verbs that an option of the server adds: is the option set?
local optional = {
  AUTH = function(server) return server.mechs[1] end,
  APOP = function(server) return server.apop end,
  STLS = function(server) return server.certificates end,
}

-- A handler for a verb that this server does not have, unless an option adds it.
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

--- The handlers of a preset.
-- @tparam table preset
--
-- - `capa`: the text of the reply to CAPA
-- - `login`: see `login` above; for PASS, APOP and AUTH
-- - `words`: verb → text, false for no text, or a function (session, reply,
--   ...) that returns text, code; or a table `{ ok =, err = }` of these
-- - `unknown`: the same for a verb that the server does not have; `lacks`: a
--   list of such verbs. The options `mechs`, `apop` and `tls` add AUTH, APOP and
--   STLS nevertheless
-- - `on`: other handlers
-- @treturn table verb → handler
function toolkit.on(preset)
  local on = { CAPA = capa(preset.capa) }
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

--- The handler of LAST (RFC 1460): the highest number in this session of a verb
-- whose handler was made by `toolkit.reaching`.
function toolkit.last(session)
  if session.state ~= "transaction" then
    return session:err "command not valid in this state"
  end
  return session:ok(toolkit.memory(session).last or 0)
end

--- A handler that remembers the number of the message, for `toolkit.last`.
function toolkit.reaching(handler)
  return function(session, n, ...)
    local reply = handler(session, n, ...)
    if reply.status == "+OK" then
      local memory = toolkit.memory(session)
      memory.last = math.max(memory.last or 0, n)
    end
    return reply
  end
end

--- The count and the octets of the messages that are not deleted.
function toolkit.totals(session)
  local drop, count, octets = session.maildrop, 0, 0
  for n = 1, drop:count() do
    if not session.deleted[n] then
      count, octets = count + 1, octets + (drop:size(n) or 0)
    end
  end
  return count, octets
end

return toolkit
