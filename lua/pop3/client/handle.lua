--- A message of the maildrop, from the iterator `pop3.session:messages`. Every
-- method calls the method of the session with the number of this message, and returns
-- its results.
-- @classmod pop3.handle
-- @usage
-- for m in assert(s:messages()) do
--   print(m.number, m.size, m.uid, assert(m:headers()).subject)
--   assert(m:save("mail-" .. m.number .. ".eml"))
--   assert(m:dele())
-- end
-- assert(s:quit())

--- Fields.
-- @table fields
-- @tfield integer number of the message in the session
-- @tfield ?integer size octets, as LIST says; nil if it says nothing
-- @tfield ?string uid nil if the server has no UIDL

local Handle = { __name = "pop3.handle" }
Handle.__index = Handle

--- Fetch the message, see `pop3.session:retr`.
-- @tparam[opt] function sink an ltn12 sink
-- @treturn string|integer the octets; with a sink, how many; or nil, message, code,
-- reply
-- @function retr
function Handle:retr(sink) return self.session:retr(self.number, sink) end

--- Fetch the message into a file, see `pop3.session:save`.
-- @tparam string path
-- @treturn integer octets; or nil, message, code, reply
-- @function save
function Handle:save(path) return self.session:save(self.number, path) end

--- Fetch the header and the first lines of the body, see `pop3.session:top`.
-- @tparam integer lines 0 or more
-- @tparam[opt] function sink an ltn12 sink
-- @treturn string|integer the octets; with a sink, how many; or nil, message, code,
-- reply
-- @function top
function Handle:top(lines, sink)
  return self.session:top(self.number, lines, sink)
end

--- Fetch and parse the message, see `pop3.session:message`.
-- @treturn pop3.message or nil, message, code, reply
-- @function message
function Handle:message() return self.session:message(self.number) end

--- Fetch and parse the header, see `pop3.session:headers`.
-- @treturn pop3.message or nil, message, code, reply
-- @function headers
function Handle:headers() return self.session:headers(self.number) end

--- Mark the message as deleted, see `pop3.session:dele`.
-- @treturn boolean true; or nil, message, code, reply
-- @function dele
function Handle:dele() return self.session:dele(self.number) end

function Handle:__tostring()
  return ("message %d (%s octets)"):format(self.number,
                                           self.size or "unknown")
end

-- A handle from a pop3.session, a number, a size and a unique-id or nil.
return function(session, number, size, uid)
  return setmetatable({ session = session, number = number, size = size,
                        uid = uid }, Handle)
end
