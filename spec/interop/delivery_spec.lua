-- Deliveries into places that other programs use: a Maildir and an mbox that
-- Dovecot reads (during the delivery, too), Dovecot's LMTP, procmail and maildrop.

local core = require "pop3.core"
local helper = require "spec.helper"
local peers = require "spec.interop.peers"
local pop3 = require "pop3"
local proc = require "spec.interop.proc"

local USER = peers.USER

local CONF = [[
base_dir = $dir/run
state_dir = $dir/state
log_path = /dev/stderr
protocols = pop3 lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = $location
mbox_write_locks = dotlock fcntl
mail_privileged_group = mail
first_valid_uid = 1
mail_fsync = never
pop3_lock_session = no
auth_failure_delay = 0
mail_max_userip_connections = 0
service pop3-login {
  inet_listener pop3 {
    port = $port
  }
  inet_listener pop3s {
    port = 0
  }
}
service lmtp {
  unix_listener $dir/lmtp {
    mode = 0666
  }
}
protocol lmtp {
  postmaster_address = postmaster@example.org
}
passdb {
  driver = static
  args = password=$password
}
userdb {
  driver = static
  args = uid=$uid gid=$gid home=$dir/home/%n allow_all_users=yes
}
]]

-- Dovecot with a mail location; its directory is there before it starts.
local function dovecot(location, set_up)
  local dir = proc.tmpdir()
  proc.check(("mkdir %s/run %s/home %s/mail"):format(dir, dir, dir))
  set_up(dir .. "/mail")
  proc.check(("chown -R mail:mail %s/mail %s/home"):format(dir, dir))
  local values = {
    dir = dir, port = proc.free_port(), password = peers.PASSWORD,
    location = location:gsub("%$dir", dir),
    uid = proc.check "id -u mail":match "%d+",
    gid = proc.check "id -g mail":match "%d+",
  }
  proc.write(dir .. "/dovecot.conf", (CONF:gsub("%$(%l+)", values)))
  return peers.serve("/usr/sbin/dovecot -F -c " .. dir .. "/dovecot.conf",
                     values.port, dir)
end

local function session(server)
  return assert(pop3.connect {
    host = "127.0.0.1", port = server.port, tls = "none", user = USER,
    password = peers.PASSWORD, mechs = { "USER" }, timeout = helper.PATIENCE,
  })
end

-- All messages that Dovecot shows: octets → how many. They are deleted if
-- `delete` is set.
local function read_all(server, seen, delete)
  local s <close> = session(server)
  local sizes = assert(s:list())
  for n in pairs(sizes) do
    local octets = assert(s:retr(n))
    seen[octets] = (seen[octets] or 0) + 1
    if delete then assert(s:dele(n)) end
  end
  assert(s:quit())
  return seen
end

local function message(i)
  return ("From: a@b.example\r\nSubject: %d\r\n\r\nFrom here\r\n>From there\r\n"
          .. ".\r\n%s\r\n"):format(i, ("x"):rep(i * 37 % 3000))
end

-- Deliver messages in a child process; a function that says whether it goes on.
local function deliver_beside(make, count)
  local pid = assert(core.fork())
  if pid == 0 then
    local ok, err = pcall(function()
      local box = make()
      for i = 1, count do assert(box:deliver(message(i))) end
    end)
    if not ok then io.stderr:write(tostring(err), "\n") end
    core.exit(ok and 0 or 1)
  end
  local status
  return function()
    status = status or core.waitpid(pid, true)
    if status then assert(status == 0, "the delivery failed") end
    return not status
  end
end

-- Every message once, and nothing else.
local function assert_all(seen, count)
  for i = 1, count do
    assert.equal(1, seen[message(i)], "message " .. i)
    seen[message(i)] = nil
  end
  assert.is_nil(next(seen))
end

