--- Spools: files without a name that hold one message until all of it has come.
-- `pop3.mbox`, `pop3.lmtp`, `pop3.pipe` and `pop3.sync` use them.
-- @module pop3.sync.spool
-- @local

local core = require "pop3.core"
local fields = require "pop3.sync.fields"

local spool = {}

--- The directory of spools: the option `spool`, or the default.
-- @tparam[opt] string given
-- @treturn string
function spool.directory(given)
  return given or os.getenv "TMPDIR" or "/var/tmp"
end

--- A spool that begins with the header fields that a delivery adds.
-- @tparam table into the delivery: `spool`, its directory; `fields`
-- @tparam string form of the octets, see `pop3.core.diskfile`
-- @tparam table handle of the message
-- @tparam[opt] integer time of the delivery, for these fields
-- @return the file; or nil, message, "io"
function spool.begin(into, form, handle, time)
  local file = core.spool(into.spool)
  file:form(form)
  local ok, message = file:write(fields.text(into.fields, handle, time))
  if not ok then return nil, message, "io" end
  return file
end

--- The method `write` of a message under way, whose spool is `self.file`.
-- @tparam string octets
-- @treturn boolean true, or nil, message, "io"
function spool:write(octets)
  local ok, message = self.file:write(octets)
  if not ok then return nil, message, "io" end
  return true
end

return spool
