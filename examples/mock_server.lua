-- A server for any mail program: its second message cannot be fetched, and it has
-- a command that POP3 does not have.
--
--   lua5.4 mock_server.lua [PORT]           user "mrose", password "secret"

local pop3 = require "pop3"

local server = pop3.server.new {
  port = math.tointeger(tonumber((...))) or 0,
  users = {
    mrose = {
      password = "secret",
      mail = {
        "From: ann@example.org\r\nSubject: one\r\n\r\nThe first message.\r\n",
        "From: bob@example.org\r\nSubject: two\r\n\r\nYou will not see this.\r\n",
        "From: cyd@example.org\r\nSubject: three\r\n\r\n.a line with a dot\r\n",
      },
    },
  },
}

function server.on.RETR(session, n)
  if n == 2 then
    return session:err("the disk is on fire", "SYS/TEMP")
  end
  return server.default.RETR(session, n)  -- the default handler
end

function server.on.XECHO(session, rest)
  return session:ok(rest)
end

function server.on.disconnect(session)
  io.stdout:write(("session %d has ended\n"):format(session.id))
  io.stdout:flush()
end

io.stdout:write(("listening on %s:%d\n"):format(server.host, server.port))
io.stdout:flush()
server:run()
