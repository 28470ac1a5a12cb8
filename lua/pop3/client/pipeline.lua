--- Commands under way on one session, answered in order: pipelined where the
-- server allows it (RFC 2449 section 6.6), else one at a time.
--
-- `session:retr_many` and `pop3.sync` use it. While a pipeline is open the session
-- refuses other commands.
-- @module pop3.client.pipeline
-- @local

local commands = require "pop3.client.command"

local event, fail, kill, operation, unfinished =
  commands.event, commands.fail, commands.kill, commands.operation,
  commands.unfinished

-- Commands without a reply at the same time: enough to hide the round trip; and their
-- octets, 16 a command, always fit into the buffers of both systems, so that the two
-- sides never wait for each other.
local WINDOW = 64

local min = math.min
local byte, PLUS, MINUS = string.byte, ("+-"):byte(1, 2)

local Pipeline = {}
Pipeline.__index = Pipeline

-- How many commands may be under way; nil, message, code when asking failed.
local function window_of(s, count)
  if count == 1 or s.opts.pipeline == false or s:state() ~= "transaction" then
    return 1
  end
  local piped, message, code = s:supports "PIPELINING"
  if piped == nil then return nil, message, code end
  return piped and WINDOW or 1
end

--- Whether another command may be sent before a reply is taken.
-- @treturn boolean
function Pipeline:has_room()
  return self.sent - self.answered < self.window
end

--- Whether it is time to send more commands: when half of the window is free, so that
-- they fill segments.
-- @treturn boolean
function Pipeline:wants_more()
  return self.sent - self.answered <= self.window // 2
end

--- May several commands be under way?
-- @treturn boolean
function Pipeline:is_pipelined()
  return self.window > 1
end

--- From now on the next command is sent when all replies are here.
function Pipeline:slow_down()
  self.window = 1
end

-- Queue commands by a method of the engine: true, or nil, message, code when the
-- session has ended.
local function queue(self, label, count, method, ...)
  local s = self.session
  if s.dead then return fail(s, label, "the session has ended", "closed") end
  if self.sent == self.answered then s.link.quiet = true end
  local ok, message, code = s.engine[method](s.engine, ...)
  if not ok then
    if code == "state" then return fail(s, label, message, code) end
    return kill(s, label, message, code)
  end
  if message then s.link.ending = true
  else s.link.unsent = true end
  self.sent = self.sent + count
  return true
end

--- Send a command.
-- @tparam string line
-- @tparam[opt=false] boolean streamed its body is taken in pieces
-- @treturn boolean true, or nil, message, code when the session has ended
function Pipeline:send(line, streamed)
  return queue(self, line, 1, "ask", line, nil, streamed)
end

-- Read and drop the rest of a body.
local function skip(s, label)
  local what, a, b, c
  repeat what, a, b, c = event(s, label) until what ~= "data"
  return what, a, b, c
end

--- Take the reply to the oldest command that has none yet.
-- @tparam string label the command, for messages
-- @param[opt] file an outfile for the pieces of a streamed body
-- @tparam[opt] function take gets the pieces of a streamed body without a file;
-- it returns true, or nil and a reason, after which the rest is skipped
-- @return true and the octets, or their count for a streamed body; true and the
-- text for a command without a body; false, message, code, reply when there is no
-- such body and the session goes on; nil, message, code when it has ended.
-- `code` is "io" when the file or `take` refused
local function reply(self, label, file, take)
  local s = self.session
  local what, a, b, c = event(s, label, file)
  if what == "body" and a then
    self.answered = self.answered + 1
    return true, a
  end
  local refused
  while what == "data" do
    if take and not refused then
      local taken, why = take(a)
      if not taken then refused = why or "refused" end
    end
    what, a, b, c = event(s, label)
  end
  if what == "refused" then
    refused = a
    what, a, b, c = skip(s, label)
  end
  if not what then return nil, a, b end
  self.answered = self.answered + 1
  if what == "reply" and a then return true, b end
  if what ~= "reply" and a then
    if refused then return false, tostring(refused), "io" end
    return true, a
  end
  local _, message, code, answer = unfinished(s, label, what, a, b, c)
  return false, message, code, answer
