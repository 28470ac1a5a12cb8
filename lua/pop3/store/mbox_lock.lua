--- The lock of an mbox: a lock of fcntl(2) on the file, and a file PATH.lock.
--
-- Other programs use one of the two or both, so both are taken. Where PATH.lock
-- cannot be made for lack of permission, only the first lock is used.
--
-- No lock is held during a wait: when another program has one of the two, both are
-- released, and tried again after a pause. So the order in which others take them
-- does not matter.
--
-- PATH.lock names its owner: process, host, and when the process began. The
-- lock of a process of this library that has died on this host is removed; this
-- is done under the lock of fcntl(2), so that no process removes the new lock of
-- another one. For locks of other programs, this module waits.
-- @module pop3.store.mbox_lock
-- @local

local core = require "pop3.core"
local owner = require "pop3.util.owner"
local pause = require "pop3.util.pause"

local PAUSE = 0.1  -- seconds between two attempts

local Lock = { __name = "pop3.store.mbox_lock" }
Lock.__index = Lock

-- What PATH.lock holds after "process:host:began:". Other programs read the process
-- from it.
local TAG = "lpop3\n"

-- Is it the lock of a process of ours that has died on this host?
local function is_dead(name)
  local file <close> = core.open(name, "rn")
  return owner.is_dead(file and file:pread(0, 1024) or "", TAG)
end

-- ------------------------------------------------------------------ PATH.lock

local TEMP = ".lpop3-"

-- A name beside PATH.lock, of this process.
local function temp_prefix(name)
  return name .. TEMP .. core.hostname():gsub("[^%w.-]", "_") .. "-"
end

-- Remove what processes that have died left there.
local function remove_temps(name)
  local dir, base = name:match "^(.*/)([^/]*)$"
  local prefix = temp_prefix(base or name)
  for _, entry in ipairs(core.readdir(dir or ".") or {}) do
    local pid = entry:sub(1, #prefix) == prefix
                and math.tointeger(entry:sub(#prefix + 1))
    if pid and pid > 0 and pid <= 0x7fffffff and not core.process(pid) then
      core.unlink((dir or "") .. entry)
    end
  end
end

-- Create it with its text, or not at all, by a file that has another name
-- first: true; false when it exists; or nil, message, "io", errno.
local function create_by_link(name)
  remove_temps(name)
  local temp = temp_prefix(name) .. core.getpid()
  core.unlink(temp)
  local file <close>, message, code, errno = core.open(temp, "wxn", 420)
  if not file then return nil, message, code, errno end
  local ok
  ok, message, code, errno = file:write(owner.name(TAG))
  if ok then ok, message, code, errno = file:flush() end
  if ok then ok, message, code, errno = core.link(temp, name) end
  core.unlink(temp)
  return ok, message, code, errno
end

-- The same, by a file that has no name first, where the system can do that.
local function create(name)
  local file <close> = core.spool(name:match "^(.*/)[^/]*$" or ".", 0)
  if file:write(owner.name(TAG)) then
    local ok = file:link(name)
    if ok ~= nil then return ok end
  end
  return create_by_link(name)
end

-- Errors that say that this directory will never take a PATH.lock.
local forbidden = { EACCES = true, EPERM = true, EROFS = true }

-- Take PATH.lock, the lock of fcntl(2) being held: true; false when somebody
-- has it; or nil, message.
local function take_dotlock(self)
  local name = self.path .. ".lock"
  local ok, message, _, errno = create(name)
  if ok == false and is_dead(name) then
    core.unlink(name)
    ok, message, _, errno = create(name)
  end
  if ok then
    self.dotlock = name
  elseif ok == nil then
    if not forbidden[errno] then return nil, message end
    ok = true
  end
  return ok
end

-- ------------------------------------------------------------------- the lock

-- Is the open file still what the path names? A program may have replaced it.
local function is_current(self)
  local other <close> = core.open(self.path, "r")
  if not other then return false end
  local device, inode = other:identity()
  local d, i = self.file:identity()
  return device == d and inode == i
end

-- Errors of file systems that have no locks.
local lockless = { ENOLCK = true, ENOSYS = true, EOPNOTSUPP = true,
                   EINVAL = true }

-- One attempt: true; false when somebody has a lock; or nil, message, errno.
local function try(self, how, mode)
  local message, errno, _
  self.file, message, _, errno = core.open(self.path, how, mode)
  if not self.file then return nil, message, errno end
  local ok
  ok, message, _, errno = self.file:lock()
  if lockless[errno] then ok = true end
  if ok then ok = is_current(self) end
  if ok then ok, message = take_dotlock(self) end
  if not ok then self:release() end
  return ok, message, errno
end

--- Lock an mbox.
-- @tparam string path
-- @tparam[opt] table opts `create`: make the file if it does not exist, with
-- `mode` (0600); `timeout` (30): seconds to wait for others; `wait`: as in
-- `pop3.connect`
-- @treturn pop3.store.mbox_lock with `file`, a disk file that appends; or nil,
-- message, code, errno: "timeout" when others kept the lock, or "io"
local function acquire(path, opts)
  opts = opts or {}
  local self = setmetatable({ path = path }, Lock)
  local deadline = core.now() + (opts.timeout or 30)
  local how = opts.create and "rwac" or "rwa"
  while true do
    local ok, message, errno = try(self, how, opts.mode or 384)
    if ok then return self end
    if ok == nil then return nil, message, "io", errno end
    local left = deadline - core.now()
    if left <= 0 or not pause(opts.wait, math.min(left, PAUSE)) then
      return nil, path .. ": it is locked by another program", "timeout"
    end
  end
end

--- Release the lock, and close the file.
function Lock:release()
  if self.dotlock then core.unlink(self.dotlock) end
  if self.file then self.file:close() end
  self.dotlock, self.file = nil, nil
end

Lock.__close = Lock.release

--- Remove what a process of this library that has died left beside an mbox.
-- @tparam string path
local function sweep(path)
  local name = path .. ".lock"
  if core.lstat(name) and is_dead(name) then
    local lock = acquire(path, { timeout = 0 })  -- it removes it
    if lock then lock:release() end
  end
end

return { acquire = acquire, sweep = sweep }
