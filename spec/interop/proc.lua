-- Processes, ports and temporary directories for the interop specs. Every process runs
-- under timeout(1), in a separate process group, so that it does not outlive an
-- interrupted spec; it is ended by its pid.

local core = require "pop3.core"
local helper = require "spec.helper"
local socket = require "socket"

local M = {}

local LIFE = 3600       -- seconds after which timeout(1) ends what we forgot

M.quote = helper.quote

-- A shell command from words: numbers and strings, each quoted.
function M.words(t)
  local q = {}
  for i, w in ipairs(t) do q[i] = M.quote(w) end
  return table.concat(q, " ")
end

-- Runs a shell command to its end; true or nil, and its output.
function M.run(cmd)
  local p = assert(io.popen("{ " .. cmd .. "\n} 2>&1 </dev/null"))
  local out = p:read "a"
  return p:close(), out
end

function M.check(cmd)
  local ok, out = M.run(cmd)
  if not ok then error(cmd .. "\nfailed:\n" .. out, 2) end
  return out
end

function M.have(program)
  return (M.run("command -v " .. M.quote(program)))
end

function M.is_root()
  return M.check "id -u" == "0\n"
end

M.read = helper.read

function M.write(path, octets)
  local f <close> = assert(io.open(path, "wb"))
  assert(f:write(octets))
end

function M.exists(path)
  local f = io.open(path, "rb")
  if f then f:close() end
  return f ~= nil
end

-- Names in a directory, sorted.
function M.ls(dir)
  local names = {}
  for name in M.check("LC_ALL=C ls -A " .. M.quote(dir)):gmatch "[^\n]+" do
    names[#names + 1] = name
  end
  return names
end

function M.tmpdir(root)
  local dir = M.check("mktemp -d" .. (root and " -p " .. M.quote(root) or ""))
                :match "[^\n]+"
  M.check("chmod 755 " .. M.quote(dir))     -- servers drop their privileges
  return dir
end

function M.rmdir(dir)
  assert(dir and #dir > 4, "not a temporary directory")
  M.check("rm -rf " .. M.quote(dir))
end

-- Calls f(dir) with a temporary directory, which is gone afterwards, however
-- it ends; returns what 'f' does.
function M.in_tmpdir(f)
  local dir = M.tmpdir()
  local r = table.pack(pcall(f, dir))
  M.rmdir(dir)
  if not r[1] then error(r[2], 0) end
  return table.unpack(r, 2, r.n)
end

-- A free port of 127.0.0.1, for a program that cannot choose one. It is below
-- those that the system hands out, so no other connection takes it meanwhile.
function M.free_port()
  while true do
    local port = 10000 + tonumber(core.random(4), 16) % 20000
    local s = socket.bind("127.0.0.1", port)
    if s then
      s:close()
      return port
    end
  end
end

local function greeting(port)
  local s = socket.tcp()
  s:settimeout(helper.PATIENCE)
  local line = s:connect("127.0.0.1", port) and s:receive "*l"
  if line then s:send "QUIT\r\n" end
  s:close()
  return line
end

local function running(pid)
  local f <close> = io.open("/proc/" .. pid .. "/stat")
  local stat = f and f:read "a"
  return stat ~= nil and not stat:match "%) [ZX] "
end

local Process = {}
Process.__index = Process

function Process:log()
  return M.exists(self.logfile) and M.read(self.logfile) or ""
end

function Process:stop()
  if not self.pid then return end
  os.execute("kill -TERM " .. self.pid .. " 2>/dev/null")
  if not helper.await(function() return not running(self.pid) end) then
    os.execute("kill -s KILL -- -" .. self.pid .. " 2>/dev/null")
  end
  self.pid = nil
end

-- Waits until the process has ended by itself.
function Process:wait()
  assert(helper.await(function() return not running(self.pid) end), "it did not end")
  self.pid = nil
end

Process.__close = Process.stop
Process.__gc = Process.stop

-- Starts a command in the background; its output goes to 'logfile'.
function M.start(cmd, logfile)
  local line = ("timeout -k 5 %d %s >%s 2>&1 </dev/null & echo $!"):format(
    LIFE, cmd, M.quote(logfile))
  local p = assert(io.popen(line))
  local pid = math.tointeger(tonumber(p:read "l"))
  p:close()
  return setmetatable({ pid = pid, logfile = logfile }, Process)
end

-- Starts a POP3 server and waits until it greets. Its port is in 'port'.
function M.serve(cmd, port, logfile)
  local process = M.start(cmd, logfile)
  process.port = port
  local line = helper.await(function()
    return greeting(port) or not running(process.pid) and "gone"
  end)
  if not (line and line:match "^%+OK") then
    process:stop()
    error(("no greeting on port %d (%s): %s\n%s"):format(port,
      tostring(line), cmd, process:log()), 2)
  end
  return process
end

return M
