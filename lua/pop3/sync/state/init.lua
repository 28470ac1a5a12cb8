--- The state of `pop3.sync` between runs: its interface, and the state file.
--
-- A state is any object with six calls:
--
-- - `state:open(account[, opts])` → true; or nil, message, code, info. It takes
--   the lock of the account and reads. `opts.read_only`: nothing is written, and
--   no lock is taken. `opts.wait`: the hook of the session's event loop.
--   `info.temporary`: a later attempt may succeed; `info.locked_by`: the process
--   that has the lock
-- - `state:seen()` → a table: key → packed record (`pop3.sync.record`). The
--   calls below keep it up to date
-- - `state:intend(list)` → a list of names; or nil, message, code. Deliveries
--   are about to begin. Durable when it returns. The name of an entry that has
--   been recorded before stays
-- - `state:done(list, lazily)` → true; or nil, message, code. Entries that
--   are final: delivered, skipped, absent, forgotten. Durable when it returns, or,
--   if `lazily`, at the latest when the next call returns
-- - `state:failed(list)` → true; or nil, message, code. Deliveries that failed
-- - `state:close(result)` → true; or nil, message, code. It releases the lock
--
-- In a fleet another process can take over an account. Then the calls fail with the
-- code `"fenced"`, the field `state.fenced` is true, and the session ends without
-- QUIT.
--
-- A state whose account another run can take over has also
--
-- - `state:holds()` → true; or nil, message, "fenced" when that has happened. A
--   delivery calls it before it removes leftovers of an earlier run
--
-- The elements of the lists are tables with `uid`, `nth` and the fields of
-- `pop3.sync.record`; the status `"forgotten"` removes an entry.
--
-- `state.file(path)` is the state file: text, one line for each entry, append-only,
-- each line with a checksum (see csrc/bind/os/lstate.c for the lines). A torn last
-- line, which a crash leaves, is cut off. An unreadable line inside is an error
-- that names it. The lock is the file `path.lock`, which stays. `reserve()` takes it
-- before `open`, `release()` releases it. After a repair `damaged_copy()` is the path
-- of the old file.
--
-- `pop3.state.sql{ url = … }` is a state in PostgreSQL or SQLite, see
-- `pop3.state.sql`.
-- @interface pop3.sync.state

local argument = require "pop3.util.argument"
local calls = require "pop3.sync.state.calls"
local core = require "pop3.core"
local record = require "pop3.sync.record"

local FIRST = "lpop3-state 1\n"
local SUPERSEDED = 1000  -- lines that are no longer valid, before a compaction

local File = { __name = "pop3.sync.state" }
File.__index = File

local function parent_of(path)
  return path:match "^(.*/)[^/]*$" or "."
end

-- ------------------------------------------------------------------------ lock

local function lock(self)
  local path = self.real .. ".lock"
  local file, message, code = core.open(path, "rwcn")
  if not file then return nil, message, code, {} end
  local locked
  locked, message, code = file:lock()
  if locked then
    file:truncate(0)
    file:write(("%d\n"):format(core.getpid()))
    file:flush()
    self.lock = file
    return true
  end
  local pid = locked == false and (file:pread(0, 32) or ""):match "^%d+"
  file:close()
  if locked == nil then return nil, message, code, {} end
  return nil, ("%s: in use by another run%s"):format(self.path,
    pid and ", process " .. pid or ""), "state",
    { temporary = true, locked_by = math.tointeger(tonumber(pid)) }
end

-- ------------------------------------------------------------- reading, writing

-- Write a whole new file in place of the state: durable and never half-written.
local function replace(self, write)
  local temp = self.real .. ".new"
  local file <close>, message, code = core.open(temp, "wctn")
  if not file then return nil, message, code end
  local ok
  ok, message, code = write(file)
  if ok then ok, message, code = file:sync() end
  if ok then ok, message, code = file:close() end
  if ok then ok, message, code = core.rename(temp, self.real) end
  if ok then ok, message, code = core.syncdir(parent_of(self.real)) end
  if not ok then
    core.unlink(temp)
    return nil, message, code
  end
  return true
end

local function entry_line(key, packed)
  local uid, nth = record.split(key)
  return core.state.seal(("entry %s %d %s"):format(record.escape(uid), nth,
                                                    packed))
end

-- The lines of other accounts, unchanged.
local function copy_others(self, file)
  local ours, any = false, false
  for line in io.lines(self.real) do
    local text = line:match "^%x%x%x%x%x%x%x%x (.*)$"
    if text and core.state.seal(text) == line .. "\n" then
      local name = text:match "^account (.*)$"
      if name then ours = name == self.name end
      any = any or not ours
      if not ours then
        local ok, message, code = file:write(line .. "\n")
        if not ok then return nil, message, code end
      end
    end
  end
  return true, any
end

-- Write only the valid lines. Only a regular file is changed.
local function compact(self)
  local kind = core.lstat(self.real)
  if kind and kind.kind ~= "file" then return true end
  return replace(self, function(file)
    local ok, message, code = file:write(FIRST)
    if ok then ok, message, code = copy_others(self, file) end
    if ok then
      ok, message, code = file:write(core.state.seal("account " .. self.name))
    end
    for key, packed in pairs(self.entries) do
      if not ok then break end
      ok, message, code = file:write(entry_line(key, packed))
    end
    if not ok then return nil, message, code end
    return true
  end)
end

