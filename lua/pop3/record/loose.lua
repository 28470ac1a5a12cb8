--- The loose replay: finds the reply to a command in a transcript, whatever the number
-- of its connection.
--
-- The replies of the recorded session with the number of the connection come
-- first, then those of the others. A state is "clear" or "TLS" before the
-- login, "transaction" after it. A command gets a reply of its state, the first
-- one that was not given yet, or the last one again; before the login, if its
-- state has none, one of the other state. Unique-ids and dates may differ.
--
-- A client may log in by a mechanism, or with a name, that was not recorded: any
-- secret is right, if a login succeeded in the transcript, and the client gets
-- the reply of that one. SCRAM is refused, since the server would have to know
-- the password (RFC 5802 section 3).
--
-- A QUIT that the transcript does not have ends the session, and a CAPA that it
-- does not have is refused; neither counts as an error of the client.
-- @module pop3.record.loose
-- @local

local match = require "pop3.record.match"

local loose = {}

--- Give each step its state, and its stretch: the steps between two changes of
-- the state, which a client may send in any order.
-- @tparam table session of `pop3.record.reader`
function loose.prepare(session)
  local stretch, state = 1, session.tls and "TLS" or "clear"
  session.state = state
  for _, step in ipairs(session.steps) do
    step.stretch, step.state = stretch, state
    local rounds = step.rounds
    local last = rounds[#rounds] and rounds[#rounds].reply or step.reply
    if last[1] and last[1]:sub(1, 3) == "+OK" then
      if match.is_login(step.want) then step.enters = "transaction"
      elseif step.want:upper() == "STLS" then step.enters = "TLS" end
    end
    if step.enters then stretch, state = stretch + 1, step.enters end
  end
end

--- The unique-ids in replies to UIDL.
-- @tparam {table,...} sessions
-- @treturn {[string]=true}
function loose.unique_ids(sessions)
  local uids = {}
  for _, session in ipairs(sessions) do
    for _, step in ipairs(session.steps) do
      if step.want:upper():find "^UIDL" then
        for _, line in ipairs(step.reply) do
          local uid = line:match "^%+?O?K? ?%d+ (%S+)\r?\n$"
          if uid then uids[uid] = true end
        end
      end
    end
  end
  return uids
end

-- The first step of a state, in a session, that fits and was not played yet; or
-- the last one that was.
local function step_of(play, session, state, fits)
  local best
  for _, step in ipairs(session.steps) do
    if step.state == state and fits(step) then
      best = step
      if not play.played[step] then break end
    end
  end
  return best
end

local OTHER = { clear = "TLS", TLS = "clear" }

-- The step of any session that fits: the session of the connection comes first.
local function find(play, fits)
  local state = play.state
  while state do
    local own = step_of(play, play.session, state, fits)
    if own then return own end
    for _, session in ipairs(play.sessions) do
      local step = step_of(play, session, state, fits)
      if step then return step end
    end
    state = state == play.state and OTHER[state] or nil
  end
end

--- The step that answers a command; it counts as played.
-- @tparam table play the state of the connection: `session`, `sessions`,
-- `state`, `played`
-- @tparam string line
-- @tparam {[string]=true} uids of the transcript
-- @treturn table a step; or nil, what was expected
function loose.pick(play, line, uids)
  local verb = match.verb_of(line)
  -- the secret of a name that was not recorded is right
  local must_enter = verb == "PASS" and play.named
  local step = find(play, function(one)
    return match.fits(one.want, line)
           and (one.enters == "transaction" or not must_enter)
  end) or find(play, function(one)
    return match.nearly(one.want, line, uids)
  end)
  if not step then return nil, "a command of this state in the transcript" end
  play.played[step] = true
  if verb == "USER" then play.named = false end
  play.state = step.enters or play.state
  return step
end

-- --------------------------------------------------- a login of another kind

-- The challenges of a mechanism. A client may send its response to the first
-- empty one with AUTH (RFC 5034 section 4).
local challenges = {
  PLAIN = { "" }, EXTERNAL = { "" }, XOAUTH2 = { "" }, OAUTHBEARER = { "" },
  LOGIN = { "Username:", "Password:" }, ["CRAM-MD5"] = { "<1@replay>" },
}

-- The mechanism of AUTH, or the verb.
local function kind_of(want)
  local verb = match.verb_of(want)
  return verb == "AUTH" and want:match "^%S+%s+(%S+)" or verb
end

-- Does the transcript have a login of this kind?
local function is_recorded(play, kind)
  return find(play, function(step)
    return kind_of(step.want):upper() == kind
  end) ~= nil
end

-- Ask for the responses of a mechanism: true; nil if the client gives up.
local function converse(session, kind, initial)
  for i, text in ipairs(challenges[kind]) do
    local response = i == 1 and text == "" and initial
    if not response then
      response = select(3, session:challenge(text))
    end
    if not response or response == "*" then return nil end
  end
  return true
end

-- May a login of this kind succeed that the transcript does not have?
local function is_open(play, kind)
  if kind == "USER" or kind == "APOP" then return true end  -- another name
  return kind == "PASS" and play.named or not is_recorded(play, kind)
end

--- Log in by a mechanism, or with a name, that was not recorded.
-- @tparam pop3.server.session session
-- @tparam table play
-- @tparam string line the command
-- @treturn ?table the recorded login whose reply the client gets; nil when this
-- is not a login, or not one that can be accepted
-- @treturn ?table a reply of the session, in place of it
function loose.login(session, play, line)
  local kind = kind_of(line):upper()
  local argument, initial = line:match "^%S+%s+(%S+)%s*(%S*)"
  if play.state == "transaction" or not argument then return nil end
  local recorded = find(play, function(step)
    return step.enters == "transaction"
  end)
  if not recorded or not is_open(play, kind) then return nil end
  if kind == "USER" then
    play.named = true
    return nil, session:ok()
  elseif kind == "PASS" then
    if not play.named then return nil end
  elseif kind == "APOP" then
    if initial == "" then return nil end
  elseif not challenges[kind] or session.verb ~= "AUTH" then
    return nil
  elseif not converse(session, kind, initial ~= "" and initial or nil) then
    return nil, session:err "the client cancelled the login"
  end
  play.state = "transaction"
  return recorded
end

--- The reply to a command that the transcript need not have: QUIT ends the
-- session, and CAPA, by which a client may ask what a server has, is refused.
-- @tparam pop3.server.session session
-- @treturn ?table a reply
function loose.plain(session)
  if session.verb == "CAPA" then return session:err "not in the transcript" end
  if session.verb ~= "QUIT" then return nil end
  local reply = session:ok()
  reply.close = "fin"
  return reply
end

--- The state of a connection.
-- @tparam table session the recorded one of its number
-- @tparam {table,...} sessions all of them
-- @treturn table
function loose.new(session, sessions)
  return { session = session, sessions = sessions, state = session.state,
           done = 0, played = {}, named = false }
end

return loose
