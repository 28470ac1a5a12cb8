--- The child process of `server:fork`: it serves mail, and the parent's
-- requests. The parent's side is `pop3.server.fork`.
-- @module pop3.server.child
-- @local

local channel = require "pop3.server.channel"
local core = require "pop3.core"
local requests = require "pop3.server.requests"
local timers = require "pop3.server.timers"

local CHUNK = 1024 * 1024  -- octets read at once

local Parent = {}
Parent.__index = Parent

-- Read requests. The end of the channel is the end of the server.
function Parent:read()
  local octets, err = self.fd:read(CHUNK)
  if not octets then
    if err ~= "timeout" then self.server.running = false end
    return
  end
  self.inbox:add(octets)
  for request in self.inbox.next, self.inbox do
    self.asked[#self.asked + 1] = request
  end
end

function Parent:send(id, ...)
  local octets = channel.encode { id = id, answer = table.pack(...) }
  if not channel.send(self.fd, octets) then self.server.running = false end
end

-- Execute the requests that came.
function Parent:answer()
  for _, request in ipairs(self.asked) do
    local fields, err, code = requests.execute(self.server, request.name,
                                               request.fields, self)
    if fields and fields.look then
      fields.id = request.id
      self.waiting = fields
    else
      self:send(request.id, fields, err, code)
    end
  end
  self.asked = {}
end

-- Send the answer that the parent waits for, when it is there or late. Returns
-- the seconds until it is late.
function Parent:due()
  local w = self.waiting
  if not w then return nil end
  local left = w.deadline - core.now()
  local fields, err, code = w.look(left <= 0)
  if fields ~= false then
    self.waiting = nil
    self:send(w.id, fields, err, code)
  end
  return math.max(left, 0)
end

-- Leave what belongs to the parent: its sessions go on there, and a socket that
-- the parent closes must not stay open here.
local function disown(server, fd)
  core.disown(server.listener:getfd(), fd:getfd())
  if server.poller then server.poller:close() end
  server.poller, server.by_fd, server.sessions, server.locks = nil, {}, {}, {}
  server.parting = {}
  server.heap, server.idle = timers.heap(), timers.queue(server.autologout)
  server.stepping, server.deaf, server.attended = false, false, {}
  server.pid = core.getpid()
end

local function serve(server, fd)
  local parent = setmetatable({ server = server, fd = fd, asked = {},
                                inbox = channel.inbox(), waiting = false,
                                allow_lua = true },
                              Parent)
  disown(server, fd)
  server:snapshot()
  assert(server:attend(fd:getfd(), "r", function() parent:read() end))
  assert(requests.serve(server, function() return parent:due() end,
                        function() return parent.asked[1] ~= nil end,
                        function() parent:answer() end))
  server:stop()
end

--- Serve until the parent says stop or has ended; then end the process.
-- @tparam pop3.server server
-- @tparam pop3.core.fd fd the channel
return function(server, fd)
  local ok, err = xpcall(serve, debug.traceback, server, fd)
  if not ok then io.stderr:write("pop3.server: ", tostring(err), "\n") end
  core.exit(ok and 0 or 1)
end
