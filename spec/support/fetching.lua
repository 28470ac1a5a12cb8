--- Runs of `pop3.sync` against a server in memory, for the specs.

local inbox = require "spec.support.inbox"
local pop3 = require "pop3"
local tempdir = require "spec.support.tempdir"

local fetching = {}

local Place = {}
Place.__index = Place

--- Messages that differ in size and header.
function fetching.mail(count, first)
  local mail = {}
  for i = first or 1, (first or 1) + count - 1 do
    mail[#mail + 1] = ("From: a@example\r\nSubject: message %d\r\n\r\n%s\r\n")
                      :format(i, ("x"):rep(i))
  end
  return mail
end

--- An entry of a state, as the engine makes them.
function fetching.entry(uid, fields)
  local e = { uid = uid, nth = 1, size = 100, first = 1800000000 }
  for name, value in pairs(fields or {}) do e[name] = value end
  return e
end

--- A place for runs: a server with the user mrose, an inbox, a state file. It is
-- to be closed.
-- @tparam table|integer mail or how many messages
-- @tparam[opt] table opts `uidl`: of the user; others are of the server
function fetching.place(mail, opts)
  local uidl = opts and opts.uidl
  local server_opts = { users = {
    mrose = { password = "secret", uidl = uidl,
              mail = type(mail) == "number" and fetching.mail(mail) or mail },
  } }
  for name, value in pairs(opts or {}) do
    if name ~= "uidl" then server_opts[name] = value end
  end
  local dir = tempdir()
  return setmetatable({
    dir = dir, server = pop3.server.new(server_opts), inbox = inbox(),
    state = dir.path .. "/state",
  }, Place)
end

--- Another server takes the place of the one that was there.
function Place:replace(mail, opts)
  local other = fetching.place(mail, opts)
  self.server = other.server
  getmetatable(other.dir).__close(other.dir)
end

function Place:connect()
  return assert(pop3.connect { transport = self.server:loopback(),
                               user = "mrose", password = "secret" })
end

--- One run; what `pop3.sync` returns.
function Place:sync(opts)
  local all = { state = self.state, into = self.inbox }
  for name, value in pairs(opts or {}) do all[name] = value end
  return pop3.sync(self:connect(), all)
end

--- One run that succeeds; its result.
function Place:run(opts)
  local result, message = self:sync(opts)
  assert(result, message)
  return result
end

--- How many commands of a verb did the server get until now?
function Place:count(verb)
  return self.server:count(verb)
end

function Place:octets_of_state()
  local file <close> = assert(io.open(self.state, "rb"))
  return file:read "a"
end

function Place:__close()
  getmetatable(self.dir).__close(self.dir)
end

return fetching