end
Pipeline.reply = reply

--- Start the timeout of a new operation for the next reply.
function Pipeline:restart_clock()
  commands.deadline(self.session)
end

--- The session is free again. Replies that were not taken are skipped before
-- its next command, up to `limits.drain`.
function Pipeline:close()
  local s = self.session
  s.busy = false
  if self.bound then s.bounded = false end
end

Pipeline.__close = Pipeline.close

local pipeline = {}

--- Open a pipeline.
-- @tparam pop3.session s
-- @tparam string label for what the session is busy with
-- @tparam integer count how many commands are expected
-- @treturn pipeline or nil, message, code
function pipeline.open(s, label, count)
  if s.dead or s.busy or s.link.waiting then return commands.unusable(s, label) end
  local bound = operation(s)
  local window, message, code = window_of(s, count)
  if not window then
    if bound then s.bounded = false end
    return nil, message, code
  end
  if s.engine:asked() > 0 then s.engine:discard() end
  s.busy = label
  return setmetatable({
    session = s, window = window, sent = 0, answered = 0, bound = bound ~= nil,
  }, Pipeline)
end

-- Does a body begin with a status line? While several commands are under way, the
-- line before it was then perhaps a reply that no command asked for.
local function begins_with_status(octets)
  local first = byte(octets)
  if first ~= PLUS and first ~= MINUS then return false end
  return octets:find "^%+OK[ \t\r\n]" or octets:find "^%-ERR[ \t\r\n]"
end

-- Call `fn` for one reply, which is its octets, or the list of the values of another
-- event. True when the message came, false when it did not; nil, message, code when the
-- session has ended.
local function tell(p, n, got, fn)
  if type(got) ~= "string" then
    local _, message, code, answer = unfinished(p.session, "RETR " .. n,
                                                table.unpack(got, 1, 4))
    fn(n, nil, message, code, answer)
    return false
  elseif p.window > 1 and begins_with_status(got) then
    return kill(p.session, "RETR " .. n, "the message begins with a status line: "
                .. "the replies are out of step", "proto")
  end
  fn(n, got)
  return true
end

-- Fetch the messages of the list. Returns how many were reported, how many came, and
-- message and code when the session ended.
local function fetch_all(p, list, fn)
  local s, count, half = p.session, #list, p.window // 2
  local done, came = 0, 0
  local replies = {}
  while done < count do
    if p.sent < count and p.sent - done <= half then
      local from, to = p.sent + 1, min(done + p.window, count)
      local ok, message, code = queue(p, "RETR " .. list[from], to - from + 1,
                                      "ask_each", "RETR", list, from, to)
      if not ok then return done, came, message, code end
    end
    local what, some, code = event(s, "RETR " .. list[done + 1], replies)
    if not what then return done, came, some, code end
    for i = 1, some do
      local got = replies[i]
      replies[i] = nil
      local ok, message, why = tell(p, list[done + 1], got, fn)
      if ok == nil then return done, came, message, why end
      done = done + 1
      if ok then came = came + 1 end
      if s.cancelled or s.link.closed then break end  -- by `fn`
    end
    p.answered = done
  end
  return done, came
end

--- See `pop3.session:retr_many`.
-- @tparam pop3.session s
-- @tparam {integer,...} list of valid message numbers, not empty
-- @tparam function fn
function pipeline.retr_many(s, list, fn)
  local p, message, code = pipeline.open(s, "retr_many", #list)
  local done, came = 0, nil
  if p then
    local _ <close> = p
    done, came, message, code = fetch_all(p, list, fn)
  end
  if came and not message then return came end
  for i = done + 1, #list do fn(list[i], nil, message, code) end
  return nil, message, code
end

return pipeline
