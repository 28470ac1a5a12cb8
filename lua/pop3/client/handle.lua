--- A message of the maildrop, as `messages` gives it.
-- @module pop3.handle
-- @local

local Handle = { __name = "pop3.handle" }
Handle.__index = Handle

function Handle:retr(sink) return self.session:retr(self.number, sink) end
function Handle:save(path) return self.session:save(self.number, path) end
function Handle:top(lines, sink)
  return self.session:top(self.number, lines, sink)
end
function Handle:message() return self.session:message(self.number) end
function Handle:headers() return self.session:headers(self.number) end
function Handle:dele() return self.session:dele(self.number) end

function Handle:__tostring()
  return ("message %d (%d octets)"):format(self.number, self.size)
end

--- @tparam pop3.session session
-- @tparam integer number
-- @tparam integer size
-- @tparam ?string uid
return function(session, number, size, uid)
  return setmetatable({ session = session, number = number, size = size,
                        uid = uid }, Handle)
end
