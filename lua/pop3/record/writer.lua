--- Writes the transcript of a recorder: one file for all sessions, written
-- while they run.
--
-- `pop3.server.replay` reads the format:
--
--    # lpop3 transcript
--    # session 1
--    S: +OK ready
--    C: USER mrose
--    S: +OK
--    C: PASS ***
--    S: -ERR no
--    ! hangup fin
--
-- `S:` lines are octets as they were received, with bodies and stuffed dots.
-- After a line that does not end with CRLF, `! eol lf` or `! eol none` follows.
-- @module pop3.record.writer
-- @local

local core = require "pop3.core"

local Writer = {}
Writer.__index = Writer

local HEADER = "# lpop3 transcript\n"

--- Make a writer. The file keeps its content until `begin`, since the recorder
-- may fail to listen.
-- @tparam string path
-- @treturn writer or nil, message, "io" when the file cannot be written
local function new(path)
  local self = setmetatable({ file = false, path = path, session = false,
                              mentioned = {}, open = {}, broken = false },
                            Writer)
  local before = core.stat(path)
  if before == "other" then  -- a device or a pipe has no content to keep
    local ok, err, code = self:begin()
    return ok and self, err, code
  end
  local file, err = io.open(path, "ab")
  if not file then return nil, err, "io" end
  file:close()
  if not before then os.remove(path) end
  return self
end

--- Empty the file and write the header, once.
-- @treturn boolean true, or nil, message, "io"
function Writer:begin()
  if not (self.file or self.broken) then
    local err
    self.file, err = io.open(self.path, "wb")
    if self.file then self:put(HEADER)
    else self.broken = err end
  end
  if self.broken then return nil, self.broken, "io" end
  return true
end

-- Write and flush: a child process continues the file of its parent, and the
-- lines are there if this process is killed. If writing fails, the file is
-- removed, since half of a transcript would be played back as a whole one.
function Writer:put(text)
  if self.broken or not self.file and not self:begin() then return end
  local ok, err = self.file:write(text)
  if ok then ok, err = self.file:flush() end
  if ok then return end
  self.broken = ("%s: %s"):format(self.path, err)
  if core.stat(self.path) == "file" then os.remove(self.path) end
end

local function line_of(self, id, text)
  self.mentioned[id] = true
  if self.session ~= id then
    self.session = id
    text = ("# session %d\n"):format(id) .. text
  end
  self:put(text)
end

--- A session has ended. If it has no lines, it is written as silent.
-- @tparam integer id
function Writer:mention(id)
  if not self.mentioned[id] then line_of(self, id, "! stall\n") end
  self.mentioned[id] = nil
end

--- Write a command or a SASL response, in which secrets are masked.
-- @tparam integer id of the session
-- @tparam string line
function Writer:command(id, line)
  if line:sub(1, 1) == "~" then  -- not a pattern, so write one that matches it
    line = line:gsub("%W", "%%%0"):gsub("%%%*%%%*%%%*", ".*")
    line = "~^" .. line .. "$"
  end
  line_of(self, id, "C: " .. line .. "\n")
end

-- The octets that can be written now, with those held before. While `more`
-- follow, an incomplete line is held.
local function whole_lines(self, id, octets, more)
  local open = self.open[id] or {}
  open[#open + 1] = octets
  self.open[id] = open
  if more and not octets:find("\n", 1, true) then return "" end
  octets, self.open[id] = table.concat(open), nil
  if not more then return octets end
  local stop = octets:match ".*\n()"
  self.open[id] = { octets:sub(stop) }
  return octets:sub(1, stop - 1)
end

--- Write octets of a reply.
-- @tparam integer id of the session
-- @tparam string octets
-- @tparam[opt] boolean more others follow
function Writer:reply(id, octets, more)
  octets = whole_lines(self, id, octets, more)
  if octets == "" then return end
  local out, at = {}, 1
  while at <= #octets do
    local line, eol, next_at = octets:match("^([^\n]-)(\r?\n)()", at)
    if not line then line, eol, next_at = octets:sub(at), "", #octets + 1 end
    out[#out + 1] = "S: " .. line .. "\n"
    if eol == "\n" then out[#out + 1] = "! eol lf\n"
    elseif eol == "" then out[#out + 1] = "! eol none\n" end
    at = next_at
  end
  line_of(self, id, table.concat(out))
end

--- Write an event.
-- @tparam integer id of the session
-- @tparam string what "hangup fin", "hangup rst" or "tls"
function Writer:event(id, what)
  line_of(self, id, "! " .. what .. "\n")
end

return new
