-- State that changes across connections: a login that fails once, mail that arrives
-- between two listings, a quota. Run it: lua5.4 examples/scenario.lua

local pop3 = require "pop3"

local MAIL = "From: a@b.example\r\nSubject: number %d\r\n\r\nhello\r\n"

local server = pop3.server.new {
  users = { mrose = { password = "secret",
                      mail = { MAIL:format(1), MAIL:format(2),
                               MAIL:format(3) } } },
  -- as data: the first login fails, the second works
  faults = { { verb = "PASS", times = 1, reply = "-ERR [SYS/TEMP] try again" } },
}

-- as Lua: a fourth message is there after the second UIDL
function server.on.UIDL(session, n)
  if server:count "UIDL" == 2 then server:deliver("mrose", MAIL:format(4)) end
  return server.default.UIDL(session, n)
end

-- two messages a session, then the quota is reached
function server.on.RETR(session, n)
  session.data.fetched = (session.data.fetched or 0) + 1
  if session.data.fetched > 2 then
    return session:err("quota reached", "SYS/TEMP")
  end
  return server.default.RETR(session, n)
end

-- A client that comes four times, in memory. With fork() it can be any client.
local seen = {}
for visit = 1, 4 do
  local s, message = pop3.connect { transport = server:loopback(),
                                    user = "mrose", password = "secret" }
  if not s then
    print(("visit %d: %s"):format(visit, message))
  else
    for m in assert(s:messages { uids = seen }) do
      local octets, why = m:retr()
      print(("visit %d: %s: %s"):format(visit, m.uid,
        octets and octets:match "Subject: ([^\r]*)" or why))
      if octets then seen[m.uid] = true end
    end
    assert(s:quit())
  end
end

server:verify { never = "~^DELE", count = { PASS = 4, RETR = 5 } }