describe("Dovecot", function()
  local missing = peers.no_dovecot()
                  or not proc.exists "/usr/lib/dovecot/lmtp" and "no dovecot-lmtpd"
                  or not proc.is_root() and "it must be root to deliver for others"
  if missing then return peers.skip(missing) end

  local COUNT = helper.all and 500 or 60

  describe("with a Maildir", function()
    local server, path

    before_each(function()
      server = dovecot("maildir:$dir/mail/%n", function(mail)
        path = mail .. "/" .. USER
        peers.maildir(path, {})
      end)
    end)
    after_each(function() server:stop() end)

    it("reads the delivered message, to the octet", function()
      local box = pop3.maildir(path, { mode = 420 })
      for i = 1, 20 do assert(box:deliver(message(i))) end
      box = pop3.maildir(path, { mode = 420, eol = "lf" })
      for i = 21, 40 do assert(box:deliver(message(i))) end
      assert_all(read_all(server, {}), 40)
    end)

    it("reads and moves messages while they are delivered", function()
      local is_running = deliver_beside(function()
        return pop3.maildir(path, { mode = 420 })
      end, COUNT)
      while is_running() do
        for octets, n in pairs(read_all(server, {})) do
          assert.equal(1, n, octets:sub(1, 60))
        end
      end
      assert_all(read_all(server, {}), COUNT)
    end)

    it("deletes messages while others are delivered", function()
      local seen = {}
      local is_running = deliver_beside(function()
        return pop3.maildir(path, { mode = 420 })
      end, COUNT)
      while is_running() do read_all(server, seen, true) end
      assert_all(read_all(server, seen, true), COUNT)
      assert.same({}, proc.ls(path .. "/tmp"))
    end)
  end)

  describe("with an mbox", function()
    local server, path

    before_each(function()
      server = dovecot("mbox:$dir/mail:INBOX=$dir/mail/inbox", function(mail)
        path = mail .. "/inbox"
        proc.write(path, "")
      end)
    end)
    after_each(function() server:stop() end)

    it("reads the delivered message, with the quoting of mboxrd", function()
      local box = pop3.mbox(path)
      for i = 1, 20 do assert(box:deliver(message(i))) end
      local seen = read_all(server, {})  -- Dovecot does not undo the quoting
      for i = 1, 20 do
        local quoted = message(i):gsub("\n(>*From )", "\n>%1")
        assert.equal(1, seen[quoted], i)
      end
    end)

    it("reads, deletes and rewrites while messages are delivered", function()
      local seen, all = {}, {}
      local is_running = deliver_beside(function() return pop3.mbox(path) end,
                                        COUNT)
      while is_running() do read_all(server, seen, true) end
      for octets, n in pairs(read_all(server, seen, true)) do
        all[octets:gsub("\n>(>*From )", "\n%1")] = n
      end
      assert_all(all, COUNT)
      assert.is_nil(core.stat(path .. ".lock"))
    end)

    it("adds its fields, and a mark still finds its message", function()
      local box = pop3.mbox(path)
      assert(box:deliver "Subject: first\r\n\r\n")
      local handle = { number = 1, id = "x", name = box:name() }
      local d = assert(box:begin(handle))
      assert(d:write "Subject: second\r\n\r\nbody\r\n")
      local marks = assert(box:prepare { d })
      assert(d:commit())
      assert(box:sync())
      do  -- Dovecot removes the first one and writes X-UID and Status
        local s <close> = session(server)
        assert.equal(2, (s:stat()))
        assert(s:retr(2))
        assert(s:dele(1))
        assert(s:quit())
      end
      local text = proc.read(path)
      assert.matches("\nX%-UID: ", text)
      local again = pop3.mbox(path)
      assert(again:open())
      assert.equal("delivered", again:settle { name = handle.name,
                                               called = marks[1] })
      assert.equal(text, proc.read(path))
    end)
  end)

  describe("with LMTP", function()
    local server

    before_each(function()
      server = dovecot("maildir:$dir/mail/%n", function(mail)
        peers.maildir(mail .. "/" .. USER, {})
      end)
    end)
    after_each(function() server:stop() end)

    it("takes the messages of pop3.sync, each once", function()
      local mail = {}
      for i = 1, 20 do mail[i] = message(i) end
      local source = pop3.server.new {
        users = { mrose = { password = "secret", mail = mail } },
      }
      local dir <close> = helper.directory()
      local function sync()
        return assert(pop3.sync(assert(pop3.connect {
          transport = source:loopback(), user = "mrose", password = "secret",
        }), {
          into = pop3.lmtp { path = server.dir .. "/lmtp",
                             to = { USER .. "@example.org" },
                             from = "a@b.example" },
          state = dir.path .. "/state", keep = true, account = "a",
        }))
      end
      assert.equal(20, sync().new)
      assert.equal(0, sync().new)
      local seen = {}
      for octets, n in pairs(read_all(server, {})) do
        -- Dovecot puts its fields before the message
        seen[octets:match "(From: a@b.*)$"] = n
      end
      assert_all(seen, 20)
    end)
  end)
end)

