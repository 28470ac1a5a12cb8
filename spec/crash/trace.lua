--- System calls of a program, by strace, without those of its children: a list of
-- them, and runs in which one of them is the last or fails.

local helper = require "spec.helper"

local trace = {}

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- The calls of a command between the names `begin` and `end` (see fetch.lua).
-- @tparam string command
-- @tparam string log a path for the log
-- @treturn {table,...} `name`, `nth` (among the calls of that name, from the
-- start of the program), `text` (the line), `result`
function trace.calls(command, log)
  os.execute(("strace -y -s 9999 -o %s %s >/dev/null 2>&1"):format(quoted(log),
                                                                  command))
  local list, nth, inside = {}, {}, false
  for line in io.lines(log) do
    local name = line:match "^([%w_]+)%("
    if name then
      nth[name] = (nth[name] or 0) + 1
      if line:find('/begin"', 1, true) then inside = true
      elseif line:find('/end"', 1, true) then inside = false
      elseif inside then
        list[#list + 1] = { name = name, nth = nth[name], text = line,
                            result = tonumber(line:match "= (%-?%d+)") }
      end
    end
  end
  os.remove(log)
  return list
end

--- Run a command; a call of it is replaced by what `inject` says: "signal=SIGKILL"
-- (the process is killed before the call), "error=ENOSPC", and so on.
-- @treturn boolean did the command end with status 0?
function trace.inject(command, call, inject)
  return os.execute(("strace -qq -o /dev/null -e trace=%s "
    .. "-e inject=%s:%s:when=%d %s >/dev/null 2>&1"):format(call.name, call.name,
                                                          inject, call.nth,
                                                          command)) == true
end

-- The letter of a process's state in /proc, nil when it is gone.
local function state_of(pid)
  local file <close> = io.open("/proc/" .. pid .. "/stat")
  return file and file:read "a":match "%) (%a)"
end

--- Run a command, which is stopped (SIGSTOP) at a call; then call `f`, and let the
-- command go on to its end.
-- @tparam string command
-- @tparam table call
-- @tparam string file a path for the number of the process
-- @tparam function f
-- @treturn boolean was it stopped?
function trace.freeze(command, call, file, f)
  os.execute(("LPOP3_PID=%s strace -qq -o /dev/null -e trace=%s "
    .. "-e inject=%s:signal=SIGSTOP:when=%d %s >/dev/null 2>&1 &")
    :format(quoted(file), call.name, call.name, call.nth, command))
  local pid = helper.await(function()
    local pid_file <close> = io.open(file)
    return pid_file and pid_file:read "n"
  end)
  -- strace shows it as traced at each call, and for long when it is stopped
  local times = 0
  helper.await(function()
    local state = state_of(pid)
    times = state == "t" and times + 1 or 0
    return not state or state == "Z" or times == 4
  end)
  local frozen = times == 4
  f()
  assert(helper.await(function()
    local state = state_of(pid)
    if not state or state == "Z" then return true end
    os.execute("kill -CONT " .. pid .. " 2>/dev/null")
  end), "the run does not end")
  os.remove(file)
  return frozen
end

return trace
