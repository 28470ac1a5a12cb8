--- The `wait` hook for luv (libuv): in a coroutine, only that one waits; on
-- the main one, the loop runs until the descriptor is ready.
-- @module pop3.loop.luv
-- @local

local uv = require "luv"

local function close(handle)
  handle:stop()
  handle:close()
end

--- @tparam integer fd
-- @tparam string mode "r" or "w"
-- @tparam[opt] number seconds
-- @treturn boolean true, or nil, "timeout"
return function(fd, mode, seconds)
  local co, is_main = coroutine.running()
  local poll, timer = uv.new_poll(fd), seconds and uv.new_timer()
  local result, waiting
  local function finish(what)
    if result ~= nil then return end
    result = what
    close(poll)
    if timer then close(timer) end
    if waiting then assert(coroutine.resume(co)) end
  end
  poll:start(mode, function() finish(true) end)
  if timer then
    timer:start(math.ceil(seconds * 1000), 0, function() finish(false) end)
  end
  if is_main then
    while result == nil do uv.run "once" end
    uv.run "nowait"  -- closing takes another turn of the loop
  else
    waiting = true
    coroutine.yield()
  end
  if result then return true end
  return nil, "timeout"
end
