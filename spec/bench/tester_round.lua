-- The cost of a test: prints milliseconds per fork(), first greeting and stop(), at
-- the median ("fork"), of the same by hand ("floor"), or of a Python mock that is
-- started and ended ("python"); or sessions in memory a second, with our client
-- ("loopback") or without a client ("octets").

local core = require "pop3.core"
local pop3 = require "pop3"
local socket = require "socket"

local what, count = arg[1], tonumber(arg[2])

local server = pop3.server.new { users = {
  mrose = { password = "secret", mail = { "Subject: 1\r\n\r\nhi\r\n" } } } }

-- The first line that comes from a port.
local function greeting(port)
  local sock = socket.connect("127.0.0.1", port)
  if not sock then return nil end
  local line = sock:receive "*l"
  sock:close()
  return line
end

local rounds = {}

function rounds.fork()
  local run = assert(server:fork())
  assert(greeting(run.port))
  run:stop()
end

-- A listener, a child that greets the first who comes, and its end.
function rounds.floor()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  local pid = assert(core.fork())
  if pid == 0 then
    local sock = listener:accept()
    sock:send "+OK ready\r\n"
    core.exit(0)
  end
  assert(greeting(port))
  core.waitpid(pid)
  listener:close()
end

function rounds.python()
  local probe = assert(socket.bind("127.0.0.1", 0))
  local _, port = probe:getsockname()
  probe:close()
  local pipe = assert(io.popen(("exec python3 spec/bench/mock.py %d one=1x512 "
    .. "& echo $!; wait"):format(port)))
  local pid = pipe:read "n"
  repeat until greeting(port)
  os.execute("kill " .. pid)
  pipe:close()
end

function rounds.loopback()
  local c = assert(pop3.connect { transport = server:loopback(),
    user = "mrose", password = "secret", mechs = { "USER" } })
  assert(c:stat())
  assert(c:quit())
end

local COMMANDS = { "USER mrose\r\n", "PASS secret\r\n", "STAT\r\n", "QUIT\r\n" }

function rounds.octets()
  local link = server:loopback()
  assert(link:receive())
  for _, line in ipairs(COMMANDS) do
    assert(link:send(line))
    assert(link:receive():find "^%+OK")
  end
  link:close()
end

if what == "loopback" or what == "octets" then
  local start, round = core.now(), rounds[what]
  for _ = 1, count do round() end
  print(("%.0f"):format(count / (core.now() - start)))
else
  local times = {}
  for i = 1, count do
    local start = core.now()
    rounds[what]()
    times[i] = core.now() - start
  end
  table.sort(times)
  print(("%.3f"):format(times[(count + 1) // 2] * 1000))
end
