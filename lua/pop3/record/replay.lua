--- Plays a transcript back as a server: `pop3.server.replay(path)`.
--
--    local server = assert(pop3.server.replay "session.txt")
--    local run <close> = server:fork()
--    client_under_test("127.0.0.1", run.port)
--    run:verify(server.expected)
--
-- The transcript is one of `pop3.record`, or written by hand:
--
--    S: +OK ready
--    C: USER mrose
--    S: +OK
--    C: PASS ***
--    S: -ERR [SYS/TEMP] not now
--    ! hangup fin
--
-- - `# session N` starts the N-th connection; other lines that begin with `#`,
--   and empty lines, are comments
-- - `C: line`: a command, or a SASL response after a challenge; `***` in it
--   stands for anything. `C: ~pattern` or `~ pattern`: a Lua pattern
-- - `S: line`: a line of the reply, to which CRLF is added; bodies with stuffed
--   dots and terminator. A reply to AUTH that begins with `+ ` is a challenge
-- - `! eol lf`, `! eol cr` or `! eol none`: the end of the line above, in place
--   of CRLF
-- - `! hangup fin`, `! hangup rst` or `! hangup half`: the server closes the
--   connection here
-- - `! tls`: TLS starts here, before the greeting or after the reply to STLS
-- - `! delay=2` (or `! delay 2`), `! cut.bytes=5 cut.how=rst`, `! stall`: a
--   fault of this reply, with the effects of `server:fault`
--
-- Other text files with C: and S: lines load as well, with any indentation, and
-- so do test cases of curl (`pop3.record.curl`). A login by SCRAM cannot be
-- played back, since the server's messages depend on the client's nonce (RFC
-- 5802).
--
-- A replay is strict: the commands of the N-th connection are those of session
-- N, in their order. With the option `loose` the order does not matter
-- (`pop3.record.loose`): each command gets the reply that the transcript has for it
-- in this state.
-- @module pop3.record.replay

local argument = require "pop3.util.argument"
local core = require "pop3.core"
local fault = require "pop3.server.fault"
local loose = require "pop3.record.loose"
local match = require "pop3.record.match"
local raw_server = require "pop3.server.raw"
local reader = require "pop3.record.reader"

local known = { loose = "boolean", host = "string", port = "integer",
                tls = "any", implicit = "boolean", on = "table",
                faults = "table", autologout = "number", clock = "function" }

local verbs, verb_of, is_login = core.verbs, match.verb_of, match.is_login

-- ---------------------------------------------------------------- preparation

-- A command as `verify` sees it, with its secret masked. In a transcript
-- written by hand, verbs may be in lower case.
local function masked_command(want, own)
  local verb = verb_of(want)
  if not own then want = want:gsub("^%a+", string.upper) end
  if not is_login(want) then return want
  elseif want:sub(1, 1) == "~" then
    local shown = verb == "PASS" and "PASS ***" or verb .. " X ***"
    return shown:find(want:sub(2)) and want or "~^" .. verb
  elseif verb == "PASS" then return want:sub(1, 4) .. " ***" end
  return (want:gsub("^(%S+%s+%S+)%s.*$", "%1 ***"))
end

