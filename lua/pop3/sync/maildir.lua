--- Delivery into a Maildir (https://cr.yp.to/proto/maildir.html).
--
-- `pop3.sync` delivers with it; `box:deliver` works without it. This is not the
-- test server's store (`pop3.store.maildir`), which serves a Maildir.
--
-- A message is written to `tmp/NAME`, made durable, linked to `new/NAME`, and
-- `tmp/NAME` is removed; then `new/` is made durable. `pop3.sync` has written
-- NAME durably before the first octet. So after a crash
--
-- - NAME in `new/`, or in `cur/` with flags: the message was delivered;
-- - otherwise it is delivered again under the same NAME. If a link of that name
--   exists after all, link(2) fails with EEXIST, which means delivered.
--
-- `tmp/NAME` belongs to the run that holds the state of that account, so it can be
-- removed without asking whether a process is alive.
--
-- In a fleet (`pop3.fleet`) another process can take an account over while this one
-- is frozen. So each owner works in a separate directory, see
-- `pop3.sync.maildir_lease`.
--
-- Without links (FAT, some FUSE file systems) a rename takes their place. It
-- must not replace: renameat2(2) with RENAME_NOREPLACE, and where that is
-- missing the name is looked for first. Nobody else uses NAME, so this is exact
-- as well, and no empty file ever shows in `new/`.
-- @classmod pop3.maildir
-- @alias Maildir

local argument = require "pop3.util.argument"
local core = require "pop3.core"
local fields = require "pop3.sync.fields"
local folder = require "pop3.store.maildir_folder"
local maildir_lease = require "pop3.sync.maildir_lease"

-- From this number of messages on, one syncfs(2) is cheaper than a fsync(2) of each:
-- 32 files of 4 KiB on ext4 take 8 ms instead of 50.
local BATCH = 4

-- syncfs reports failed writes since Linux 5.8; without that it is of no use.
local has_syncfs
do
  local file <close> = io.open "/proc/sys/kernel/osrelease"
  local major, minor = (file and file:read "l" or ""):match "^(%d+)%.(%d+)"
  has_syncfs = major and (tonumber(major) > 5
                          or tonumber(major) == 5 and tonumber(minor) >= 8)
end

local OLD = 36 * 3600  -- seconds after which a file in tmp is abandoned

local Maildir = { __name = "pop3.maildir", exactly_once = true }
Maildir.__index = Maildir

local Delivery = { __name = "pop3.delivery.maildir" }
Delivery.__index = Delivery

-- Options of `pop3.maildir`: `create` (true: make the Maildir if it does
-- not exist; its parent must exist), `mode` (0600: permissions of a message), `eol`
-- ("crlf": the octets as they came; "lf": with LF line ends), `fields` (header
-- fields to add: `received = true`, `delivered_to`, `return_path`).
-- @tparam string path
-- @tparam[opt] table opts
-- @treturn pop3.maildir
-- @usage
-- local pop3 = require "pop3"
-- local box = pop3.maildir(os.tmpname() .. ".d")
-- assert(box:deliver "Subject: hello\r\n\r\nbody\r\n")
local function new(path, opts)
  argument.path(path, "maildir", "a directory", 1)
  opts = opts or {}
  argument.options(opts, { create = "boolean", mode = "integer",
                           eol = { crlf = true, lf = true }, fields = "table" },
                   "maildir", 1)
  fields.check(opts.fields, "maildir", 1)
  return setmetatable({
    path = path, create = opts.create ~= false, mode = opts.mode or 384,
    form = opts.eol == "lf" and "lf" or "octets", fields = opts.fields,
    ready = false,   -- the directories are there
    pending = {},    -- deliveries that are committed and not linked yet
    linked = 0,      -- of the pending ones in sync()
    known = nil,     -- stems of the names in new/ and cur/, for settle()
    temp = path .. "/tmp",  -- where messages are written
    owner = nil,     -- of a lease
  }, Maildir)
end

-- A delivery for one run of one account of a fleet.
-- @tparam table owner `account` and `fence`, integers
-- @treturn pop3.maildir
function Maildir:lease(owner)
  local box = new(self.path, { create = self.create, mode = self.mode,
                               fields = self.fields })
  box.form, box.owner = self.form, owner
  box.temp = maildir_lease.directory(self.path, owner)
  return box
end

-- ------------------------------------------------------------- directories

-- Make the missing directories, and make their entries durable.
local function furnish(self)
  local path, made = self.path, false
  if core.stat(path) ~= "directory" then
    if not self.create then
      return nil, path .. ": there is no Maildir", "io"
    end
    local ok, message = core.mkdir(path, 448)
    if not ok then return nil, message, "io" end
    made = true
  end
  local sub, message = folder.furnish(path, 448)
  if sub == nil then return nil, message, "io" end
  if sub or made then
    local ok
    ok, message = core.syncdir(path)
    if ok and made then ok, message = core.syncdir(path .. "/..") end
    if not ok then return nil, message, "io" end
  end
  return true
end

-- Remove files in tmp that no program has touched for 36 hours, as the
-- specification asks of readers, those of deliveries without a state; and directories of
-- leases.
local function remove_abandoned(path)
  for _, name in ipairs(core.readdir(path .. "/tmp", true) or {}) do
    local file = path .. "/tmp/" .. name
    local st = core.lstat(file)
    if st and st.kind == "file" and core.time() - st.mtime > OLD then
      core.unlink(file)
    end
  end
  maildir_lease.remove_old(path, core.time() - OLD)
end

-- Make the Maildir ready. `pop3.sync` calls it once a run.
-- @treturn boolean true, or nil, message, "io"
function Maildir:open()
  self.known = nil
  if not self.ready then
    local ok, message, code = furnish(self)
    if not ok then return nil, message, code end
    -- the clock of a worker of a fleet may be wrong
    if not self.owner then remove_abandoned(self.path) end
    self.ready = true
  end
  if self.owner then return maildir_lease.take_over(self.path, self.owner) end
  return true
end

-- Make the directory of the lease. An owner that was frozen before this finds later
-- that its intents are refused; one that was frozen after this, that the directory
-- is gone.
-- @treturn boolean true, or nil, message, "io"
function Maildir:reserve()
  if not self.owner then return true end
  local ok, message = core.mkdir(self.temp, 448)
  if not ok then return nil, message, "io" end
  -- the clock of a worker may be wrong, that of the file system is the same for all
  local made = core.lstat(self.temp)
  if made then maildir_lease.remove_old(self.path, made.mtime - OLD) end
  return true
end

-- What a failure in the temporary directory means: nil, message, how.
local function failure(self, message)
  if self.owner and core.stat(self.temp) ~= "directory" then
    return nil, self.temp .. ": another process has taken the account over",
           "fenced"
  end
  return nil, message, "io"
end

-- Give up what was not made durable by `sync`.
function Maildir:close()
  for _, delivery in ipairs(self.pending) do delivery:abort() end
  self.pending, self.known = {}, nil
  if self.owner then os.remove(self.temp) end
end

-- -------------------------------------------------------------- one message

-- The name that a message will have in `new/`.
-- @treturn string
function Maildir.name()
  return folder.new_name()
end

-- Begin a delivery.
-- @tparam table handle of the message; `handle.name` is what `name` returned
-- @treturn pop3.delivery.maildir with `file`, to which the message is written;
-- or nil, message, "io"
function Maildir:begin(handle)
  local temp = self.temp .. "/" .. handle.name
  local file, message, _, errno = core.open(temp, "wxn", self.mode)
  if errno == "EEXIST" then  -- of an attempt before this one
    core.unlink(temp)
    file, message = core.open(temp, "wxn", self.mode)
  end
  if not file then return failure(self, message) end
  local delivery = setmetatable({ box = self, file = file, temp = temp,
                                  name = handle.name, id = handle.id },
                                Delivery)
  file:form(self.form)
  local ok
  ok, message = file:write(fields.text(self.fields, handle))
  if not ok then
    delivery:abort()
    return nil, message, "io"
  end
  return delivery
end

-- Write a piece of the message.
-- @tparam string octets
-- @treturn boolean true, or nil, message, "io"
function Delivery:write(octets)
  local ok, message = self.file:write(octets)
  if not ok then return nil, message, "io" end
  return true
end

-- The message is complete. It is delivered when `sync` has returned.
-- @treturn boolean true, or nil, message, "io"
function Delivery:commit()
  local ok, message = self.file:finish()
  if ok then ok, message = self.file:flush() end
  if not ok then
    self:abort()
    return nil, message, "io"
  end
  local pending = self.box.pending
  pending[#pending + 1] = self
  return true
end

-- Give up the message: remove all of it.
function Delivery:abort()
  self.file:close()
  core.unlink(self.temp)
end

-- -------------------------------------------------------------- many messages

-- Errors of link(2) where the file system has no links.
local no_links = { EPERM = true, ENOSYS = true, EOPNOTSUPP = true,
                   EMLINK = true }

-- Make the octets of all files durable: message of a delivery that failed, by
-- delivery.
local function make_durable(pending)
  local failed = {}
  if #pending >= BATCH and has_syncfs and pending[1].file:sync "system" then
    return failed
  end
  for _, delivery in ipairs(pending) do
    local ok, message = delivery.file:sync()
    if not ok then failed[delivery] = message end
  end
  return failed
end

-- Move a message to new/: true, also when it was there already.
local function publish(self, delivery)
  local to = self.path .. "/new/" .. delivery.name
  local ok, message, _, errno = core.link(delivery.temp, to)
  if no_links[errno] then
    ok, message = core.rename(delivery.temp, to, true)
    if ok then return true end
  end
  if ok == nil then return nil, message end
  core.unlink(delivery.temp)  -- the next settle() removes a leftover
  return true
end

-- Make all committed messages durable and visible.
-- @treturn boolean true; or nil, message, "io", when it is not known of any of
-- them; or nil, message, "fenced"
-- @treturn ?table of those that are not: `id` of the handle → message
function Maildir:sync()
  local pending, failures = self.pending, nil
  self.pending = {}
  if #pending == 0 then return true end
  local failed = make_durable(pending)
  for i, delivery in ipairs(pending) do
    local ok, message = not failed[delivery], failed[delivery]
    local closed, why = delivery.file:close()
    if ok and not closed then ok, message = false, why end
    if ok then ok, message = publish(self, delivery) end
    if not ok then
      core.unlink(delivery.temp)
      local _, reason, how = failure(self, message)
      if how == "fenced" then
        for j = i + 1, #pending do pending[j]:abort() end
        return nil, reason, how
      end
      failures = failures or {}
      failures[delivery.id or delivery.name] = message
    end
  end
  local ok, message = core.syncdir(self.path .. "/new")
  if not ok then return nil, message, "io" end
  return true, failures
end

-- --------------------------------------------------------------- after a crash

-- The stems of all names in new/ and cur/, whose entries are durable. A reader
-- may rename files meanwhile, and a directory that changes can be read without
-- some of its names: a directory without 'name' is read twice.
local function look_for(self, name)
  local known = self.known or { passes = 0 }
  self.known = known
  while not known[name] and known.passes < 2 do
    for _, sub in ipairs { "/new", "/cur" } do
      local names, message = core.readdir(self.path .. sub)
      local ok = names
      if ok then ok, message = core.syncdir(self.path .. sub) end
      if not ok then return nil, message, "io" end
      for _, file in ipairs(names) do known[folder.stem(file)] = true end
    end
    known.passes = known.passes + 1
  end
  return known[name] or false
end

-- The outcome of an interrupted delivery.
-- @tparam table intent `name`
-- @treturn string "delivered" or "absent"; or nil, message, "io"
function Maildir:settle(intent)
  local ok, message = core.unlink(self.path .. "/tmp/" .. intent.name)
  if ok == nil then return nil, message, "io" end
  local found, code
  found, message, code = look_for(self, intent.name)
  if found == nil then return nil, message, code end
  return found and "delivered" or "absent"
end

--- Deliver a message. It is durable and visible when this returns. Other
-- programs may deliver into the Maildir and read it meanwhile.
-- @tparam string|function octets of the message, or an ltn12 source
-- @treturn string the name of its file in `new/`; or nil, message, "io"
-- @function deliver
Maildir.deliver = require "pop3.sync.deliver"

return new
