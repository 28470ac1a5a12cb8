-- Our client under measurement: as many sessions as the argument says, each of them a
-- connection by TLS with a verified certificate, a login, STAT and QUIT. Prints the
-- seconds of processor time that they took, without those of the first, which loads
-- the modules and the trusted CAs.
--
--   POP_PORT= POP_USER= POP_PW= POP_CA=FILE logins.lua COUNT

local pop3 = require "pop3"

local function session()
  local s <close> = assert(pop3.connect {
    host = "127.0.0.1", port = math.tointeger(tonumber(os.getenv "POP_PORT")),
    tls = "implicit", servername = "localhost", cafile = os.getenv "POP_CA",
    user = os.getenv "POP_USER", password = os.getenv "POP_PW",
  })
  assert(s:stat())
  assert(s:quit())
end

session()
local before = os.clock()
for _ = 1, tonumber(arg[1]) do session() end
print(("%.6f"):format(os.clock() - before))
