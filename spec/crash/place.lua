--- The surroundings of a run of `pop3.sync` that is interrupted and examined: a server
-- in a child process, a directory with a state and a delivery, and the guarantees.
--
-- After an interrupted run and one more undisturbed one:
--
-- - I1: each message was delivered, or is on the server
-- - I2: exactly once in a Maildir or mbox; a function was called once more for each
--   interruption at most, and was told so
-- - I3: no DELE was sent for a message without a durable record
-- - I4: nothing partial is visible
-- - I5: no lock, temporary file or process of the dead run is left
-- - I6: one more run changes nothing

local core = require "pop3.core"
local pop3 = require "pop3"

local place = {}

local Place = {}
Place.__index = Place

-- ------------------------------------------------------------------- one run

-- The function that messages are delivered to: it appends one line.
local function called(directory)
  return function(octets, handle)
    local file <close> = assert(core.open(directory .. "/calls", "ac"))
    -- a partial line of a killed process ends before the next line
    assert(file:write(("\n%s %s %s.\n"):format(handle.id, tostring(handle.again),
                                               core.sha256(octets))))
    return file:flush()
  end
end

-- A delivery of a programmer who did not think of crashes: the specs must
-- find that it loses and doubles messages.
local function naive(directory)
  core.mkdir(directory .. "/Maildir")
  core.mkdir(directory .. "/Maildir/new")
  return {
    begin = function()
      local path = directory .. "/Maildir/new/" .. core.random(8)
      local file = assert(core.open(path, "wx"))
      return {
        file = file,
        commit = function() return file:sync() end,
        abort = function()
          file:close()
          core.unlink(path)
        end,
      }
    end,
    settle = function() return "absent" end,
  }
end

