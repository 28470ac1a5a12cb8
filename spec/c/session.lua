-- Sessions of client and server, and message reading, in one process, to run
-- under valgrind: no leak, no use of uninitialised memory.

local pop3 = require "pop3"

local mail = {}
for _, name in ipairs { "plain", "newsletter", "photo", "forwarded", "dots" } do
  local f <close> = assert(io.open("examples/mail/" .. name .. ".eml", "rb"))
  mail[#mail + 1] = f:read "a"
end

local server = pop3.server.new { users = { u = { password = "pw",
                                                 mail = mail } } }
server:fault { verb = "NOOP", drip = { bytes = 1, every = 1 } }
function server.on.XSRC(session)
  local n = 0
  return session:multi("", function()
    n = n + 1
    return n < 20 and (".line " .. n .. "\n"):rep(100) or nil
  end)
end

local path = os.tmpname()
do
  local s <close> = assert(pop3.connect { transport = server:loopback(),
    user = "u", password = "pw", log = function() end })
  assert(s:stat())
  assert(s:list())
  assert(s:uidl())
  assert(s:noop())
  assert(s:save(5, path))
  assert(s:command("XSRC", { multiline = true }))
  assert(s:retr_many({ 1, 2, 9, 3 }, function() end))
  for m in assert(s:messages()) do
    local message = assert(m:message())
    message:structure()
    for _, part in message:walk() do part:body() end
    assert(m:headers())
  end
  assert(s:dele(1))
  assert(s:quit())
end
os.remove(path)
assert(#server:mailbox "u" == 4)
server:transcript()

-- and one in a child, over a socket, that ends in the middle of a message
server:fault { verb = "RETR", nth = 9, cut = { bytes = 500, how = "rst" } }
do
  local run <close> = server:fork()
  local s = assert(pop3.connect { host = "127.0.0.1", port = run.port,
    tls = "none", user = "u", password = "pw" })
  for _ = 1, 10 do s:retr(2) end
  s:close()
end

-- every login, by STLS: good, wrong, and given up in the middle
do
  local mechs = { "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN",
                  "LOGIN", "OAUTHBEARER", "XOAUTH2" }
  local secure = assert(pop3.server.new { tls = "auto", mechs = mechs, users = {
    u = { password = "pw", token = "token", mail = mail } } })
  local seen
  for _, mech in ipairs(mechs) do
    for _, good in ipairs { true, false } do
      local s <close> = assert(pop3.connect { transport = secure:loopback(),
        tls = "stls", servername = "localhost", cafile = secure.cafile,
        resume = seen, log = function() end })
      local token = mech:find "OAUTH" and (good and "token" or "wrong") or nil
      assert((s:login("u", not token and (good and "pw" or "wrong") or nil,
                      { mechs = { mech }, token = token }) == true) == good)
      if good then assert(#s:retr(1) > 0) end
      s:quit()
      seen = s
    end
  end
  local link = secure:loopback()
  link:receive(1000)
  link:send "AUTH LOGIN\r\n"
  link:close()
  for _, bad in ipairs { "expired", "wrong-host", "untrusted" } do
    local other = assert(pop3.server.new { tls = bad, implicit = true })
    assert(not pop3.connect { transport = other:loopback(), tls = "implicit",
      servername = "localhost", cafile = other.cafile })
  end
end
print "1 passed, 0 failed"
