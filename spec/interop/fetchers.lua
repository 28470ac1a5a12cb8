-- Programs that fetch mail again and again, and situations in which they must
-- neither lose a message nor fetch one twice: the table "fetching" of
-- spec/interop/README.md.

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"
local proc = require "spec.interop.proc"

local M = {}

local USER, PASSWORD = "mrose", "geheim"
local COUNT = 20
local LIFE = 10 * helper.PATIENCE

-- ------------------------------------------------------------------- programs

-- Each: function(dir, port, keep) → the command that fetches new messages into the
-- Maildir `dir`/Maildir, or into files of `dir`/files.
local programs = {}
M.programs = programs

--- In the order of the table.
M.names = { "lpop3", "mpop", "getmail", "fetchmail", "fdm" }

function programs.lpop3(dir, port, keep)
  local words = { "pop3", "fetch", ("pop://%s@127.0.0.1:%d"):format(USER, port),
                  "--tls", "none", "--maildir", dir .. "/Maildir", "--state",
                  dir .. "/state", keep and "--keep" or "--delete" }
  return "POP3_PASSWORD=" .. PASSWORD .. " exec " .. proc.words(words)
end

function programs.mpop(dir, port, keep)
  proc.write(dir .. "/conf", ([[
account a
host 127.0.0.1
port %d
user %s
password %s
tls off
auth user
timeout %d
keep %s
received_header off
delivery maildir %s/Maildir
uidls_file %s/uidls
]]):format(port, USER, PASSWORD, helper.PATIENCE, keep and "on" or "off", dir, dir))
  proc.check(("chmod 600 %s/conf"):format(dir))
  return ("exec mpop -q -C %s/conf a"):format(dir)
end

-- A program that puts each message into a new file.
local function write_mda(dir)
  proc.check(("mkdir -p %s/files"):format(dir))
  proc.write(dir .. "/mda", ('cat >"$(mktemp -p %s/files mXXXXXX)"\n'):format(dir))
end

function programs.getmail(dir, port, keep)
  proc.check(("mkdir -p %s/getmail"):format(dir))
  write_mda(dir)
  proc.write(dir .. "/conf", ([[
[retriever]
type = SimplePOP3Retriever
server = 127.0.0.1
port = %d
username = %s
password = %s
timeout = %d
[destination]
type = MDA_external
path = /bin/sh
arguments = ("%s/mda",)
allow_root_commands = true
[options]
delete = %s
read_all = false
verbose = 0
]]):format(port, USER, PASSWORD, helper.PATIENCE, dir, keep and "false" or "true"))
  return "exec " .. proc.words { "getmail", "-g", dir .. "/getmail", "-r",
                                 dir .. "/conf" }
end

function programs.fetchmail(dir, port, keep)
  write_mda(dir)
  proc.write(dir .. "/conf", ([[
set no syslog
set invisible
set no bouncemail
set no spambounce
set idfile %s/ids
poll 127.0.0.1 protocol POP3 port %d auth password timeout %d uidl bad-header accept
  username "%s" password "%s" sslproto ""
  no rewrite no stripcr pass8bits no mimedecode %s
  mda "sh %s/mda"
]]):format(dir, port, helper.PATIENCE, USER, PASSWORD, keep and "keep" or "no keep", dir))
  proc.check(("chmod 600 %s/conf"):format(dir))
  return ("FETCHMAILHOME=%s exec fetchmail -s -f %s/conf --nodetach --pidfile %s/pid")
         :format(dir, dir, dir)
end

function programs.fdm(dir, port, keep)
  proc.write(dir .. "/conf", ([[
set lock-file "%s/lock"
set timeout %d
account "a" user "root" pop3 server "127.0.0.1" port %d user "%s" pass "%s"
  new-only cache "%s/cache"%s
action "m" maildir "%s/Maildir"
match all action "m"
]]):format(dir, helper.PATIENCE, port, USER, PASSWORD, dir, keep and " keep" or "", dir))
  proc.check(("chmod 600 %s/conf"):format(dir))
  -- it fetches as another user when root starts it
  if proc.is_root() then proc.check(("chown -R debianfdm %s"):format(dir)) end
  return ("HOME=%s exec fdm -q -f %s/conf fetch"):format(dir, dir)
