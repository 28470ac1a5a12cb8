-- Our client under measurement: RETRs every message of 127.0.0.1:$POP_PORT and
-- prints the octets read, dot-stuffing undone.
--
--   POP_PORT= POP_USER= POP_PW= [POP_TLS=1 [POP_CA=FILE]] client.lua [MODE [FILE]]
--
-- MODE: sink, save (to FILE), string, lockstep, pipelined; by default a sink
-- for one message and pipelined for many.

local pop3 = require "pop3"

local tls = os.getenv "POP_TLS" == "1"
local s = assert(pop3.connect {
  host = "127.0.0.1", port = math.tointeger(tonumber(os.getenv "POP_PORT")),
  tls = tls and "implicit" or "none", cafile = os.getenv "POP_CA",
  verify = not tls or os.getenv "POP_CA" ~= nil,
  user = os.getenv "POP_USER", password = os.getenv "POP_PW",
})
local octets = 0

-- Each mode fetches messages 1 to 'count'.
local modes = {}

function modes.sink(count)
  for n = 1, count do
    octets = octets + assert(s:retr(n, function() return 1 end))
  end
end

function modes.save(count)
  for n = 1, count do octets = octets + assert(s:save(n, assert(arg[2]))) end
end

function modes.string(count)
  for n = 1, count do octets = octets + #assert(s:retr(n)) end
end

modes.lockstep = modes.string

function modes.pipelined(count)
  local numbers = {}
  for n = 1, count do numbers[n] = n end
  assert(s:retr_many(numbers, function(_, message, problem)
    octets = octets + #assert(message, problem)
  end))
end

local _, count = assert(s:list())
local mode = arg[1] or (count == 1 and "sink" or "pipelined")
modes[mode](count)
assert(s:quit())
print(octets)
