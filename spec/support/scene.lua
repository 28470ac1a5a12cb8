-- For the scenarios: a server with a maildrop of three messages and our client,
-- connected in memory, with a virtual clock.

local pop3 = require "pop3"

local scene = {}

scene.MAIL = { "Subject: 1\r\n\r\none\r\n", "Subject: 2\r\n\r\n.two\r\n",
               "Subject: 3\r\n\r\nthree\r\n" }

--- A server; options as of pop3.server.new, `mail` in place of the three.
function scene.mock(opts)
  local made = { users = { mrose = { password = "secret", token = "bearer",
                                     mail = scene.MAIL } } }
  for name, value in pairs(opts or {}) do made[name] = value end
  if made.mail then made.users.mrose.mail, made.mail = made.mail, nil end
  return pop3.server.new(made)
end

--- A server with these faults.
function scene.faulty(...)
  return scene.mock { faults = { ... } }
end

--- Our client, logged in; or nil, message, code.
function scene.client(server, opts)
  local made = { transport = server:loopback(), user = "mrose", tls = "none",
                 password = "secret", timeout = 60, cafile = server.cafile,
                 host = "localhost" }
  for name, value in pairs(opts or {}) do made[name] = value end
  if made.token then made.password = nil end
  if made.user == false then made.user, made.password = nil, nil end
  return pop3.connect(made)
end

--- The code of an error, or of a client that came to be.
function scene.code(...)
  return select("#", ...) > 1 and select(3, ...) or ... and "fine"
end

return scene