local function read(self)
  local ok, message, code
  local there = core.lstat(self.real)
  if not there or there.kind == "file" and there.size == 0 then
    self.entries, self.ours, self.size, self.lines = {}, false, #FIRST, 0
    if self.read_only then return true end
    return replace(self, function(file) return file:write(FIRST) end)
  end
  local entries, info
  entries, info, code = core.state.index(self.real, self.name, self.repair)
  if not entries then return nil, info, code end
  self.entries, self.ours = entries, info.ours
  self.size, self.lines = info.good, info.entries
  if self.read_only then return true end
  if info.bad > 0 and not self.copy then
    local copy = ("%s.damaged-%d"):format(self.real, os.time())
    ok, message, code = core.link(self.real, copy)
    self.copy = copy
    if ok ~= nil then ok, message, code = compact(self) end
    if not ok then return nil, message, code end
    return read(self)
  end
  return true
end

-- Append lines; unless `lazily` they are durable when it returns, and all before
-- them. After a failure the file is as before.
local function append(self, lines, lazily)
  if #lines == 0 and (lazily or not self.is_lazy) then return true end
  if self.broken then return nil, self.broken, "io" end
  local text = table.concat(lines)
  if not self.ours and text ~= "" then
    text = core.state.seal("account " .. self.name) .. text
  end
  local ok, message, code = self.file:write(text)
  if ok and lazily then
    ok, message, code = self.file:flush()
    self.is_lazy = true
  elseif ok then
    ok, message, code = self.file:sync "data"
    self.is_lazy = false
  end
  if not ok then
    message = self.path .. ": " .. message:gsub("^.*: ", "")
    if not self.file:truncate(self.size) then self.broken = message end
    return nil, message, code
  end
  self.ours = self.ours or text ~= ""
  self.size, self.lines = self.size + #text, self.lines + #lines
  return true
end

-- ----------------------------------------------------------------- the six calls

-- Follow symbolic links to the file: the lock and the copies are beside it.
local function find(self)
  self.real = core.realpath(self.path) or self.path
end

-- Take the lock before `open`, so that the caller knows early whether it is free.
-- Results are as of `open`.
function File:reserve()
  if self.lock then return true end
  find(self)
  return lock(self)
end

function File:open(account, opts)
  self.name = record.escape(account)
  self.read_only = opts and opts.read_only or false
  self.copy = nil
  if not self.lock then find(self) end
  if self.read_only then return read(self) end
  local ok, message, code, info = self:reserve()
  if not ok then return nil, message, code, info end
  core.unlink(self.real .. ".new")
  ok, message, code = read(self)
  if ok then
    self.file, message, code = core.open(self.real, "wa")
    ok = self.file
  end
  if ok then
    local size
    size, message, code = self.file:size()
    ok = size
    if size and size > self.size then  -- a torn last line
      ok, message, code = self.file:truncate(self.size)
      if ok then ok, message, code = self.file:sync() end
    end
  end
  if ok then return true end
  self:release()
  return nil, message, code, {}
end

-- The path of the old file after a repair; nil if nothing was repaired.
function File:damaged_copy()
  return self.copy
end

-- Append the lines of entries.
calls(File, function(self, list, packed, lazily)
  local lines = {}
  for i, e in ipairs(list) do
    local uid = record.escape(e.uid)
    lines[i] = core.state.seal(packed[i]
                               and ("entry %s %d %s"):format(uid, e.nth, packed[i])
                               or ("forgotten %s %d"):format(uid, e.nth))
  end
  return append(self, lines, lazily)
end)

function File:release()
  if self.file then self.file:close() end
  if self.lock then self.lock:close() end
  self.file, self.lock = nil, nil
end

function File:close()
  local ok, message, code = true, nil, nil
  if self.file then
    local live = 0
    for _ in pairs(self.entries) do live = live + 1 end
    if self.lines - live > SUPERSEDED and self.lines > 2 * live then
      ok, message, code = compact(self)
    elseif self.is_lazy then
      ok, message, code = self.file:sync "data"
    end
  end
  self:release()
  self.entries = nil
  if not ok then return nil, message, code end
  return true
end

File.__close = File.release

-- `state.sql` needs a library of a database, which is loaded when it is first used.
local state = setmetatable({}, { __index = function(_, name)
  if name == "sql" then return require "pop3.sync.state.sql".sql end
  return nil
end })

--- A state file.
-- @tparam string path the file; `path.lock` and `path.new` belong to it. For a symbolic
-- link they are beside its target
-- @tparam[opt] table opts
-- @tparam[opt] boolean opts.repair true: leave out unreadable lines; the old file
-- stays beside it, as `path.damaged-TIME`
-- @treturn state
-- @usage
-- local state = require "pop3.sync.state".file "/tmp/mrose.state"
function state.file(path, opts)
  argument.path(path, "state.file", "a file", 1)
  argument.options(opts or {}, { repair = "boolean" }, "state.file", 1)
  return setmetatable({ path = path, repair = opts and opts.repair or false },
                      File)
end

-- The state for the option `state` of `pop3.sync`.
-- @param given a path or a state
-- @tparam integer level who is to blame, see `pop3.util.argument`
-- @treturn state
function state.of(given, level)
  if type(given) == "string" then return state.file(given) end
  for _, name in ipairs { "open", "seen", "intend", "done", "failed", "close" } do
    if type(given[name]) ~= "function" then
      argument.misuse(level + 1, "sync: option 'state' has no method '%s'", name)
    end
  end
  return given
end

return state
