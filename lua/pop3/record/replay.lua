--- A recorded session, played back: `pop3.server.replay(path)`.
--
--    local server = assert(pop3.server.replay "session.txt")
--    local run <close> = server:fork()
--    client_under_test("127.0.0.1", run.port)
--    run:verify(server.expected)
--
-- What `pop3.record` writes is read, and what is written by hand:
--
--    S: +OK ready
--    C: USER mrose
--    S: +OK
--    C: PASS ***
--    S: -ERR [SYS/TEMP] not now
--    ! hangup fin
--
-- - `# session N` begins what the N-th connection says; other lines from `#` on,
--   and empty ones, are comments
-- - `C: line`: a command, or a response in the exchange of AUTH; `***` in it stands
--   for anything. `C: ~pattern`, or `~ pattern`: a Lua pattern
-- - `S: line`: a line of the reply, CRLF added; bodies and stuffed dots as on the
--   wire. A reply to AUTH that begins with `+ ` waits for a response
-- - `! eol lf` or `cr` or `none`: the end of the line above, in place of CRLF
-- - `! hangup fin` or `rst` or `half`: the link ends here
-- - `! tls`: TLS begins here, before the greeting or behind the reply to STLS
-- - `! delay=2` (or `! delay 2`), `! cut.bytes=5 cut.how=rst`, `! stall`: faults of
--   the reply around it, by the names of `pop3.fault`
--
-- Plain files of C: and S: lines load too, indented as they like, and the test
-- cases of curl. A client cannot log in by SCRAM again: the server's part of it
-- answers the client's nonce, which is another one each time.
-- @module pop3.replay

local check = require "pop3.util.argument"
local core = require "pop3.core"
local fault = require "pop3.server.fault"
local match = require "pop3.record.match"
local plain = require "pop3.server.raw"
local script = require "pop3.record.reader"

local known = { loose = "boolean", host = "string", port = "integer",
                tls = "any", implicit = "boolean", on = "table",
                faults = "table", autologout = "number", clock = "function" }

-- ---------------------------------------------------------------- preparation

local known_verbs, logins = core.verbs, match.logins

-- The verb of a command, or of a pattern that begins with one.
local function verb_of(want)
  return want:match "^~?%^?(%a*)":upper()
end

-- Does it have a secret? AUTH alone asks for a list.
local function is_login(want)
  return logins[verb_of(want)] and want:upper() ~= "AUTH"
end

