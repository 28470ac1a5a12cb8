--- An mbox as a store of the test server, see `pop3.store.mbox`. The file is
-- locked while it is read, and while the update of a session rewrites it; other
-- programs may use it in between. A maildrop holds the messages in memory, so
-- it stays the same meanwhile. From_ lines and quoting are in
-- `pop3.store.mbox_format`, which `pop3.mbox` uses as well.
-- @module pop3.store.mbox
-- @local

local argument = require "pop3.util.argument"
local core = require "pop3.core"
local format = require "pop3.store.mbox_format"
local locks = require "pop3.store.mbox_lock"
local memory = require "pop3.store.memory"

local Mbox = { __name = "pop3.store.mbox" }
Mbox.__index = Mbox

local Drop = { __name = "pop3.maildrop", canonical = true }
Drop.__index = Drop

-- Make the store: `create = true` creates a file that does not exist.
local function new(path, opts)
  argument.path(path, "store.mbox", "a file", 2)
  opts = opts or {}
  argument.options(opts, { create = "boolean", lock_timeout = "number" },
                   "store.mbox", 2)
  if opts.create and not core.stat(path) then
    local file, err = core.open(path, "wc")
    if not file then return nil, err, "io" end
    file:close()
  end
  return setmetatable({ path = path, timeout = opts.lock_timeout or 5 }, Mbox)
end

-- The lock; or nil, message, response code.
local function acquire(self)
  local lock, err, code = locks.acquire(self.path, { timeout = self.timeout })
  if not lock then return nil, err, code == "timeout" and "IN-USE" or "SYS/PERM" end
  return lock
end

-- Read `count` octets from `offset` on, however many; or nil, message.
local function read_all(file, offset, count)
  local parts = {}
  while count > 0 do
    local octets, err = file:pread(offset, math.min(count, 1048576))
    if not octets then return nil, err end
    if octets == "" then break end
    parts[#parts + 1] = octets
    offset, count = offset + #octets, count - #octets
  end
  return table.concat(parts)
end

-- The entries of the file: a list of tables `from`, `to`, `uid`. The unique-id is
-- a digest that stays when a mail reader changes its fields; of equal messages
-- it tells which one it is. Returns nil, message when the file cannot be read.
local function scan(file)
  local function read(...) return file:pread(...) end
  local size, err = file:size()
  if not size then return nil, err end
  local offsets
  offsets, err = format.entries(read, size)
  if not offsets then return nil, err end
  local list, times = {}, {}
  for i = 1, #offsets - 1 do
    local digest
    digest, err = format.digest(read, offsets[i], offsets[i + 1])
    if not digest then return nil, err end
    times[digest] = (times[digest] or 0) + 1
    list[i] = { from = offsets[i], to = offsets[i + 1],
                uid = digest .. (times[digest] > 1 and "." .. times[digest] or "") }
  end
  return list
end

-- The message in the octets of an entry: without From_ line and empty line.
local function message_of(octets)
  local text = octets:gsub("^[^\n]*\n", ""):gsub("\n$", "")
  return core.canonical(format.unquote(text))
end

function Mbox:open()
  local lock <close>, err, code = acquire(self)
  if not lock then return nil, err, code end
  local list, message = scan(lock.file)
  if not list then return nil, message, "SYS/TEMP" end
  local drop = setmetatable({ store = self, uids = {}, list = {}, n = #list },
                            Drop)
  for i, entry in ipairs(list) do
    local octets
    octets, message = read_all(lock.file, entry.from, entry.to - entry.from)
    if not octets then return nil, message, "SYS/TEMP" end
    drop.uids[i], drop.list[i] = entry.uid, message_of(octets)
  end
  return drop
end

Drop.count = memory.Drop.count
Drop.size = memory.Drop.size
Drop.uid = memory.Drop.uid
Drop.octets = memory.Drop.octets

-- Write the file without these entries: what follows the first of them moves to
-- the front.
local function rewrite(file, list, gone)
  local spool <close> = core.spool(os.getenv "TMPDIR" or "/var/tmp")
  local start
  for _, entry in ipairs(list) do
    if gone[entry.uid] then
      start = start or entry.from
    elseif start then
      local octets, err = read_all(file, entry.from, entry.to - entry.from)
      if not octets then return nil, err end
      local ok
      ok, err = spool:write(octets)
      if not ok then return nil, err end
    end
  end
  if not start then return true end
  local ok, err = spool:flush()
  if ok then ok, err = file:truncate(start) end
  if ok then ok, err = file:copy(spool) end
  if ok then ok, err = file:sync() end
  return ok, err
end

function Drop:remove(numbers)
  if #numbers == 0 then return true end
  local lock <close>, err, code = acquire(self.store)
  if not lock then return nil, err, code end
  local list, message = scan(lock.file)
  if not list then return nil, message, "SYS/TEMP" end
  local gone = {}
  for _, n in ipairs(numbers) do gone[self.uids[n]] = true end
  local ok
  ok, message = rewrite(lock.file, list, gone)
  if not ok then return nil, message, "SYS/PERM" end
  return true
end

function Drop:close()
  self.list, self.uids, self.n = {}, {}, 0
end

-- Append a message. Returns true, or nil, message, "io".
function Mbox:deliver(_, octets)
  local lock <close>, err = acquire(self)
  if not lock then return nil, err, "io" end
  local file = lock.file
  local spool <close> = core.spool(os.getenv "TMPDIR" or "/var/tmp")
  spool:form "mbox"
  local ok, size, gap
  ok, err = spool:write(octets)
  if ok then ok, err = spool:finish() end
  if ok then size, err = file:size() end
  if size then
    gap, err = format.separator(function(...) return file:pread(...) end, size)
  end
  if not gap then return nil, err, "io" end
  ok, err = file:write(gap .. format.from_line(nil, core.time() // 1 | 0))
  if ok then ok, err = file:copy(spool) end
  if ok then ok, err = file:write(octets:sub(-1) == "\n" and "\n" or "\n\n") end
  if ok then ok, err = file:sync() end
  if not ok then
    file:truncate(size)
    return nil, err, "io"
  end
  return true
end

-- Remember the file; the function that is returned restores it.
function Mbox:snapshot()
  local file <close> = assert(io.open(self.path, "rb"))
  local octets = file:read "a"
  return function()
    local lock <close> = assert(acquire(self))
    assert(lock.file:truncate(0))
    assert(lock.file:write(octets))
    assert(lock.file:flush())
  end
end

return new
