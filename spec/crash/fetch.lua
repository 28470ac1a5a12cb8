-- The program that the crash specs kill: one run of pop3.sync.
--
--   fetch.lua DIRECTORY KIND keep|delete PORT LMTP-PORT [N]
--
-- With N, the run leaves out the call number N that makes something durable: the order
-- spec must notice it.
--
-- KIND is maildir, mbox, function, pipe or lmtp. The run looks for the names
-- DIRECTORY/begin and DIRECTORY/end at its start and at its end, so that a trace shows
-- both places.

local place = require "spec.crash.place"

local directory, kind, keep, port, lmtp, without = table.unpack(arg)
local core = require "pop3.core"
local pop3 = require "pop3"

-- Modules that would be loaded during the run: their system calls are not of
-- interest.
for _, name in ipairs { "connect", "sync", "maildir", "mbox", "lmtp", "pipe" } do
  assert(pop3[name])
end
for _, name in ipairs { "sync.call", "sync.state", "sync.fetch", "sync.run",
                        "transport.tcp", "transport.fd" } do
  require("pop3." .. name)
end
core.sha256 ""  -- OpenSSL reads its configuration

-- For the spec that stops this process and lets it go on.
local pid_file = os.getenv "LPOP3_PID"
if pid_file then
  local file <close> = assert(io.open(pid_file, "w"))
  file:write(core.getpid(), "\n")
end

-- Count calls that make something durable, and leave number `without` out.
local count = 0
local function unless(real, instead)
  return function(...)
    count = count + 1
    if count == tonumber(without) then return instead(...) end
    return real(...)
  end
end
local file = core.types["pop3.diskfile"]
file.sync = unless(file.sync, file.flush)
core.syncdir = unless(core.syncdir, function() return true end)

core.stat(directory .. "/begin")
local result, message, code = place.sync(directory, kind, keep == "keep",
                                         math.tointeger(tonumber(port)),
                                         math.tointeger(tonumber(lmtp)))
core.stat(directory .. "/end")
if not result then
  io.stderr:write(tostring(message), " (", tostring(code), ")\n")
  os.exit(1)
end
