--- Digests of the headers of messages on the server, by TOP n 0 (RFC 1939 section
-- 7), for `pop3.sync`.
-- @module pop3.sync.fingerprint
-- @local

local core = require "pop3.core"
local pipeline = require "pop3.client.pipeline"

local TRIES = 3  -- refusals after which the server counts as one without TOP

--- Set the field `digest` of each message. It stays nil where the server refuses
-- TOP, or answers it without a header.
-- @tparam table self the run, see `pop3.sync.run`; its field `has_top` becomes true
-- or false
-- @tparam {message,...} messages
-- @treturn boolean true, or nil, message, code
return function(self, messages)
  if self.has_top == false then return true end
  local p, message, code = pipeline.open(self.session, "TOP", #messages)
  if not p then return nil, message, code end
  local _ <close> = p
  local sent, refused = 0, 0
  for i, m in ipairs(messages) do
    while sent < #messages and p:has_room() and (self.has_top or sent < i) do
      sent = sent + 1
      local ok, m2, c2 = p:send(("TOP %d 0"):format(messages[sent].number))
      if not ok then return nil, m2, c2 end
    end
    p:restart_clock()
    local ok, header, c, reply = p:reply(("TOP %d 0"):format(m.number))
    if ok == nil then return nil, header, c end
    if ok then
      self.has_top = true
      if header:find "^[^\r\n]" then m.digest = core.header_digest(header) end
    elseif not self.has_top and not (reply and reply.code) then
      refused = refused + 1
      if refused == TRIES or refused == #messages then
        self.has_top = false
        return true
      end
    end
  end
  return true
end