-- A command as `verify` sees it: without its secret; by hand, verbs may be written
-- in small letters.
local function hushed(want, own)
  local verb = verb_of(want)
  if not own then want = want:gsub("^%a+", string.upper) end
  if not is_login(want) then return want
  elseif want:sub(1, 1) == "~" then
    local shown = verb .. (known_verbs[verb].secret == 1 and " ***" or " X ***")
    return shown:find(want:sub(2)) and want or "~^" .. verb
  elseif known_verbs[verb].secret == 1 then return want:sub(1, #verb) .. " ***"
  end
  return (want:gsub("^(%S+%s+%S+)%s.*$", "%1 ***"))
end

-- Each step of a session gets the number of the stretch it belongs to, within
-- which order is free: a login, STLS and QUIT end one.
local function stretches(session)
  local number = 1
  for _, step in ipairs(session.steps) do
    step.stretch = number
    local rounds = step.rounds
    local last = rounds[#rounds] and rounds[#rounds].reply or step.reply
    local ok = last[1] and last[1]:sub(1, 3) == "+OK"
    if ok and (is_login(step.want) or step.want:upper() == "STLS") then
      number = number + 1
      step.leads_to = number
    end
  end
end

-- The unique-ids that were listed.
local function unique_ids(sessions)
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

-- What `verify` is to get: all commands, in any order within a stretch if they
-- may come so.
local function expected(sessions, loose)
  local list = {}
  for _, session in ipairs(sessions) do
    local group, stretch
    for _, step in ipairs(session.steps) do
      if loose and step.stretch ~= stretch then
        group, stretch = {}, step.stretch
        list[#list + 1] = { any_order = group }
      end
      local into = group or list
      into[#into + 1] = hushed(step.want, step.own)
      for _, round in ipairs(step.rounds) do
        into[#into + 1] = round.want == "*" and "*" or "***"
      end
    end
  end
  return list
end

-- -------------------------------------------------------------------- playing

-- The step that a command asks for; or nil and what was expected.
local function strict(play, line)
  local step = play.session.steps[play.done + 1]
  if not step then return nil, "no more" end
  if not match.fits(step.want, line) then return nil, step.want end
  play.done = play.done + 1
  return step
end

-- Within a stretch, the first that fits and was not played; or the last that was.
local function pick_from(play, fits)
  local best
  for i, step in ipairs(play.session.steps) do
    if step.stretch == play.stretch and fits(step.want) then
      best = i
      if not play.played[i] then break end
    end
  end
  return best
end

local function loose(play, line, uids)
  local best = pick_from(play, function(want) return match.fits(want, line) end)
    or pick_from(play, function(want) return match.nearly(want, line, uids) end)
  if not best then return nil, "none like it here" end
  local step = play.session.steps[best]
  play.played[best] = true
  play.stretch = step.leads_to or play.stretch
  return step
end

-- What goes wrong with a reply, beneath the faults of the script.
local function spoil(session, effects)
  if not next(effects) then return end
  session.effect = fault.merge(fault.read_effects(effects, 1), session.effect or {})
end

-- The reply of a step, or of its last round.
local function reply_of(session, step, round)
  local octets = table.concat(round.reply)
  local made = session:raw(octets)
  made.status = octets:match "^%S*"
  spoil(session, round.effects)
  -- a server that refuses QUIT closes the link too; what is recorded says so
  local quit = step.want and step.want:upper() == "QUIT"
               and (made.status ~= "-ERR" or not step.own)
  made.close = step.ends or quit and "fin" or nil
  if step.tls or step.want and step.want:upper() == "STLS"
     and octets:sub(1, 3) == "+OK" then
    made.starttls = session.server.certificates and not session.secure
  end
  if octets == "" and made.close then return session:hangup(made.close) end
  return made
end

local phrases = { ["no more"] = true, ["none like it here"] = true,
                  ["another response"] = true }

local function wrong(session, want, got)
  session.server:handler_error(session, ("replay: expected %s, got %s"):format(
    phrases[want] and want or '"' .. hushed(want) .. '"',
    phrases[got] and got or '"' .. got .. '"'))
  return session:err "not in the transcript"
end

-- A command that did not fit, as it may be shown: a login has a secret, and so may
-- have what a client says behind AUTH as if that had been a challenge.
local function shown(session, line)
  local verb = line:match "^%A*(%a*)":upper()
  local secret = logins[verb] or session.data.in_auth and not known_verbs[verb]
  return secret and (logins[verb] and verb or "") .. " ..." or line
end

-- A command: find it, and go through its rounds.
local function play_step(session, pick, uids)
  local play, verb = session.data.replay, session.verb
  local line = session.line
  local step, want = pick(play, line, uids)
  if known_verbs[verb] then session.data.in_auth = verb == "AUTH" end
  if not step then return wrong(session, want, shown(session, line)) end
  local round = step
  for i = 1, #step.rounds + 1 do
    local following = step.rounds[i]
    if not following and (step.ends or not script.challenges(step, round)) then
      break
    end
    spoil(session, round.effects)
    local _, _, response = session:challenge { table.concat(round.reply) }
    if not following then return wrong(session, "no more", "another response") end
    if not response or not match.responds(following.want, response) then
      return wrong(session, following.want == "*" and "*" or "***",
                   "another response")
    end
    round = following
  end
  return reply_of(session, step, round)
end

local function greet(session, sessions, free)
  local recorded = sessions[session.id]
  if not recorded and free then
    recorded = sessions[(session.id - 1) % #sessions + 1]
  end
  if not recorded then
    session.server:handler_error(session, ("replay: the transcript has %d "
      .. "sessions, and here is one more"):format(#sessions))
    return session:hangup()
  end
  session.data.replay = { session = recorded, done = 0, stretch = 1,
                          played = {} }
  return reply_of(session, recorded.greeting, recorded.greeting)
end

--- Make a server of a transcript, of a plain file of `C:` and `S:` lines, or of a
-- test case of curl.
-- @tparam string path
-- @tparam[opt] table opts `loose`: commands may come in any order within a state,
-- and again, unique-ids and dates in them may differ, and sessions begin again;
-- `tls` ("auto" when TLS was recorded), `implicit`, and others of
-- `pop3.server.new`
-- @treturn pop3.server, of which `expected` is what `verify` may get; or nil,
-- message, code: "io", or "proto" for a file that is none
-- @function replay
local function replay(path, opts)
  opts = opts or {}
  if type(path) ~= "string" then
    check.misuse(1, "replay: a path is needed, not %s", type(path))
  end
  check.options(opts, known, "replay", 1)
  local file, err = io.open(path, "rb")
  if not file then return nil, "replay: " .. err, "io" end
  local text
  text, err = file:read "a"
  file:close()
  if not text then return nil, ("replay: %s: %s"):format(path, err), "io" end
  if text:find "^%s*<testcase" or text:find "\n[ \t]*<testcase" then
    return require "pop3.record.curl"(text, path, opts)
  end
  local code
  local read
  read, err, code = script.parse(text, path)
  if not read then return nil, "replay: " .. err, code end
  local sessions = read.sessions
  for _, session in ipairs(sessions) do stretches(session) end
  local uids = opts.loose and unique_ids(sessions) or nil
  local tls = opts.tls
  if tls == nil and read.tls then tls = "auto" end
  local pick = opts.loose and loose or strict
  local server
  server, err, code = plain({
    host = opts.host, port = opts.port, tls = tls or nil,
    implicit = opts.implicit == nil and tls and sessions[1].tls or opts.implicit,
    autologout = opts.autologout, clock = opts.clock, faults = opts.faults,
    limits = { line = 65536 },
  }, {
    connect = function(session) return greet(session, sessions, opts.loose) end,
  }, function(session)
    return play_step(session, pick, uids)
  end, opts.on)
  if not server then return nil, err, code end
  server.expected = expected(sessions, opts.loose)
  return server
end

return replay
