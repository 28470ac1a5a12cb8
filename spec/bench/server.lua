-- Our server under measurement, on 127.0.0.1:$OUR_SERVER_PORT (11200); any
-- password is right. The user name without its digits picks the mailbox. With
-- $OUR_SERVER_CERT and $OUR_SERVER_KEY it speaks TLS from the first octet.
--
--   server.lua [override] [NAME=COUNTxBYTES...]
--
-- "override" puts a handler in Lua in front of RETR, as a test would.

local pop3 = require "pop3"
local message = require "spec.bench.mail"

local override = arg[1] == "override"
local specs = { table.unpack(arg, override and 2 or 1) }
if #specs == 0 then
  specs = { "small=10000x4096", "medium=1000x102400", "c=10x2048",
    "big=1x268435456" }
end

-- A mailbox is made when it is first asked for.
local boxes = {}
for _, spec in ipairs(specs) do
  local name, count, size = spec:match "^(%a+)=(%d+)x(%d+)$"
  boxes[name] = function()
    local mail, octets = {}, message(math.tointeger(tonumber(size)))
    assert(#octets == tonumber(size))
    for i = 1, tonumber(count) do mail[i] = octets end
    return mail
  end
end

local function mailbox(user)
  local name = user:match "^%a*"
  if type(boxes[name]) == "function" then boxes[name] = boxes[name]() end
  return boxes[name]
end

local cert = os.getenv "OUR_SERVER_CERT"

local server = assert(pop3.server.new {
  tls = cert and { cert = cert, key = os.getenv "OUR_SERVER_KEY" } or nil,
  implicit = cert ~= nil,
  port = math.tointeger(tonumber(os.getenv "OUR_SERVER_PORT" or 11200)),
  users = setmetatable({}, { __index = function(users, user)
    local mail = mailbox(user)
    users[user] = mail and { mail = mail }
    return users[user]
  end }),
  authenticate = function() return true end,
})

if override then
  function server.on.RETR(session, n)
    return server.default.RETR(session, n)
  end
end

server:run()
