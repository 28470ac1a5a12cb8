-- The command `pop3` in a process, for specs: start it, send requests to its
-- control socket, end it.

local assert = require "luassert"
local dkjson = require "dkjson"
local helper = require "spec.helper"
local unix = require "socket.unix"

local command = {}

local quote = helper.quote

--- What runs as `pop3`.
command.program = "lua5.4 lua/bin/pop3"

-- A shell command; its process becomes the program.
local function shell(words)
  local line = { "exec " .. command.program }
  for _, word in ipairs(words) do line[#line + 1] = quote(word) end
  return table.concat(line, " ")
end

--- Run it to its end: exit status, standard output, standard error.
function command.run(words, before)
  local name = os.tmpname()
  local pipe = assert(io.popen((before or "") .. shell(words)
                               .. " 2>" .. name))
  local out = pipe:read "a"
  local _, how, status = pipe:close()
  assert.equal("exit", how)
  local f <close> = assert(io.open(name, "rb"))
  local err = f:read "a"
  os.remove(name)
  return status, out, err
end

-- ------------------------------------------------------------ the control socket

local Control = {}
Control.__index = Control

function Control:send(octets)
  assert(self.sock:send(octets))
end

function Control:line()
  local line, err = self.sock:receive "*l"
  if not line then return nil, err end
  local value, _, trouble = dkjson.decode(line)
  assert.is_nil(trouble, line)
  return value
end

--- One request, a table, and its answer.
function Control:ask(request)
  self:send(dkjson.encode(request) .. "\n")
  return self:line()
end

function Control:close()
  self.sock:close()
end

Control.__close = Control.close

function command.control(path)
  local sock = unix.stream()
  assert(sock:connect(path))
  sock:settimeout(helper.PATIENCE)
  return setmetatable({ sock = sock }, Control)
end

-- ------------------------------------------------------------------- pop3 serve

local Process = {}
Process.__index = Process

function Process:signal(name)
  os.execute(("kill -%s %d 2>/dev/null"):format(name, self.pid))
end

--- Wait for its end: how ("exit"), the status or the signal, the rest it said.
function Process:wait()
  if not self.status then
    self.rest = self.pipe:read "a"
    local _, how, status = self.pipe:close()
    self.how, self.status = how, status
  end
  return self.how, self.status, self.rest
end

function Process:__close()
  if not self.status then self:signal "TERM" end
  self:wait()
end

--- Start something that tells "ready name=value ..."; its fields are those of the
-- result, and `pid`. What it says on standard error is part of its output.
function command.start(words)
  local pipe = assert(io.popen("echo $$; " .. shell(words) .. " 2>&1 </dev/null"))
  local self = setmetatable({ pipe = pipe }, Process)
  self.pid = math.tointeger(pipe:read "n")
  pipe:read "l"
  self.line = pipe:read "l"
  for name, value in (self.line or ""):gmatch "(%l+)=(%S+)" do
    self[name] = value
  end
  self.port = math.tointeger(tonumber(self.port))
  return self
end

return command
