--- Where the control listens: a socket in the file system, or a TCP port.
-- @module pop3.server.control.listen
-- @local

local address = require "pop3.util.address"
local core = require "pop3.core"

local BACKLOG = 1024  -- connections that wait

-- The descriptor of a LuaSocket object, which is ours from here on.
local function taken(sock)
  local fd = assert(core.fd(sock:getfd()))
  sock:setfd(-1)
  return fd
end

local names = { link = "symbolic link", other = "device or a FIFO" }

-- Remove a socket file of this user that no server listens on any more. Nothing else is
-- removed; a symbolic link is not followed.
local function make_room(unix, path)
  local found, message, _, errno = core.lstat(path)
  if not found then
    if errno == "ENOENT" then return true end
    return nil, message
  end
  local kind = found.kind
  if kind ~= "socket" then
    return nil, "a " .. (names[kind] or kind) .. " of that name exists"
  elseif not found.own then
    return nil, "a socket of another user of that name exists"
  end
  local probe = unix.stream()
  local there, err = probe:connect(path)
  probe:close()
  if there then return nil, "another server listens on it" end
  if err ~= "connection refused" then return nil, err end
  return os.remove(path)
end

local function on_path(path)
  local found, unix = pcall(require, "socket.unix")
  if not found then return nil, "LuaSocket has no module socket.unix" end
  local ok, err = make_room(unix, path)
  if not ok then return nil, err end
  local sock = unix.stream()
  local mask = core.umask(tonumber("177", 8))  -- the socket is the user's only
  ok, err = sock:bind(path)
  core.umask(mask)
  if ok then ok, err = sock:listen(BACKLOG) end
  if not ok then
    sock:close()
    return nil, err
  end
  return taken(sock), { path = path }, nil, core.lstat(path)
end

local function on_port(text)
  local host, port = text:match "^([^%s]+):(%d+)$"
  port = port and math.tointeger(tonumber(port))
  if not port or port > 65535 then
    return nil, "it must be tcp:HOST:PORT", "argument"
  end
  host = address.unbracketed(host)
  local sock, err = require "socket".bind(host, port, BACKLOG)
  if not sock then return nil, err end
  local _, number = sock:getsockname()
  return taken(sock), { host = host, port = math.tointeger(tonumber(number)) }
end

--- Listen.
-- @tparam string where a path, or "tcp:HOST:PORT"; port 0 takes a free one
-- @treturn pop3.core.fd the listening descriptor; or nil, message, code:
-- "argument" if `where` is malformed
-- @treturn table `path`; or `host` and `port`
-- @return nil
-- @treturn ?table what `core.lstat` says of the new socket file
return function(where)
  local tcp = where:match "^tcp:(.*)$"
  if tcp then return on_port(tcp) end
  if where:find "^[^/]*:%d+$" then
    return nil, "it must be tcp:HOST:PORT, or a path (./NAME)", "argument"
  end
  return on_path(where)
end
