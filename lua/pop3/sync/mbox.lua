--- Delivery into an mbox: one file, LF line ends, mboxrd quoting.
--
-- `pop3.sync` delivers with it; `box:deliver` works without it. This is not the
-- test server's store (`pop3.store.mbox`), which serves an mbox.
--
-- Each message is delivered exactly once, after a crash at any point. An offset in
-- the file is valid only while the file is locked, and a lock must not be held while
-- messages come over the network. So the messages of a batch are received into
-- spools first. Then `prepare` locks the file, takes its size, and returns a
-- mark for each message: where its From_ line will be, how long its entry is,
-- and a digest. The marks are made durable, the entries are appended, the file
-- is made durable and unlocked (`sync`).
--
-- An intent without a mark was not begun. For an intent with a mark `settle` reads
-- the file, which is locked again:
--
-- - The entry at the offset has the digest: delivered. The digest leaves out the
--   fields that readers change.
-- - A reader has changed the file before the offset, and an entry with the same
--   date and digest is elsewhere: delivered. (If nothing has changed there, such
--   an entry is another message with equal octets.)
-- - Otherwise the message is fetched again. Its entry is the same to the octet,
--   the From_ line included, since its date is in the name. If the file ends
--   inside the old entry, and the octets there are the start of the new entry
--   (or NULs, which a power failure can leave), the file is truncated at the
--   offset, if this run still owns the account. So only octets of this message
--   are cut. A torn entry that others have appended to stays, and `log` reports it.
-- @classmod pop3.mbox
-- @alias Mbox

local argument = require "pop3.util.argument"
local core = require "pop3.core"
local deliver = require "pop3.sync.deliver"
local fields = require "pop3.sync.fields"
local spool = require "pop3.sync.spool"
local format = require "pop3.store.mbox_format"
local locks = require "pop3.store.mbox_lock"
local mbox_mark = require "pop3.sync.mbox_mark"

local CHUNK = 65536

local Mbox = { __name = "pop3.mbox", exactly_once = true }
Mbox.__index = Mbox

local Delivery = { __name = "pop3.delivery.mbox" }
Delivery.__index = Delivery

-- Options of `pop3.mbox`: `create` (true: make the file if it does not exist),
-- `mode` (0600: permissions of a new file), `lock_timeout` (30: seconds to wait
-- for other programs), `spool` (a directory for messages over 64 KiB that are
-- not complete; default TMPDIR or /var/tmp), `fields` (as in `pop3.maildir`).
-- @tparam string path
-- @tparam[opt] table opts
-- @treturn pop3.mbox
-- @usage
-- local pop3 = require "pop3"
-- local box = pop3.mbox(os.tmpname())
-- assert(box:deliver "Subject: hello\r\n\r\nbody\r\n")
local function new(path, opts)
  argument.path(path, "mbox", "a file", 1)
  opts = opts or {}
  argument.options(opts, { create = "boolean", mode = "integer",
                           lock_timeout = "number", spool = "string",
                           fields = "table" }, "mbox", 1)
  fields.check(opts.fields, "mbox", 1)
  return setmetatable({
    path = path, create = opts.create ~= false, mode = opts.mode,
    timeout = opts.lock_timeout or 30, fields = opts.fields,
    spool = spool.directory(opts.spool),
    torn = {},      -- name → the mark of an entry that may be torn
    claimed = {},   -- offsets of entries that settle() has found
    lock = nil,     -- from prepare() to sync()
    at = 0,         -- where the next entry of the batch goes
    left = 0,       -- deliveries of the batch, neither committed nor given up
    written = false, -- one of the batch was committed
  }, Mbox)
end

-- A delivery for one run of one account of a fleet. The lock of the file, which is
-- held from the marks to the last octet, keeps a frozen owner from writing later.
-- @treturn pop3.mbox
function Mbox:lease()
  return new(self.path, { create = self.create, mode = self.mode,
                          lock_timeout = self.timeout, fields = self.fields,
                          spool = self.spool })
end

-- The directory that has the name of the file.
local function directory(path)
  return path:match "^(.*/)[^/]*$" or "."
end

local function acquire(self, create)
  return locks.acquire(self.path, { create = create, mode = self.mode,
                                    timeout = self.timeout, wait = self.wait })
end

local function release(self)
  if self.lock then self.lock:release() end
  self.lock, self.left, self.written = nil, 0, false
end

