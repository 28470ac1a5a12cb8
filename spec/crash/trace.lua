--- System calls of a program, by strace, without those of its children: which
-- there are, and runs in which one of them is the last or fails.

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

return trace
