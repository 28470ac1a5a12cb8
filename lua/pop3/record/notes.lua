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

local Notes = {}
Notes.__index = Notes

local HEADER = "# lpop3 transcript\n"

--- Begin a file.
-- @tparam string path
-- @treturn notes or nil, message, "io"
local function new(path)
  local file, err = io.open(path, "wb")
  if not file then return nil, err, "io" end
  local self = setmetatable({ file = file, path = path, session = false }, Notes)
  local ok, message = self:put(HEADER)
  if not ok then return nil, message, "io" end
  return self
end

-- All at once and then to the file: a child process writes on where its parent
-- has left off, and what was said is there when this one is killed.
function Notes:put(text)
  local ok, err = self.file:write(text)
  if ok then ok, err = self.file:flush() end
  if not ok then return nil, ("%s: %s"):format(self.path, err) end
  return true
end

local function line_of(self, id, text)
  if self.session ~= id then
    self.session = id
    text = ("# session %d\n"):format(id) .. text
  end
  return self:put(text)
end

--- A command, or the response in an exchange, secrets masked by whoever calls.
function Notes:command(id, line)
  return line_of(self, id, "C: " .. line .. "\n")
end

--- Octets of a reply.
function Notes:reply(id, octets)
  local out, at = {}, 1
  while at <= #octets do
    local line, eol, next_at = octets:match("^([^\n]-)(\r?\n)()", at)
    if not line then line, eol, next_at = octets:sub(at), "", #octets + 1 end
    out[#out + 1] = "S: " .. line .. "\n"
    if eol == "\n" then out[#out + 1] = "! eol lf\n"
    elseif eol == "" then out[#out + 1] = "! eol none\n" end
    at = next_at
  end
  return line_of(self, id, table.concat(out))
end

--- What happened: "hangup fin", "tls".
function Notes:event(id, what)
  return line_of(self, id, "! " .. what .. "\n")
end

function Notes:close()
  if not self.file then return true end
  local ok, err = self.file:close()
  self.file = nil
  if not ok then return nil, ("%s: %s"):format(self.path, err), "io" end
  return true
end

return new
