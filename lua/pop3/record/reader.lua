--- Reads transcripts for `pop3.server.replay`, whose documentation describes
-- the format.
-- @module pop3.record.reader
-- @local

local fault = require "pop3.server.fault"
local fault_text = require "pop3.server.fault.text"
local pattern = require "pop3.verify.pattern"

local reader = {}

local ENDS = { lf = "\n", cr = "\r", none = "" }
local HOWS = { fin = true, rst = true, half = true }

-- Put "delay=2 cut.bytes=5", or "delay 2", into a table of effects; nil,
-- message when it is invalid.
local function effects_of(text, into)
  text = text:gsub("^([%w_.]+)%s+(%-?[%d.]+)%s*$", "%1=%2")
  local made, problem = fault_text(text, into)
  if not made then return nil, problem end
  local ok, err = pcall(fault.read_effects, into, 0)
  if not ok then return nil, tostring(err) end
  return true
end

-- ------------------------------------------------------------------- reading

local Reader = {}
Reader.__index = Reader

local function new_step(self, want)
  local step = { want = want, reply = {}, rounds = {}, effects = {},
                 line = self.line, own = self.own }
  return step
end

function Reader:begin(number)
  if not number or number < 1 then
    return nil, "the number of a session must be 1 or more"
  end
  local sessions = self.sessions
  sessions[number] = sessions[number] or { steps = {}, tls = false,
                                           line = self.line }
  self.session, self.joined = sessions[number], false
  return true
end

-- The session that lines belong to. Before any "# session" line it is the
-- first.
local function current(self)
  if not self.session then self:begin(1) end
  return self.session
end

-- The step that lines of the server belong to. The greeting is a step, too.
local function step_of(self)
  local session = current(self)
  if not session.step then
    session.step = new_step(self)
    session.greeting = session.step
  end
  return session.step
end

