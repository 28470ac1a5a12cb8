--- Specs of one kind of delivery: the run is killed before each of its system
-- calls, and two undisturbed runs follow.
--
-- `make crash` tests every system call, `make test` a sample. Before the next run, at
-- every second system call a reader moves the files of new/, and at every third one
-- another program appends to the mbox.

local helper = require "spec.helper"
local place = require "spec.crash.place"
local report = require "spec.crash.report"
local trace = require "spec.crash.trace"

-- One interrupted run and what follows; the problems.
local function interrupt(p, inject, i)
  local problems = {}
  p:fresh()
  inject(problems)
  p:check_interrupted(problems)
  if p.kind == "maildir" and i % 2 == 0 then p:read_all() end
  if p.kind == "mbox" and i % 3 == 0 then p:add_foreign() end
  p:check_recovery(problems)
  return problems
end

-- Run a sweep over interruptions `list`, and report the sums.
local function sweep(p, what, list, inject)
  local failures, runs = {}, 0
  for i, call in ipairs(list) do
    local problems = interrupt(p, function(found) inject(call, found) end, i)
    runs = runs + 3
    if #problems > 0 then
      failures[#failures + 1] = call.text:sub(1, 200) .. "\n  "
                                .. table.concat(problems, "\n  ")
    end
  end
  report("%s, %s: %d points, %d runs, %d messages, %d lost, %d doubled", p.kind,
         what, #list, runs, #list * #p.mail, p.lost or 0, p.doubled or 0)
  assert(#failures == 0, table.concat(failures, "\n"))
end

-- The system calls of an undisturbed run.
local function calls_of(p)
  p:fresh()
  local calls = trace.calls(p:command(), p.dir .. ".log")
  assert(#calls > 50, "the run was not traced")
  return calls
end

-- Calls that make something durable or visible, and the errors that they can
-- have.
local failing = {}
for name in ([[write fsync fdatasync syncfs link linkat rename renameat2 mkdir
               ftruncate]]):gmatch "%S+" do
  failing[name] = true
end

-- Does a call of the log concern a file of the place?
local function is_ours(p, call)
  return call.text:find(p.dir, 1, true) ~= nil
end

-- `n` random elements of a list, whether all cases run or not.
local function choose(list, n)
  local chosen = {}
  for i = 1, n do chosen[i] = list[helper.random(#list)] end
  return chosen
end

-- The writes to files of the place, each with its number.
local function writes_of(p)
  assert(os.execute "make -s .build/half.so")
  local list = {}
  for _, call in ipairs(calls_of(p)) do
    if call.name == "write" and is_ours(p, call) then
      list[#list + 1] = { text = call.text, at = #list + 1 }
    end
  end
  assert(#list > 5)
  return list
end

-- A run that is killed when half of a write is done.
local function kill_in_write(p, write)
  os.execute(("LD_PRELOAD=.build/half.so LPOP3_HALF=%d LPOP3_HALF_DIR=%s "
    .. "%s >/dev/null 2>&1"):format(write.at, p.dir, p:command()))
end

--- The cases of one kind and one way to keep mail.
-- @tparam string kind "maildir", "mbox", "function", "pipe" or "lmtp"
-- @tparam boolean keep
-- @treturn {table,...} `title`, `run`
return function(kind, keep)
  local what = keep and "keep" or "delete"
  return {
    { title = "is killed before each system call", run = function()
      local p <close> = place.new(kind, keep)
      local calls = helper.some(calls_of(p), 2)
      sweep(p, what .. ", kill", calls, function(call)
        trace.inject(p:command(), call, "signal=SIGKILL")
      end)
    end },
    { title = "is killed in the middle of each write", run = function()
      local p <close> = place.new(kind, keep)
      local list = writes_of(p)
      sweep(p, what .. ", half a write", helper.some(list, 1), function(call)
        kill_in_write(p, call)
      end)
    end },
    { title = "is killed in the middle of a write, and the next run, too",
      run = function()
      local p <close> = place.new(kind, keep)
      local pairs_of, calls = {}, calls_of(p)
      for _, write in ipairs(writes_of(p)) do
        for _, call in ipairs(choose(calls, 8)) do
          pairs_of[#pairs_of + 1] = { write = write, call = call,
            text = write.text .. "\n" .. call.text }
        end
      end
      sweep(p, what .. ", killed twice", helper.some(pairs_of, 1),
            function(pair, problems)
        kill_in_write(p, pair.write)
        p:check_interrupted(problems)
        p.kills = 2
        trace.inject(p:command(), pair.call, "signal=SIGKILL")
      end)
    end },
    { title = "is killed while it rewrites the state", run = function()
      local p <close> = place.new(kind, keep)
      p.old_state = true
      local calls, inside = {}, false
      for _, call in ipairs(calls_of(p)) do
        inside = inside or call.name == "openat"
                 and call.text:find("/state.new", 1, true)
        if inside then calls[#calls + 1] = call end
      end
      assert(#calls > 5, "the state was not rewritten")
      sweep(p, what .. ", new state, kill", helper.some(calls, 1), function(call)
        trace.inject(p:command(), call, "signal=SIGKILL")
      end)
      local writes = writes_of(p)
      sweep(p, what .. ", new state, half a write", { writes[#writes] },
            function(call) kill_in_write(p, call) end)
    end },
    { title = "has an error at each call that writes", run = function()
      local p <close> = place.new(kind, keep)
      local calls = {}
      for _, call in ipairs(calls_of(p)) do
        if failing[call.name] and is_ours(p, call) then
          calls[#calls + 1] = call
        end
      end
      assert(#calls > 8)
      for _, errno in ipairs(helper.some({ "ENOSPC", "EIO", "EDQUOT" }, 1)) do
        sweep(p, what .. ", " .. errno, helper.some(calls, 1), function(call)
          trace.inject(p:command(), call, "error=" .. errno)
        end)
      end
    end },
  }
end
