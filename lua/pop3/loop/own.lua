--- An event loop for programs that have none: tasks are coroutines, and `wait`
-- suspends only the task that calls it. `pop3 fetch` runs its accounts in it.
--
--    local loop = pop3.loop.own()
--    for _, host in ipairs { "a.example", "b.example" } do
--      loop:spawn(function()
--        local s = assert(pop3.connect { host = host, wait = loop.wait })
--        s:quit()
--      end)
--    end
--    loop:run()
--
-- Only waiting by `wait`, `sleep` and conditions lets other tasks run.
-- Resolving a host name blocks all tasks, unless `pop3.connect` has the option
-- `resolve`.
-- @classmod pop3.loop.own
-- @alias Loop
-- @usage
-- local pop3 = require "pop3"
-- local loop <close> = pop3.loop.own()
-- local order = {}
-- loop:spawn(function() loop:sleep(0.001); order[#order + 1] = "later" end)
-- loop:spawn(function() order[#order + 1] = "at once" end)
-- loop:run()
-- assert(table.concat(order, ", ") == "at once, later")

local core = require "pop3.core"
local new_heap = require "pop3.util.heap"

local Loop = { __name = "pop3.loop.own" }
Loop.__index = Loop

local Task = { __name = "pop3.loop.task" }
Task.__index = Task

local huge = math.huge

-- ----------------------------------------------------------------- descriptors

-- Tell the poller what the tasks wait for. True, or nil if it cannot watch the
-- descriptor: a regular file, or one that is closed.
local function watch(self, fd, entry)
  local modes = (entry.r[1] and "r" or "") .. (entry.w[1] and "w" or "")
  if modes == entry.modes then return true end
  -- the kernel forgets a descriptor that is closed
  local ok = self.poller:watch(fd, modes, entry.modes ~= "")
  if not ok and modes ~= "" and entry.modes ~= "" then
    ok = self.poller:watch(fd, modes, false)
  end
  entry.modes = modes
  if modes == "" or not ok then self.fds[fd] = nil end
  return ok
end

local function add_waiter(self, fd, mode, waiter)
  local entry = self.fds[fd]
  if not entry then
    entry = { r = {}, w = {}, modes = "" }
    self.fds[fd] = entry
  end
  table.insert(entry[mode], waiter)
  if watch(self, fd, entry) then return true end
  return nil
end

local function remove_waiter(self, waiter)
  local entry = self.fds[waiter.fd]
  if not entry then return end
  local list = entry[waiter.mode]
  for i, each in ipairs(list) do
    if each == waiter then
      table.remove(list, i)
      break
    end
  end
  watch(self, waiter.fd, entry)
end

-- --------------------------------------------------------------------- waiting

-- Resume a task after its wait: `ready` is false when the time is over.
local function wake(self, waiter, ready)
  if waiter.ended then return end
  waiter.ended = true
  if waiter.fd then remove_waiter(self, waiter) end
  local task = waiter.task
  task.waiter = nil
  task.ready = ready
  self.queue[#self.queue + 1] = task
end

-- Suspend the current task until a descriptor is ready, a condition is
-- signalled, or the time is over.
local function suspend(self, task, what, mode, seconds)
  local fd = mode and what
  local deadline = math.min(seconds and core.now() + seconds or huge,
                            task.deadline)
  if task.cancelled or fd and deadline <= core.now() then
    return false
  end
  local waiter = { task = task, fd = fd, mode = mode,
                   condition = not fd and what or nil }
  if fd and not add_waiter(self, fd, mode, waiter) then
    return true  -- an error shows on use
  end
  if deadline < huge then self.heap:add(deadline, waiter) end
  task.waiter = waiter
  coroutine.yield()
  return task.ready
end

-- The task that runs now; nil in any other coroutine.
local function current(self)
  local task = self.running
  return task and task.thread == coroutine.running() and task or nil
end

--- The hook for the option `wait` of `pop3.connect`, a function. In a coroutine
-- that is not a task of this loop it blocks the process.
-- @field wait `function(fd, mode, seconds)` → true; or nil, "timeout", and then
-- "over" when the task was cancelled or its time is over: it can wait no more

local function wait_hook(self)
  return function(fd, mode, seconds)
    local task = current(self)
    if not task then return core.poll(fd, mode, seconds) end
    if suspend(self, task, fd, mode, seconds) then return true end
    return nil, "timeout", task:is_over() and "over" or nil
  end
end

--- Suspend the current task.
-- @tparam number seconds
-- @treturn boolean true; false when the task was cancelled, or its time is over
function Loop:sleep(seconds)
  local task = current(self)
  if not task then
    error("sleep: not in a task of this loop", 2)
  end
  suspend(self, task, nil, nil, seconds)
  return not task:is_over()
end

-- ----------------------------------------------------------------- conditions

local Condition = { __name = "pop3.loop.condition" }
Condition.__index = Condition

--- Make a condition, by which tasks wait for each other.
-- @treturn pop3.loop.condition with the methods below
function Loop:condition()
  return setmetatable({ loop = self, waiters = {} }, Condition)
end

--- Suspend the current task until `signal` is called.
-- @function condition:wait
-- @tparam[opt] number seconds
-- @treturn boolean false when the time is over, or the task was cancelled
function Condition:wait(seconds)
  local task = current(self.loop)
  if not task then error("wait: not in a task of this loop", 2) end
  self.waiters[#self.waiters + 1] = task
  task.ready = false
  suspend(self.loop, task, self, nil, seconds)
  return task.ready and not task:is_over()
end

--- Resume all tasks that wait.
-- @function condition:signal
function Condition:signal()
  local waiters = self.waiters
  self.waiters = {}
  for _, task in ipairs(waiters) do
    if task.waiter and task.waiter.condition == self then
      wake(self.loop, task.waiter, true)
    end
  end
end

-- ----------------------------------------------------------------------- tasks

--- Start a task. It begins to run in `run`. If it raises an error, `run` raises
-- it.
-- @tparam function fn
-- @param ... its arguments
-- @treturn pop3.loop.task with the methods below
function Loop:spawn(fn, ...)
  local arguments = table.pack(...)
  local task = setmetatable({
    loop = self, deadline = huge, cancelled = false, ended = false,
    thread = coroutine.create(function()
      fn(table.unpack(arguments, 1, arguments.n))
    end),
  }, Task)
  self.live = self.live + 1
  self.tasks[task] = true
  self.queue[#self.queue + 1] = task
  return task
end

--- End all waiting of a task: its present wait, and each later one, returns
-- nil, "timeout". The task has to end by itself after that.
-- @function task:cancel
function Task:cancel()
  if self.cancelled then return end
  self.cancelled = true
  if self.waiter then wake(self.loop, self.waiter, false) end
end

--- Limit the time of a task: after that it can no longer wait, see `cancel`.
-- @function task:limit
-- @tparam number seconds from now
function Task:limit(seconds)
  self.deadline = core.now() + seconds
end

--- Was the task cancelled, or is its time over?
-- @function task:is_over
-- @treturn boolean
function Task:is_over()
  return self.cancelled or core.now() >= self.deadline
end

-- Run the tasks that are ready.
local function run_queue(self)
  local queue = self.queue
  self.queue = {}
  for i, task in ipairs(queue) do
    self.running = task
    local ok, err = coroutine.resume(task.thread)
    self.running = nil
    local is_dead = coroutine.status(task.thread) == "dead"
    if not is_dead and not task.waiter then
      err, ok = "a task yielded without waiting by the loop", false
    end
    if is_dead or not ok then
      task.ended = true
      self.live, self.tasks[task] = self.live - 1, nil
    end
    if not ok then
      table.move(queue, i + 1, #queue, #self.queue + 1, self.queue)
      error(type(err) == "string" and debug.traceback(task.thread, err) or err,
            0)
    end
  end
end

-- Wait until a descriptor is ready or a time has come.
local function turn(self)
  local due = self.heap:first()
  local seconds = due and math.max(due - core.now(), 0) or nil
  if self.queue[1] then seconds = 0 end
  local list = self.list
  local n = assert(self.poller:wait(list, seconds))
  for i = 1, n do
    local fd = list[i]
    local entry = self.fds[fd]
    if entry then
      local both = entry.r[1] and entry.w[1]
      for _, mode in ipairs { "r", "w" } do
        if entry[mode][1] and (not both or core.poll(fd, mode, 0)) then
          for _, waiter in ipairs { table.unpack(entry[mode]) } do
            wake(self, waiter, true)
          end
        end
      end
    end
  end
  local now = core.now()
  local waiter = self.heap:take(now)
  while waiter do
    wake(self, waiter, false)
    waiter = self.heap:take(now)
  end
end

--- Run the tasks until all have ended, or `stop` is called.
-- @raise the error of a task; the other tasks can go on by another `run`
function Loop:run()
  if self.running then error("run: not in a task", 2) end
  self.stopped = false
  while self.live > 0 and not self.stopped do
    run_queue(self)
    if self.live > 0 and not self.stopped then turn(self) end
  end
end

--- End `run` after the present turn. The tasks stay.
function Loop:stop()
  self.stopped = true
end

--- Seconds on the clock of the loop.
-- @treturn number
function Loop.now()
  return core.now()
end

--- Close the loop. Tasks that have not ended do not continue; their to-be-closed
-- variables are closed.
function Loop:close()
  for task in pairs(self.tasks) do coroutine.close(task.thread) end
  self.tasks, self.queue, self.live = {}, {}, 0
  self.poller:close()
end

Loop.__close = Loop.close

-- Make a loop.
-- @function own
-- @treturn pop3.loop.own or nil, message, "io"
return function()
  local poller, err, code = core.poller()
  if not poller then return nil, err, code end
  local self = setmetatable({
    poller = poller, list = {}, fds = {}, queue = {}, heap = new_heap(),
    live = 0, tasks = {}, running = nil, stopped = false,
  }, Loop)
  self.wait = wait_hook(self)
  return self
end
