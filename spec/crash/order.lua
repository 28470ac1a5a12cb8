--- The order of the system calls of one run that deletes the messages it fetched.
--
-- A killed process loses nothing that it wrote, since the page cache survives.
-- Therefore only a trace shows that each fsync is there, and in its place:
--
-- - the state: written, fsync, rename, fsync of its directory
-- - intents: written, fdatasync; all before the first file or entry
-- - a Maildir: written, fsync (or syncfs), link, fsync of new/; its directories
--   are durable before
-- - an mbox: marks written, fdatasync; entries written, fsync, fsync of the
--   directory
-- - records of delivered messages: written, fdatasync, then DELE
local order = {}

local Log = {}
Log.__index = Log

-- The index of the first call after `from` that `match` accepts.
function Log:first(from, match)
  for i = from + 1, #self.calls do
    if match(self.calls[i]) then return i end
  end
end

-- The index of the last call that `match` accepts.
function Log:last(match)
  for i = #self.calls, 1, -1 do
    if match(self.calls[i]) then return i end
  end
end

-- Calls by name, on a path that ends in `path`, with octets that hold `text`.
local function call(names, path, text)
  return function(c)
    local text_of = c.text
    return (" " .. names .. " "):find(" " .. c.name .. " ", 1, true)
           and (not path or text_of:find(path .. ">", 1, true)
                or text_of:find(path .. '"', 1, true))
           and (not text or text_of:find(text, 1, true)) and true or false
  end
end

-- Report a missing call unless `later` comes after `earlier`.
function Log:before(earlier, later, what)
  if not earlier or not later or later <= earlier then
    self.problems[#self.problems + 1] = what
  end
  return later or #self.calls
end

-- Something was written to a file, and then made durable before `stop`.
function Log:durable(written, names, path, stop, what)
  local synced = written and self:first(written, call(names, path))
  self:before(written, synced, what .. ": not made durable")
  self:before(synced, stop, what .. ": made durable too late")
end

local function check_state(log, first_intent)
  local new = log:last(call("write", "/state.new"))
  log:durable(new, "fsync", "/state.new", log:first(0, call("rename", "/state")),
              "the state")
  local renamed = log:first(0, call("rename", "/state"))
  log:durable(renamed, "fsync", log.dir, first_intent, "the name of the state")
end

local function check_maildir(log, n, name, delivered)
  local tmp = "/tmp/" .. name
  local opened = log:first(0, call("openat", tmp))
  local intent = log:first(0, call("write", "/state", "lpop3." .. n .. " 1 intent"))
  log:durable(intent, "fdatasync", "/state", opened, "intent " .. n)
  local written = log:last(call("write", tmp))
  local linked = log:first(0, call("link", "/new/" .. name))
  local synced = written and (log:first(written, call("fsync", tmp))
                              or log:first(written, call("syncfs")))
  log:before(written, synced, "message " .. n .. ": not made durable")
  log:before(synced, linked, "message " .. n .. ": linked too early")
  log:durable(linked, "fsync", "/Maildir/new", delivered, "the name of " .. n)
end

local function check_mbox(log, n, delivered)
  local intent = log:first(0, call("write", "/state", "lpop3." .. n .. " 1 intent"))
  local mark = log:first(0, call("write", "/state", "lpop3." .. n .. " 1 called"))
  log:durable(intent, "fdatasync", "/state", mark, "intent " .. n)
  local entry = log:first(0, call("write", "/mbox"))
  log:durable(mark, "fdatasync", "/state", entry, "mark " .. n)
  local written = log:last(call("write", "/mbox"))
  log:durable(written, "fsync", "/mbox", delivered, "entry " .. n)
  log:durable(written, "fsync", log.dir, delivered, "the name of the mbox")
end

--- What is wrong with the order of the calls of a run.
-- @tparam table p a place
-- @tparam {table,...} calls see `trace.calls`
-- @treturn {string,...}
function order.problems(p, calls)
  local log = setmetatable({ calls = calls, problems = {}, dir = p.dir }, Log)
  check_state(log, log:first(0, call("write", "/state", " intent ")))
  if p.kind == "maildir" then
    local opened = log:first(0, call("openat", nil, "O_CREAT|O_EXCL"))
    log:durable(log:last(call("mkdir")), "fsync", "/Maildir", opened,
                "the directories")
    local made = log:first(0, call("mkdir", "/Maildir"))
    if made then
      log:durable(made, "fsync", log.dir, opened, "the name of the Maildir")
    end
  end
  for n = 1, #p.mail do
    local record = ("lpop3.%d 1 delivered"):format(n)
    local delivered = log:first(0, call("write", "/state", record))
    local deleted = log:first(0, call("sendto", nil, ("DELE %d\\r\\n"):format(n)))
    log:durable(delivered, "fdatasync", "/state", deleted, "record " .. n)
    if p.kind == "maildir" then
      local name
      for _, c in ipairs(calls) do
        name = name or c.text:match("lpop3%." .. n .. " 1 intent %d+ %d+ %- 0 (%S+)")
      end
      check_maildir(log, n, tostring(name), delivered)
    else
      check_mbox(log, n, delivered)
    end
  end
  return log.problems
end

return order
