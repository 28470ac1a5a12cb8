--- A POP3 client session (RFC 1939, 2449, 6856), which `pop3.connect` returns.
--
-- Every method returns `nil, message, code, reply` when it fails; see `pop3`. The
-- session stays usable after an exceeded limit of a message or a listing, a sink or a
-- file that failed, and a reply -ERR. It has ended after a timeout, a lost connection,
-- and a reply that is not POP3.
-- @classmod pop3.session
-- @alias methods

local argument = require "pop3.util.argument"
local authorization = require "pop3.client.authorization"
local commands = require "pop3.client.command"
local core = require "pop3.core"
local fetch = require "pop3.client.fetch"
local maildrop = require "pop3.client.maildrop"

local Session = { __name = "pop3.session" }
local methods = {}
Session.__index = methods

for _, group in ipairs { authorization.methods, fetch, maildrop } do
  for name, method in pairs(group) do methods[name] = method end
end

-- The class of a session after `close`.
local Closed = { __name = "pop3.session (closed)" }

--- The state of the session (RFC 1939 section 3).
-- @treturn string "authorization", "transaction", "update" or "closed"
-- @usage
-- print(s:state())                        -- transaction
function methods:state()
  if self.dead then return "closed" end
  local state = self.engine:state()
  return state == "greeting" and "authorization" or state
end

--- The text of the greeting, without "+OK".
-- @treturn string
-- @usage
-- print(s:greeting())
function methods:greeting()
  return self.hello
end

--- Send any command.
-- @tparam string line the command without its CRLF
-- @tparam[opt] table opts
-- @tparam[opt] boolean opts.multiline true: a body follows a +OK. The verbs of POP3
-- do not need it
-- @treturn string the text of the status line; or nil, message, code, reply
-- @treturn ?string the body
-- @usage local text, body = s:command("XTND XLIST Subject", { multiline = true })
function methods:command(line, opts)
  argument.text(line, "the command", 1, authorization.LONGEST)
  opts = opts or {}
  argument.options(opts, { multiline = "boolean" }, "command", 1)
  local verb = (line:match "^[^ ]*"):upper()
  if verb == "" or verb:find "%c" then
    argument.misuse(1, "a command must begin with a verb")
  end
  local row = core.verbs[verb]
  if row and row.turn then  -- AUTH, STLS: the session must know what follows
    argument.misuse(1, "%s: use session:%s()", verb,
                    row.login and "login" or verb:lower())
  end
  local body = opts.multiline or row ~= nil and row.body ~= nil
  local ok, message, code = commands.ask(self, verb, line, body)
  if not ok then return nil, message, code end
  local what, x, y, z = commands.event(self, verb)
  if not what then return nil, x, y end
  if self.engine:state() == "closed" then commands.drop(self) end  -- QUIT
  if what == "body" then
    if not x then return commands.fail(self, verb, y, z) end
    return y or "", x
  end
  if not x then return commands.refused(self, verb, y, z) end
  return y
end

-- --------------------------------------------------------------------- ends

--- End the session (QUIT). The server deletes the messages that are marked. The
-- session is closed in any case.
-- @treturn boolean true when the server confirmed it; or nil, message, code, reply:
-- "err" when the server refused; with any other code it is not known whether the
-- messages were deleted
-- @usage
-- local ok, message = s:quit()
-- if not ok then print("perhaps nothing was deleted: " .. message) end
function methods:quit()
  local ok, message, code, reply = commands.command(self, "QUIT", "QUIT")
  if code == "state" then return nil, message, code end  -- in a callback
  commands.drop(self)
  if not ok then return nil, message, code, reply end
  return true
end

-- Free the engines. They hold secrets, which must not wait for the collector.
local function release(s)
  local port = s.link.port
  if port ~= s.engine then port:close() end
  s.engine:close()
end

--- End the session from another coroutine, or from a callback such as `progress`. A
-- call that waits for the server returns nil, message, "closed". Nothing is deleted.
-- @tparam[opt="cancelled"] string why for the message of that call
function methods:cancel(why)
  if why ~= nil then argument.text(why, "cancel: the reason", 1) end
  self.cancelled = why or "cancelled"
  self.redial = false  -- a login makes no further connection
  if self.dead then return end
  self.link.ending = true
  if self.link.waiting or self.busy then self.link.io:cancel()
  else commands.drop(self) end
end

--- Close the connection without QUIT: nothing is deleted.
-- @usage
-- s:close()
function methods:close()
  self.link.closed = true  -- for a call that waits or that called this one
  self.redial = false      -- a login makes no further connection
  commands.drop(self)
  release(self)
  setmetatable(self, Closed)
end

function Session:__gc()
  if not self.dead then self.link.io:close() end
end

Session.__close = methods.close

function Session:__tostring()
  return ("pop3.session (%s, %s)"):format(self.name, self:state())
end

Closed.__index = function(_, name)
  if name == "close" then return function() end end
  if name == "state" then return function() return "closed" end end
  if methods[name] then
    return function() error("the session is closed", 2) end
  end
end

Closed.__close = function() end

function Closed:__tostring()
  return ("pop3.session (%s, closed)"):format(self.name)
end

-- A session from its fields, before the greeting.
local function new(s)
  return setmetatable(s, Session)
end

return { new = new, release = release }