-- The step or round whose reply and effects are read: the last round of a SASL
-- exchange, or the step itself.
local function last_of(step)
  return step.rounds[#step.rounds] or step
end

local function reply_of(step) return last_of(step).reply end

--- Is the reply of a step or round a challenge? Only AUTH has challenges.
-- @tparam table step
-- @tparam table round the step itself or one of its rounds
-- @treturn boolean
function reader.challenges(step, round)
  local first = round.reply[1]
  return first ~= nil and first:find "^%+[ \r\n]" ~= nil and step.want ~= nil
         and step.want:find "^~?%^?[Aa][Uu][Tt][Hh]" ~= nil
end

function Reader:client(line)
  local session = current(self)
  if line:sub(1, 1) == "~" then
    local ok, err = pattern(line:sub(2))
    if not ok then return nil, err end
  end
  self.joined = false
  local step = session.step
  if step and reader.challenges(step, last_of(step)) then
    local rounds = step.rounds
    rounds[#rounds + 1] = { want = line, reply = {}, effects = {} }
    return true
  end
  session.step = new_step(self, line)
  session.steps[#session.steps + 1] = session.step
  return true
end

function Reader:server(line)
  local reply = reply_of(step_of(self))
  if self.joined then
    reply[#reply] = reply[#reply] .. line .. "\r\n"
    self.joined = false
  else
    reply[#reply + 1] = line .. "\r\n"
  end
  return true
end

local bangs = {}

function bangs.eol(self, kind)
  local reply = reply_of(step_of(self))
  if not ENDS[kind] or not reply[1] then
    return nil, "'! eol' must be lf, cr or none, after an S: line"
  end
  reply[#reply] = reply[#reply]:sub(1, -3) .. ENDS[kind]
  self.joined = kind == "none"
  return true
end

function bangs.hangup(self, how)
  how = how == "" and "fin" or how
  if not HOWS[how] then return nil, "'! hangup' must be fin, rst or half" end
  step_of(self).ends = how
  return true
end

function bangs.tls(self)
  local session = current(self)
  if session.step then session.step.tls = true
  else session.tls = true end
  self.tls = true
  return true
end

function Reader:bang(text)
  local name, rest = text:match "^(%w+)%s*(.-)%s*$"
  if bangs[name] then return bangs[name](self, rest) end
  return effects_of(text, last_of(step_of(self)).effects)
end

-- The smallest indentation after C: and S:, which is not part of the lines.
local function indentation(text)
  local least
  for spaces, rest in text:gmatch "\n[ \t]*[CS]:([ \t]*)([^\r\n]?)" do
    if rest ~= "" and rest ~= "<" and (not least or #spaces < least) then
      least = #spaces
    end
  end
  return least or 0
end

-- A line without its indentation. Commands and status lines lose all leading
-- blanks, except in a transcript of the recorder.
local function outdented(self, side, rest, indent)
  local starts = side == "C" or not reply_of(step_of(self))[1]
  if starts and not self.own then return (rest:gsub("^[ \t]+", "")) end
  return rest:sub(math.min(indent, #rest:match "^[ \t]*") + 1)
end

local function take(self, line, indent)
  local side, rest = line:match "^[ \t]*([CS]):(.*)$"
  if side then
    -- "<open connection>", as the examples of RFC 1939 have it
    if not self.own and rest:find "^%s*<.*connection.*>%s*$" then return true end
    if side == "C" then return self:client(outdented(self, side, rest, indent)) end
    return self:server(outdented(self, side, rest, indent))
  end
  local wanted = line:match "^[ \t]*C?~:? ?(.*)$"
  if wanted then return self:client("~" .. wanted) end
  local bang = line:match "^[ \t]*!:? ?(.*)$"
  if bang then return self:bang(bang) end
  local number = line:match "^# session (%d+)"
  if number then return self:begin(math.tointeger(tonumber(number))) end
  if line:find "^%s*#" or line:find "^%s*$" then return true end
  return nil, "the line does not begin with C:, S:, ~, ! or #"
end

-- Does the transcript have a STLS that the server accepted?
local function has_stls(sessions)
  for _, session in ipairs(sessions) do
    for _, step in ipairs(session.steps) do
      if step.want:upper() == "STLS" and (step.reply[1] or ""):find "^%+OK" then
        return true
      end
    end
  end
  return false
end

--- Parse a transcript.
-- @tparam string text
-- @tparam string name for messages: the path
-- @treturn table `tls`: true when a session uses TLS; `sessions`, a list. A
-- session has `greeting` (a step), `steps`, and `tls` when it begins with TLS.
-- A step has `want` (the command), `reply` (a list of lines with their ends),
-- `rounds` (the rest of a SASL exchange), `ends` ("fin", "rst" or "half"),
-- `effects` (of a fault), `tls` (it starts after the reply), `line` (of the
-- file). Or nil, message, "proto"
function reader.parse(text, name)
  text = text:gsub("^\xEF\xBB\xBF", "")  -- a byte order mark
  local self = setmetatable({ sessions = {}, line = 0, joined = false,
                              own = text:find "^# lpop3 transcript" ~= nil },
                            Reader)
  local indent = self.own and 1 or indentation("\n" .. text)
  local crlf = text:match "^[^\n]*" :sub(-1) == "\r"
  for line in (text:sub(-1) == "\n" and text or text .. "\n"):gmatch "(.-)\n" do
    self.line = self.line + 1
    if crlf then line = line:gsub("\r$", "") end
    local ok, err = take(self, line, indent)
    if not ok then
      return nil, ("%s:%d: %s"):format(name, self.line, err), "proto"
    end
  end
  if not next(self.sessions) then
    return nil, name .. ": there is no C: or S: line", "proto"
  end
  local missing = 1
  while self.sessions[missing] do missing = missing + 1 end
  for number, session in pairs(self.sessions) do
    if number > missing then
      return nil, ("%s:%d: there is a session %d, but no session %d"):format(
                  name, session.line, number, missing), "proto"
    end
  end
  for number = 1, #self.sessions do
    if not self.sessions[number].greeting then
      self.sessions[number].greeting = { reply = { "+OK\r\n" }, rounds = {},
                                         effects = {}, line = 0 }
    end
  end
  return { sessions = self.sessions, tls = self.tls or has_stls(self.sessions) }
end

return reader