-- A command that appends the same line.
local COMMAND = [[
digest=$(sha256sum | cut -c 1-64)
printf '\n%s %s %s.\n' "$LPOP3_ID" "$([ "$LPOP3_AGAIN" ] && echo true ||
  echo false)" "$digest" >> ]]

-- An LMTP server in a child process, which appends the same line. It does not learn
-- whether an attempt is the first: its lines always have "true".
local function lmtp_server(directory)
  local server = require "spec.support.lmtp" { delivered = function(text)
    local id, octets = text:match "^Received: by .- id (%x+);\r\n\t[^\r]*\r\n(.*)$"
    local file <close> = assert(core.open(directory .. "/calls", "ac"))
    assert(file:write(("\n%s true %s.\n"):format(id, core.sha256(octets))))
    assert(file:flush())
  end }
  return { port = server.port, stop = server:fork() }
end

local function into(directory, kind, lmtp_port)
  if kind == "lmtp" then
    return pop3.lmtp { host = "127.0.0.1", port = lmtp_port, to = { "a@b" },
                       fields = { received = true } }
  end
  if kind == "pipe" then
    return pop3.pipe(COMMAND .. directory .. "/calls", { eol = "crlf" })
  end
  if kind == "naive" then return naive(directory) end
  if kind == "maildir" then return pop3.maildir(directory .. "/Maildir") end
  if kind == "mbox" then
    return pop3.mbox(directory .. "/mbox", { lock_timeout = 60,
                                             spool = directory })
  end
  return called(directory)
end

--- One run; returns the results of `pop3.sync`.
function place.sync(directory, kind, keep, port, lmtp_port)
  local session, message, code, reply = pop3.connect {
    host = "127.0.0.1", port = port, tls = "none", user = "mrose",
    password = "secret", mechs = { "USER" },
  }
  if not session then return nil, message, code, reply end
  return pop3.sync(session, { into = into(directory, kind, lmtp_port), keep = keep,
                              account = "mrose", state = directory .. "/state" })
end

-- -------------------------------------------------------------------- set-up

--- The mail of a scenario: small messages, lines that an mbox quotes, dots, one
-- that takes several reads, and two that are equal.
-- @tparam[opt=5] integer count
function place.mail(count)
  local mail = {
    "Subject: 1\r\n\r\nFrom here\r\n>From there\r\n.\r\n",
    "Subject: 2\r\n\r\n" .. ("0123456789"):rep(7):rep(1500, "\r\n") .. "\r\n",
    "Subject: the same\r\n\r\nbody\r\n",
    "Subject: the same\r\n\r\nbody\r\n",
  }
  for i = 5, count or 5 do mail[i] = ("Subject: %d\r\n\r\n"):format(i) end
  return table.move(mail, 1, count or 5, 1, {})
end

-- A state with enough superseded lines that the next run rewrites it.
local function make_old_state(path)
  local state = require "pop3.sync.state".file(path)
  assert(state:open "mrose")
  local list = {}
  for i = 1, 1200 do
    list[i] = { uid = "old", nth = 1, status = "intent", size = i, first = 1 }
  end
  assert(state:intend(list))
  assert(state:done { { uid = "old", nth = 1, status = "forgotten" } })
  state:release()  -- `close` would rewrite it at once
end

--- A place for many runs of one kind. The caller closes it.
-- @tparam string kind "maildir", "mbox", "function", "pipe", "lmtp", or "naive": a
-- delivery whose faults must be found
-- @tparam boolean keep
-- @tparam[opt] table mail
-- @tparam[opt] {string,...} uidl its unique-ids
function place.new(kind, keep, mail, uidl)
  mail = mail or place.mail()
  local server = pop3.server.new {
    users = { mrose = { password = "secret", mail = mail, uidl = uidl } },
  }
  local base = core.stat "/dev/shm" == "directory" and "/dev/shm" or "/tmp"
  local dir = base .. "/lpop3-crash-" .. core.random(6)
  return setmetatable({
    kind = kind, keep = keep, mail = mail, uidl = uidl, run = server:fork(),
    dir = dir, lmtp = kind == "lmtp" and lmtp_server(dir) or nil,
  }, Place)
end

function Place:remove()
  os.execute("rm -rf " .. self.dir)
end

--- Reset the place to its start.
function Place:fresh()
  self:remove()
  assert(core.mkdir(self.dir))
  assert(self.run:reset())
  self.foreign, self.kills = false, 1
  if self.old_state then make_old_state(self.dir .. "/state") end
end

function Place:close()
  self.run:stop()
  if self.lmtp then self.lmtp.stop() end
  self:remove()
end

Place.__close = Place.close

--- The shell command of one run.
function Place:command()
  return ("lua5.4 spec/crash/fetch.lua %s %s %s %d %d"):format(self.dir,
    self.kind, self.keep and "keep" or "delete", self.run.port,
    self.lmtp and self.lmtp.port or 0)
end

--- One undisturbed run in this process. A process that the killed run was about to
-- start may still have its connection for a moment, so that the maildrop is in
-- use.
function Place:sync()
  local result, message, code, reply
  require "spec.helper".await(function()
    result, message, code, reply = place.sync(self.dir, self.kind, self.keep,
                                              self.run.port, self.lmtp and
                                              self.lmtp.port)
    return result or not (reply and reply.code == "IN-USE")
  end)
  return result, message, code, reply
end

-- ---------------------------------------------------------- what can be seen

local function read(path)
  local file <close> = io.open(path, "rb")
  return file and file:read "a"
end

-- All files below a directory: path → octets.
local function files(path, found)
  found = found or {}
  for _, name in ipairs(core.readdir(path) or {}) do
    local sub = path .. "/" .. name
    if core.lstat(sub).kind == "directory" then files(sub, found)
    else found[sub] = read(sub) end
  end
  return found
end

-- The messages of the mbox, in the form of the others; and the text that is not a message.
-- Each entry ends with an empty line.
local function entries(text)
  local list = {}
  text = "\n" .. (text or ""):gsub("\n$", "")
  for entry in (text:gsub("\nFrom ", "\0") .. "\0"):gmatch "([^%z]*)%z" do
    local body = entry:match "^%S+ %a%a%a %a%a%a .. %d%d:%d%d:%d%d %d%d%d%d\n(.*)$"
    if body then
      body = ("\n" .. body):gsub("\n>(>*From )", "\n%1"):sub(2)
      list[#list + 1] = (body:gsub("\n", "\r\n"))
    elseif entry:find "%S" then
      list[#list + 1] = "not an entry: " .. entry
    end
  end
  return list
end

--- The messages that were delivered.
function Place:delivered()
  if self.kind == "mbox" then return entries(read(self.dir .. "/mbox")) end
  local list = {}
  for _, sub in ipairs { "new", "cur" } do
    for _, octets in pairs(files(self.dir .. "/Maildir/" .. sub)) do
      list[#list + 1] = octets
    end
  end
  return list
end

--- A reader moves the new files.
function Place:read_all()
  local base = self.dir .. "/Maildir"
  for _, name in ipairs(core.readdir(base .. "/new") or {}) do
    assert(core.rename(base .. "/new/" .. name, base .. "/cur/" .. name .. ":2,S"))
  end
end

local FOREIGN = "From z@z Mon Nov 30 19:00:00 2026\nSubject: foreign\n\nforeign\n\n"

--- Another program appends to the mbox, and ignores locks and the text that is
-- there. An incomplete entry of ours before its text may then stay.
function Place:add_foreign()
  local path = self.dir .. "/mbox"
  if not core.stat(path) then return end
  local file <close> = assert(io.open(path, "ab"))
  file:write(FOREIGN)
  self.foreign = true
end

-- Is it a piece of a message of ours that may have been left, or the mail of the
-- other program after such a piece?
local function may_be_left(self, octets)
  if not self.foreign then return false end
  if octets:find("Subject: foreign", 1, true) then return true end
  for _, mail in ipairs(self.mail) do
    if mail:sub(1, #octets) == octets then return true end
  end
  return octets:find "^not an entry" ~= nil
end

-- Elements of a list → their number.
local function count(list)
  local counts = {}
  for _, element in ipairs(list) do counts[element] = (counts[element] or 0) + 1 end
  return counts
end

-- --------------------------------------------------------------- the guarantees

-- The violations, as text; lost and doubled messages are counted.
local function compare(self, problems, list, what)
  local have = count(list)
  for octets, n in pairs(count(self.mail)) do
    local got = have[octets] or 0
    have[octets] = nil
    if got < n then
      self.lost = (self.lost or 0) + n - got
      problems[#problems + 1] = ("I1: %d of %q %s"):format(n - got,
        octets:sub(1, 20), what)
    elseif got > n then
      self.doubled = (self.doubled or 0) + got - n
      problems[#problems + 1] = ("I2: %d of %q too many %s"):format(got - n,
        octets:sub(1, 20), what)
    end
  end
  for octets in pairs(have) do
    if not may_be_left(self, octets) then
      problems[#problems + 1] = ("I4: %q is no message %s"):format(
        octets:sub(1, 60), what)
    end
  end
end

-- Kinds that hand messages to another program.
local is_call = { ["function"] = true, pipe = true, lmtp = true }

-- The calls of the function.
local function check_calls(self, problems)
  local calls, list = {}, {}
  for id, again, digest in (read(self.dir .. "/calls") or "")
      :gmatch "\n(%x+) (%l+) (%x+)%.\n" do
    local before = calls[id]
    if not before then
      list[#list + 1] = digest
    elseif before > self.kills or again ~= "true" then
      problems[#problems + 1] = ("I2: called %d times, again is %s"):format(
        before + 1, again)
    end
    calls[id] = (before or 0) + 1
  end
  local wanted = {}
  for i, octets in ipairs(self.mail) do wanted[i] = core.sha256(octets) end
  local mail = self.mail
  self.mail = wanted
  compare(self, problems, list, "as calls")
  self.mail = mail
end

-- The keys of the messages in the state, by their number at the start.
local function keys_of(self)
  local record = require "pop3.sync.record"
  local keys, times = {}, {}
  for n = 1, #self.mail do
    local uid = self.uidl and self.uidl[n] or "lpop3." .. n
    times[uid] = (times[uid] or 0) + 1
    keys[n] = record.key(uid, times[uid])
  end
  return keys
end

-- The keys of the messages that the state has as delivered.
local function recorded(self)
  local state = require "pop3.sync.state".file(self.dir .. "/state")
  local record = require "pop3.sync.record"
  local set = {}
  if not state:open("mrose", { read_only = true }) then return set end
  for key, line in pairs(state:seen()) do
    if record.unpack(line).status == "delivered" then
      set[key] = true
    end
  end
  state:close({})
  return set
end

--- I3, and I4 for a Maildir, checked at once after the interruption.
function Place:check_interrupted(problems)
  local set, keys = recorded(self), keys_of(self)
  for _, entry in ipairs(self.run:transcript()) do
    local n = entry.from == "C" and entry.line:match "^DELE (%d+)"
    if n and not set[keys[tonumber(n)]] then
      problems[#problems + 1] = "I3: DELE " .. n .. " without a record"
    end
  end
  if self.kind == "maildir" or self.kind == "naive" then
    local known = count(self.mail)
    for _, octets in ipairs(self:delivered()) do
      if not known[octets] then
        problems[#problems + 1] = ("I4: %q is visible"):format(octets:sub(1, 40))
      end
    end
  end
end

-- The files that a run may leave beside the messages.
local allowed = { ["/state"] = true, ["/state.lock"] = true, ["/mbox"] = true,
                  ["/calls"] = true }

local function check_left(self, problems)
  for path in pairs(files(self.dir)) do
    local name = path:sub(#self.dir + 1)
    if not allowed[name] and not name:find "^/Maildir/new/"
       and not name:find "^/Maildir/cur/" then
      problems[#problems + 1] = "I5: " .. name .. " is left"
    end
  end
end

--- Two undisturbed runs, and all guarantees.
function Place:check_recovery(problems)
  local result, message = self:sync()
  if not result then
    problems[#problems + 1] = "the next run failed: " .. tostring(message)
    return
  end
  if self.foreign then
    local _, n = read(self.dir .. "/mbox"):gsub(FOREIGN:gsub("%p", "%%%0"), "")
    if n ~= 1 then problems[#problems + 1] = "mail of others is damaged" end
  end
  if is_call[self.kind] then check_calls(self, problems)
  else compare(self, problems, self:delivered(), "delivered") end
  local on_server = self.run:mailbox "mrose"
  if self.keep and #on_server ~= #self.mail then
    problems[#problems + 1] = "a message was deleted that was to be kept"
  elseif not self.keep and #on_server ~= 0 then
    problems[#problems + 1] = #on_server .. " messages were not deleted"
  end
  check_left(self, problems)
  local before, retr = files(self.dir), self.run:count "RETR"
  result, message = self:sync()
  if not result then
    problems[#problems + 1] = "the last run failed: " .. tostring(message)
    return
  end
  if self.run:count "RETR" ~= retr then
    problems[#problems + 1] = "I6: RETR in the last run"
  end
  local after = files(self.dir)
  before[self.dir .. "/state.lock"], after[self.dir .. "/state.lock"] = nil, nil
  for path, octets in pairs(after) do
    if before[path] ~= octets then
      problems[#problems + 1] = "I6: " .. path:sub(#self.dir + 1) .. " changed"
    end
    before[path] = nil
  end
  for path in pairs(before) do
    problems[#problems + 1] = "I6: " .. path:sub(#self.dir + 1) .. " is gone"
  end
end

return place