end

-- ----------------------------------------------------------------------- runs

local Place = {}
Place.__index = Place
Place.__close = function(place) proc.rmdir(place.dir) end

--- A directory for one program and its state, in `root` if it is given.
function M.place(name, root)
  local dir = proc.tmpdir(root)
  proc.check(("mkdir -m 700 %s/Maildir %s/Maildir/tmp %s/Maildir/new %s/Maildir/cur")
             :format(dir, dir, dir, dir))
  return setmetatable({ dir = dir, name = name }, Place)
end

-- Run the program to its end; its exit status.
function Place:run(port, keep)
  local command = programs[self.name](self.dir, port, keep ~= false)
  proc.write(self.dir .. "/run", command .. "\n")
  local ok, out = proc.run(("timeout -s KILL %d sh %s/run >%s/log 2>&1; echo $?")
                           :format(LIFE, self.dir, self.dir))
  assert(ok)
  return tonumber(out)
end

-- Start the program; its process.
function Place:start(port)
  local command = programs[self.name](self.dir, port, true)
  proc.write(self.dir .. "/run", command .. "\n")
  return proc.start(("sh %s/run"):format(self.dir), self.dir .. "/log")
end

-- The subjects of the fetched messages, in no order.
function Place:subjects()
  local list = {}
  for _, sub in ipairs { "/Maildir/new", "/Maildir/cur", "/files" } do
    for _, name in ipairs(core.readdir(self.dir .. sub) or {}) do
      local text = proc.read(self.dir .. sub .. "/" .. name)
      list[#list + 1] = text:match "Subject: ([^\r\n]*)"
    end
  end
  return list
end

-- How many messages it has more than once.
function Place:extra()
  local seen, extra = {}, 0
  for _, subject in ipairs(self:subjects()) do
    if seen[subject] then extra = extra + 1 end
    seen[subject] = true
  end
  return extra
end

-- How many different messages it has.
function Place:different()
  local seen, count = {}, 0
  for _, subject in ipairs(self:subjects()) do
    if not seen[subject] then count = count + 1 end
    seen[subject] = true
  end
  return count
end

local function mail_of(word)
  local mail = {}
  for i = 1, COUNT do
    mail[i] = ("From: a@example\r\nSubject: %s %02d\r\n\r\nbody\r\n"):format(word, i)
  end
  return mail
end

local function ids_of(format)
  local ids = {}
  for i = 1, COUNT do ids[i] = format:format(i) end
  return ids
end

-- A server with 20 messages; `change(server)` before it is started.
local function serve(change, opts)
  local all = { users = { [USER] = { password = PASSWORD,
    mail = mail_of(opts and opts.word or "old"),
    uidl = opts and opts.uidl or ids_of "id%02d" } } }
  for name, value in pairs(opts or {}) do
    if name ~= "word" and name ~= "uidl" then all[name] = value end
  end
  local server = pop3.server.new(all)
  if change then change(server) end
  return server:fork()
end

-- The first time that message 11 is fetched; fetchmail fetches by TOP what it keeps.
local function fault(server, effects)
  for _, verb in ipairs { "RETR", "TOP" } do
    local f = { verb = verb, nth = 11, times = 1 }
    for name, value in pairs(effects) do f[name] = value end
    server:fault(f)
  end
end

-- Wait until the server has released the maildrop of a client that was killed.
local function wait_for_lock(run)
  assert(helper.await(function()
    local s = pop3.connect { host = "127.0.0.1", port = run.port, tls = "none",
                             user = USER, password = PASSWORD }
    return s and s:quit()
  end))
end

-- ----------------------------------------------------------------- situations

-- { row, function(place) → cell }. The cell is the number of extra copies unless
-- it says something else.
M.situations = {
  { "killed (`kill -9`) after 10 of 20, run again", function(place)
      local run <close> = serve(function(server)
        fault(server, { stall = true })
      end)
      local process = place:start(run.port)
      assert(helper.await(function()
        local tmp = core.readdir(place.dir .. "/Maildir/tmp")
        return #place:subjects() + #tmp >= 10
      end), process:log())
      os.execute("pkill -KILL -P " .. process.pid)
      process:wait()
      wait_for_lock(run)
      place:run(run.port)
      if place:different() < COUNT then return "**never runs again**" end
      return tostring(place:extra())
    end },
  { "link lost in message 11 of 20, run again", function(place)
      local run <close> = serve(function(server)
        fault(server, { cut = { bytes = 40, how = "rst" } })
      end)
      place:run(run.port)
      place:run(run.port)
      return tostring(place:extra())
    end },
  { "one session shows an empty maildrop, run again", function(place)
      local run <close> = serve(function(server)
        local function empty(verb, reply)
          server.on[verb] = function(session, n, m)
            if session.id == 2 then return reply(session) end
            return server.default[verb](session, n, m)
          end
        end
        empty("STAT", function(session) return session:ok "0 0" end)
        empty("LIST", function(session) return session:multi("", {}) end)
        empty("UIDL", function(session) return session:multi("", {}) end)
      end)
      for _ = 1, 3 do place:run(run.port) end
      return tostring(place:extra())
    end },
  { "every second line of UIDL is missing", function(place)
      local run <close> = serve(function(server)
        function server.on.UIDL(session, n)
          local reply = server.default.UIDL(session, n)
          if n then return reply end
          reply.body = {}
          for i = 1, COUNT, 2 do
            reply.body[#reply.body + 1] = i .. " id" .. i
          end
          return reply
        end
      end)
      place:run(run.port)
      place:run(run.port)
      return ("%d fetched"):format(place:different())
    end },
  { "all messages have one unique-id", function(place)
      local run <close> = serve(nil, { uidl = ids_of "same" })
      place:run(run.port)
      place:run(run.port)
      return ("%d fetched"):format(place:different())
    end },
  { "other messages under known unique-ids, deleted after fetching",
    function(place)
      local port
      do
        local run <close> = serve()
        port = run.port
        place:run(port)
      end
      local run <close> = serve(nil, { word = "new", port = port })
      place:run(port, false)
      local fetched = place:different() - COUNT
      local lost = COUNT - #run:mailbox(USER) - fetched
      if lost > 0 then return "**deleted unread**" end
      return fetched == COUNT and "all fetched" or ("%d fetched"):format(fetched)
    end },
  { "two runs at once, the server has no lock", function(place)
      local run <close> = serve(function(server)
        -- the first session waits in its first fetch until the second run ended
        for _, verb in ipairs { "RETR", "TOP" } do
          server.on[verb] = function(session, n, lines)
            while session.id == 1 and server:count "NOOP" == 0 do
              session:sleep(0.01)
            end
            return server.default[verb](session, n, lines)
          end
        end
      end, { preset = "courier" })
      local first = place:start(run.port)
      assert(helper.await(function()
        return run:count "RETR" + run:count "TOP" > 0
      end))
      place:run(run.port)
      local s = assert(pop3.connect { host = "127.0.0.1", port = run.port,
        tls = "none", user = USER, password = PASSWORD })
      s:noop()
      s:quit()
      first:wait()
      return tostring(place:extra())
    end },
  { "no UIDL, mail is kept", function(place)
      local run <close> = serve(function(server)
        server.on.UIDL = function(session) return session:err "unknown command" end
      end)
      local status = place:run(run.port)
      if status > 128 then return "**crash**" end
      place:run(run.port)
      local got = place:different()
      if got == 0 then return "refused" end
      return ("%d fetched, %d extra"):format(got, place:extra())
    end },
}

--- Make a cell of the table.
function M.cell(situation, name)
  local place <close> = M.place(name)
  return situation[2](place)
end

return M