describe("a pipe", function()
  local function deliver(to, octets)
    local d = assert(to:begin { number = 1, id = "x", uid = "u" })
    assert(d:write(octets))
    return d:commit()
  end

  local function maildir(path)
    proc.check(("mkdir -p %s/cur %s/new %s/tmp"):format(path, path, path))
  end

  local function messages(path)
    local list = {}
    for i, name in ipairs(proc.ls(path .. "/new")) do
      list[i] = proc.read(path .. "/new/" .. name)
    end
    table.sort(list)
    return list
  end

  local text = "From: a@b\r\nSubject: x\r\n\r\nFrom here\r\n"
  local want = "From: a@b\nSubject: x\n\nFrom here\n"

  it("feeds procmail", function()
    local program = ".build/peers/procmail/usr/bin/procmail"
    if not proc.exists(program) then
      return peers.skip "no procmail in .build/peers"
    end
    proc.in_tmpdir(function(dir)
      maildir(dir .. "/box")
      proc.write(dir .. "/rc", ([[
DEFAULT=%s/box/
LOGFILE=%s/log
:0
* ^Subject: later
{
  EXITCODE=75
  :0
  /dev/null
}
:0
* ^Subject: never
{
  EXITCODE=77
  :0
  /dev/null
}
]]):format(dir, dir))
      local to = pop3.pipe(("exec %s %s/rc"):format(program, dir))
      assert.is_true(deliver(to, text))
      assert.same({ want }, messages(dir .. "/box"))
      local ok, _, how = deliver(to, "Subject: later\r\n\r\n")
      assert.same({ nil, nil }, { ok, how })
      ok, _, how = deliver(to, "Subject: never\r\n\r\n")
      assert.is_nil(ok)
      assert.equal("reject", how)
      assert.equal(1, #messages(dir .. "/box"))
    end)
  end)

  it("feeds maildrop", function()
    local program = ".build/peers/maildrop/usr/bin/maildrop"
    if not proc.exists(program) or not proc.run(program .. " -v") then
      return peers.skip "no maildrop in .build/peers"
    end
    proc.in_tmpdir(function(dir)
      maildir(dir .. "/box")
      proc.write(dir .. "/filter", ([[
if (/^Subject: later/)
{
  EXITCODE=75
  exit
}
if (/^Subject: never/)
{
  EXITCODE=77
  exit
}
to "%s/box"
]]):format(dir))
      proc.check("chmod 600 " .. dir .. "/filter")
      local to = pop3.pipe(("exec %s %s/filter"):format(program, dir))
      assert.is_true(deliver(to, text))
      assert.same({ want }, messages(dir .. "/box"))
      local ok, _, how = deliver(to, "Subject: later\r\n\r\n")
      assert.same({ nil, nil }, { ok, how })
      ok, _, how = deliver(to, "Subject: never\r\n\r\n")
      assert.is_nil(ok)
      assert.equal("reject", how)
    end)
  end)
end)
