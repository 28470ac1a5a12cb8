--- Tells the service manager about the state of a daemon: the protocol of
-- sd_notify(3) of systemd. Without $NOTIFY_SOCKET nothing is sent.
-- @module pop3.command.notify
-- @local

local notify = {}

local function send(path, text)
  local found, unix = pcall(require, "socket.unix")
  if not found or not unix.dgram then return nil, "no socket.unix.dgram" end
  local socket, err = unix.dgram()
  if not socket then return nil, err end
  local ok
  ok, err = socket:connect(path)
  if ok then ok, err = socket:send(text) end
  socket:close()
  if not ok then return nil, err end
  return true
end

--- Send a message.
-- @tparam string text lines such as "READY=1"
-- @treturn boolean true when it was sent; false without $NOTIFY_SOCKET; or nil,
-- message. A socket of the abstract namespace cannot be used
function notify.send(text)
  local path = os.getenv "NOTIFY_SOCKET"
  if not path or path == "" then return false end
  if path:sub(1, 1) ~= "/" then
    return nil, "NOTIFY_SOCKET must be an absolute path"
  end
  return send(path, text)
end

--- The time between two messages "WATCHDOG=1" that the service manager expects.
-- @treturn ?number seconds; nil when there is no watchdog
function notify.watchdog()
  local usec = tonumber(os.getenv "WATCHDOG_USEC")
  return usec and usec > 0 and usec / 1e6 / 2 or nil
end

return notify