-- The list for `verify`: all commands; of a loose replay, in any order within a
-- stretch.
local function expected(sessions, is_loose)
  local list = {}
  for _, session in ipairs(sessions) do
    local group, stretch
    for _, step in ipairs(session.steps) do
      if is_loose and step.stretch ~= stretch then
        group, stretch = {}, step.stretch
        list[#list + 1] = { any_order = group }
      end
      local into = group or list
      into[#into + 1] = masked_command(step.want, step.own)
      for _, round in ipairs(step.rounds) do
        into[#into + 1] = round.want == "*" and "*" or "***"
      end
    end
  end
  return list
end

-- -------------------------------------------------------------------- playing

local NO_MORE = "no more"

local function quoted(line) return '"' .. line .. '"' end

-- The step that a command starts; or nil and the expected command.
local function strict(play, line)
  local step = play.session.steps[play.done + 1]
  if not step then return nil, NO_MORE end
  if not match.fits(step.want, line) then
    return nil, quoted(masked_command(step.want))
  end
  play.done = play.done + 1
  return step
end

-- Apply the effects of a reply, below the faults of the script.
local function spoil(session, effects)
  if not next(effects) then return end
  session.effect = fault.merge(fault.read_effects(effects, 1),
                               session.effect or {})
end

-- The reply of a step, or of its last round.
local function reply_of(session, step, round)
  local octets = table.concat(round.reply)
  local made = session:raw(octets)
  made.status = octets:match "^%S*"
  spoil(session, round.effects)
  -- after +OK to QUIT the server closes the connection; after -ERR a recorded
  -- transcript says whether it did
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

-- A command or a response does not match: `verify` will report it.
local function mismatch(session, want, got)
  session.server:handler_error(session, ("replay: expected %s, got %s"):format(
    want, got))
  return session:err "not in the transcript"
end
-- A command that does not match, with its secret masked. A line after AUTH that
-- is not a command may be a SASL response.
local function shown(session, line)
  local verb = line:match "^%A*(%a*)":upper()
  local secret = match.has_secret(verb) or session.data.in_auth and not verbs[verb]
  return secret and (match.has_secret(verb) and verb or "") .. " ..." or line
end

-- Play the step of a command, with all its rounds.
local function play_step(session, pick, uids)
  local play, verb = session.data.replay, session.verb
  local line = session.line
  if verbs[verb] then session.data.in_auth = verb == "AUTH" end
  local step, want = pick(play, line, uids)
  if not step and pick == loose.pick then
    local login, reply = loose.login(session, play, line)
    if login then
      return reply_of(session, login, login.rounds[#login.rounds] or login)
    end
    reply = reply or loose.plain(session)
    if reply then return reply end
  end
  if not step then
    return mismatch(session, want, quoted(shown(session, line)))
  end
  local round = step
  for i = 1, #step.rounds + 1 do
    local following = step.rounds[i]
    if not following and (step.ends or not reader.challenges(step, round)) then
      break
    end
    spoil(session, round.effects)
    local _, _, response = session:challenge { table.concat(round.reply) }
    if not following then return mismatch(session, NO_MORE, "a response") end
    if not response or not match.responds(following.want, response) then
      return mismatch(session, following.want == "*" and '"*"' or '"***"',
                      "another response")
    end
    round = following
  end
  return reply_of(session, step, round)
end

local function greet(session, sessions, is_loose)
  local recorded = sessions[session.id]
  if not recorded and is_loose then
    recorded = sessions[(session.id - 1) % #sessions + 1]
  end
  if not recorded then
    session.server:handler_error(session, ("replay: the transcript has %d "
      .. "sessions, this is another one"):format(#sessions))
    return session:hangup()
  end
  session.data.replay = loose.new(recorded, sessions)
  return reply_of(session, recorded.greeting, recorded.greeting)
end

--- Make a server from a transcript, a text file with `C:` and `S:` lines, or a
-- test case of curl: `pop3.server.replay(path, opts)`.
-- @tparam string path
-- @tparam[opt] table opts
-- @tparam[opt=false] boolean opts.loose a command gets the reply that the transcript
-- has for it in the state of the session, in any order, repeatedly, whatever the
-- number of the connection; unique-ids and dates may differ; the client may log in by
-- another mechanism than the recorded one, except SCRAM, and with any name
-- @tparam[opt] string|table opts.tls as in `pop3.server.new`, and so are the other
-- options; by default "auto" when TLS was recorded
-- @tparam[opt] boolean opts.implicit by default as recorded
-- @tparam[opt="127.0.0.1"] string opts.host
-- @tparam[opt=0] integer opts.port
-- @tparam[opt] pop3.server.handlers opts.on
-- @tparam[opt] {pop3.server.fault,...} opts.faults
-- @tparam[opt=600] number opts.autologout
-- @tparam[opt] function opts.clock
-- @treturn pop3.server whose field `expected` is the list for `verify`; or nil,
-- message, code: "io" when the file cannot be read, "proto" when its format is
-- invalid
-- @raise misuse: an unknown option, a value of a wrong type
-- @usage
-- local path = os.tmpname()
-- local file <close> = assert(io.open(path, "w"))
-- file:write "S: +OK ready\nC: QUIT\nS: +OK\n"
-- file:flush()
-- local server = assert(pop3.server.replay(path))
-- os.remove(path)
-- local s = assert(pop3.connect { transport = server:loopback() })
-- s:quit()
-- server:verify(server.expected)
-- @function replay
local function replay(path, opts)
  opts = opts or {}
  argument.string(path, "replay: the path", 1)
  argument.options(opts, known, "replay", 1)
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
  read, err, code = reader.parse(text, path)
  if not read then return nil, "replay: " .. err, code end
  local sessions = read.sessions
  for _, session in ipairs(sessions) do loose.prepare(session) end
  local uids = opts.loose and loose.unique_ids(sessions) or nil
  local tls = opts.tls
  if tls == nil and read.tls then tls = "auto" end
  local pick = opts.loose and loose.pick or strict
  local server
  server, err, code = raw_server({
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