-- Make the mbox ready, and remove the leftovers of a killed run. `pop3.sync` calls
-- it once a run.
-- @tparam[opt] table opts `wait`: as in `pop3.connect`; `log`: told of torn
-- entries; `state`: of the run
-- @treturn boolean true, or nil, message, "io"
function Mbox:open(opts)
  self.wait, self.log = opts and opts.wait, opts and opts.log
  self.state = opts and opts.state
  local kind = core.stat(self.path)
  if kind and kind ~= "file" then
    return nil, self.path .. ": not a regular file", "io"
  elseif not kind and not self.create then
    return nil, self.path .. ": there is no mbox", "io"
  end
  locks.sweep(self.path)
  return true
end

-- Give up what was not made durable by `sync`.
function Mbox:close()
  release(self)
  self.torn, self.claimed = {}, {}
end

-- ------------------------------------------------------------- one message

-- The name of a message in the state: the time of its From_ line, and random
-- octets.
-- @treturn string
function Mbox.name()
  return ("%d.%s"):format(core.time() // 1 | 0, core.random(8))
end

-- The time in a name.
local function time_of(name)
  return math.tointeger(name:match "^(%d+)%.") or 0
end

-- Begin a delivery. Nothing is written to the mbox.
-- @tparam table handle of the message; `handle.name` is what `name` returned
-- @treturn pop3.delivery.mbox with `file`, to which the message is written; or
-- nil, message, "io"
function Mbox:begin(handle)
  local time = time_of(handle.name)
  local file, message, code = spool.begin(self, "mbox", handle, time)
  if not file then return nil, message, code end
  return setmetatable({ box = self, file = file, name = handle.name,
                        id = handle.id, time = time }, Delivery)
end

Delivery.write = spool.write

-- ------------------------------------------------------------------- a batch

-- Compose the entry of a delivery whose octets are all there: `head` and `tail`
-- around the spool, `read` of all of it, `size`, `digest`. True, or nil, message.
local function compose(self)
  local file = self.file
  local ok, message = file:finish()
  if not ok then return nil, message end
  local size, last, sender
  size, message = file:size()
  if not size then return nil, message end
  local function read(offset, count) return file:pread(offset, count) end
  last, message = read(math.max(size - 1, 0), 1)
  if not last then return nil, message end
  sender = format.sender(read, size)
  self.head = format.from_line(sender, self.time)
  self.tail = (last == "\n" or last == "") and "\n" or "\n\n"
  self.read, self.size = format.join(self.head, { read = read, size = size },
                                     self.tail)
  self.digest, message = format.digest(self.read, 0, self.size)
  if not self.digest then return nil, message end
  return true
end

-- Is all of the file from 'offset' to its end the start of the entry? NULs count
-- as equal: the octets were not written when the power failed.
local function is_start(file, offset, size, delivery)
  local at = offset
  while at < size do
    local count = math.min(CHUNK, size - at)
    local have, message = file:pread(at, count)
    if not have then return nil, message end
    local want
    want, message = delivery.read(at - offset, count)
    if not want then return nil, message end
    if have ~= want then
      if #have ~= #want then return false end
      for i = 1, #have do
        local octet = have:byte(i)
        if octet ~= 0 and octet ~= want:byte(i) then return false end
      end
    end
    at = at + count
  end
  return true
end

-- Does this run still own the account? Another run may have taken it over since
-- `settle` saw a torn entry, and may have delivered the message at the same place.
-- True, or nil, message, code.
local function is_owner(self)
  local state = self.state
  if not state or not state.holds then return true end
  return state:holds()
end

-- Cut torn entries of these deliveries off the end of the file, the last one
-- first. True, or nil, message[, code].
local function cut_torn(self, list)
  local file, torn = self.lock.file, {}
  for _, delivery in ipairs(list) do
    local mark = self.torn[delivery.name]
    if mark then torn[#torn + 1] = { mark = mark, delivery = delivery } end
  end
  if not torn[1] then return true end
  -- while the file is locked, no later owner can write
  local owner, why, code = is_owner(self)
  if not owner then return nil, why, code end
  table.sort(torn, function(a, b) return a.mark.offset > b.mark.offset end)
  for _, entry in ipairs(torn) do
    local mark, delivery = entry.mark, entry.delivery
    local size, ours, ok, message
    size, message = file:size()
    if not size then return nil, message end
    if size > mark.offset then
      ours = size <= mark.offset + mark.length
      if ours then
        ours, message = is_start(file, mark.offset, size, delivery)
        if ours == nil then return nil, message end
      end
      if ours then
        ok, message = file:truncate(mark.offset)
        if not ok then return nil, message end
      elseif self.log then
        self.log { what = "problem", id = delivery.id,
                   text = ("%s: an incomplete copy at offset %d is left, since "
                     .. "other octets follow it"):format(self.path, mark.offset) }
      end
    end
    self.torn[delivery.name] = nil
  end
  return true
end

-- Lock the file and choose the places: marks, or nil, message[, code].
local function place(self, list)
  local ok, size, message, code
  self.lock, message, code = acquire(self, self.create)
  if not self.lock then return nil, message, code end
  ok, message, code = cut_torn(self, list)
  if not ok then return nil, message, code end
  size, message = self.lock.file:size()
  if not size then return nil, message end
  self.at, self.left = size, #list
  return mbox_mark.of(self.lock.file, list, size)
end

-- Lock the mbox for a batch of complete messages, and say where each will be.
-- The marks must be durable before the first `commit`.
-- @tparam {pop3.delivery.mbox,...} list in the order in which they are committed
-- @treturn {string,...} marks for `settle`, in the same order; or nil, message,
-- "timeout" when another program keeps the lock, "fenced" when another run has taken
-- the account over, or "io"
function Mbox:prepare(list)
  for _, delivery in ipairs(list) do
    local ok, message = compose(delivery)
    if not ok then return nil, message, "io" end
  end
  local marks, message, code = place(self, list)
  if not marks then
    release(self)
    return nil, message, code or "io"
  end
  return marks
end

-- A delivery is committed or given up. When all of a batch were given up, this
-- releases the lock; otherwise sync() does.
local function finished(self)
  self.file:close()
  local box = self.box
  if not self.start then return end  -- it is in no batch
  self.start = nil
  box.left = box.left - 1
  if box.left == 0 and not box.written then release(box) end
end

-- Append the message. It is delivered when `sync` has returned.
-- @treturn boolean true, or nil, message, "io"
function Delivery:commit()
  local box = self.box
  if not box.lock or box.at ~= self.start then
    finished(self)
    return nil, box.path .. ": a message before it was not written", "io"
  end
  local file = box.lock.file
  local ok, message = file:write(self.gap .. self.head)
  if ok then ok, message = file:copy(self.file) end
  if ok then ok, message = file:write(self.tail) end
  if ok then ok, message = file:flush() end
  if not ok then
    file:truncate(self.start)  -- if this fails, 'settle' finds the torn entry
    finished(self)
    return nil, message, "io"
  end
  box.at, box.written = self.start + #self.gap + self.size, true
  finished(self)
  return true
end

-- Give up the message: nothing of it is in the mbox.
function Delivery:abort()
  finished(self)
end

-- Make what was committed durable, and unlock the mbox.
-- @treturn boolean true, or nil, message, "io"
function Mbox:sync()
  if not self.lock then return true end
  local ok, message = self.lock.file:sync()
  if ok then ok, message = core.syncdir(directory(self.path)) end
  release(self)
  if not ok then return nil, message, "io" end
  return true
end

-- --------------------------------------------------------------- after a crash

-- The outcome of an interrupted delivery.
-- @tparam table intent `name`; `called`: its mark, nil when there is none
-- @treturn string "delivered" or "absent"; or nil, message, "timeout" or "io"
function Mbox:settle(intent)
  if not intent.called then return "absent" end
  local mark = mbox_mark.parse(intent.called)
  if not mark then
    return nil, ("%s: not a mark of an mbox: %s"):format(self.path,
                                                         intent.called), "io"
  end
  local lock <close>, message, code, errno = acquire(self, false)
  if not lock then
    if errno == "ENOENT" then return "absent" end
    return nil, message, code
  end
  local found
  found, message = mbox_mark.find(lock.file, mark, time_of(intent.name),
                                  self.claimed)
  if found == nil then return nil, message, "io" end
  if not found then
    self.torn[intent.name] = mark
    return "absent"
  end
  local ok
  ok, message = lock.file:sync()
  if not ok then return nil, message, "io" end
  return "delivered"
end

--- Deliver a message. It is durable when this returns.
-- @tparam string|function octets of the message, or an ltn12 source
-- @treturn boolean true; or nil, message, "timeout" when another program keeps
-- the lock, or "io"
function Mbox:deliver(octets)
  local name, message, code = deliver(self, octets, 2)
  if not name then return nil, message, code end
  return true
end

return new
