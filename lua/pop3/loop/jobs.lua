--- Runs jobs as tasks of a loop (`pop3.loop.own`), a limited number at a time,
-- and a limited number for each group, such as the accounts of one host.
-- @module pop3.loop.jobs
-- @local

local Jobs = { __name = "pop3.loop.jobs" }
Jobs.__index = Jobs

--- Make a runner.
-- @tparam pop3.loop.own loop
-- @tparam integer most jobs at the same time
-- @tparam[opt] integer per_group jobs of one group at the same time
-- @treturn pop3.loop.jobs
local function new(loop, most, per_group)
  return setmetatable({
    loop = loop, most = most, per_group = per_group or math.huge,
    pending = {}, running = 0, in_group = {}, tasks = {}, closed = false,
  }, Jobs)
end

-- Take the first pending job whose group has room.
local function pick(self)
  for i, job in ipairs(self.pending) do
    if (self.in_group[job.group] or 0) < self.per_group then
      return table.remove(self.pending, i)
    end
  end
end

local function count(self, job, change)
  self.running = self.running + change
  local n = (self.in_group[job.group] or 0) + change
  self.in_group[job.group] = n > 0 and n or nil
end

-- Start jobs while there is room.
local function pump(self)
  while not self.closed and self.running < self.most do
    local job = pick(self)
    if not job then return end
    count(self, job, 1)
    local task
    task = self.loop:spawn(function()
      local ok, err = xpcall(job.run, debug.traceback, task)
      self.tasks[task] = nil
      count(self, job, -1)
      if not ok then job.failed(err) end
      pump(self)
    end)
    self.tasks[task] = true
  end
end

--- Add a job; it starts when there is room.
-- @tparam string group
-- @tparam function run called in a task, with the task
-- @tparam function failed called with the message and traceback of an error
function Jobs:add(group, run, failed)
  table.insert(self.pending, { group = group, run = run, failed = failed })
  pump(self)
end

--- Start no more jobs. Those that run go on.
-- @treturn integer how many jobs were dropped
function Jobs:close()
  local dropped = #self.pending
  self.closed, self.pending = true, {}
  return dropped
end

--- Cancel the jobs that run: see `task:cancel`.
function Jobs:cancel()
  for task in pairs(self.tasks) do task:cancel() end
end

return new
