--- The transcript that a recorder writes, as it goes: one file, several sessions.
--
-- The format is that which `pop3.server.replay` reads:
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
-- `S:` lines are octets of the wire, bodies and stuffed dots as they are; where a
-- line did not end in CRLF, `! eol lf` or `! eol none` follows.
-- @module pop3.record.notes
-- @local

local core = require "pop3.core"

local Notes = {}
Notes.__index = Notes

local HEADER = "# lpop3 transcript\n"

--- Notes for a file. What is in it stays until they begin: a recorder may find
-- that it cannot listen.
-- @tparam string path
-- @treturn notes or nil, message, "io" when it cannot be written
local function new(path)
  local self = setmetatable({ file = false, path = path, session = false,
                              mentioned = {}, open = {}, broken = false }, Notes)
  local before = core.stat(path)
  if before == "other" then  -- a device or a pipe, in which nothing is kept
    local ok, err, code = self:begin()
    return ok and self, err, code
  end
  local file, err = io.open(path, "ab")
  if not file then return nil, err, "io" end
  file:close()
  if not before then os.remove(path) end
  return self
end

--- Begin the file anew, once.
-- @treturn boolean true, or nil, message, "io"
function Notes:begin()
  if not (self.file or self.broken) then
    local err
    self.file, err = io.open(self.path, "wb")
    if self.file then self:put(HEADER)
    else self.broken = err end
  end
  if self.broken then return nil, self.broken, "io" end
  return true
end

-- All at once and then to the file: a child process writes on where its parent
-- has left off, and what was said is there when this one is killed. A file that
-- cannot be written is removed: half of a transcript would play as a whole one.
function Notes:put(text)
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

--- A session that is over: if nothing was said in it, that is what is written.
function Notes:mention(id)
  if not self.mentioned[id] then line_of(self, id, "! stall\n") end
  self.mentioned[id] = nil
end

--- A command, or the response in an exchange, secrets masked by whoever calls.
function Notes:command(id, line)
  if line:sub(1, 1) == "~" then  -- no pattern: it becomes the one that fits it
    line = line:gsub("%W", "%%%0"):gsub("%%%*%%%*%%%*", ".*")
    line = "~^" .. line .. "$"
  end
  line_of(self, id, "C: " .. line .. "\n")
end

-- What can be written of octets behind which there is more to come, and those of
-- before that were not; a line that has not ended waits.
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

--- Octets of a reply.
-- @tparam integer id
-- @tparam string octets
-- @tparam[opt] boolean more others follow
function Notes:reply(id, octets, more)
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

--- What happened: "hangup fin", "tls".
function Notes:event(id, what)
  line_of(self, id, "! " .. what .. "\n")
end

return new
