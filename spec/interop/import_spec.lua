-- State files of other programs, imported: `pop3 fetch` then fetches the new messages,
-- each once.

local fetch_command = require "spec.support.fetch_command"
local peers = require "spec.interop.peers"
local pop3 = require "pop3"
local proc = require "spec.interop.proc"

local USER, PASSWORD = "mrose", "geheim"

-- Unique-ids with all that RFC 1939 section 7 allows and that a format may stumble
-- over.
local UIDS = { "plain", "odd/../2", 'sp%20"3', "a+b/c=", "with-dash", "#hash",
               "*star", "'quote", "~", "-", ("x"):rep(70) }

local fetchers = {}

-- Each fetches all mail of a server, keeps it there, and returns the path of its state.

function fetchers.mpop(run, dir)
  proc.check(("mkdir -p %s/M/cur %s/M/new %s/M/tmp"):format(dir, dir, dir))
  proc.write(dir .. "/conf", ([[
account a
host 127.0.0.1
port %d
user %s
password %s
auth user
tls off
keep on
uidls_file %s/uidls
delivery maildir %s/M
]]):format(run.port, USER, PASSWORD, dir, dir))
  proc.check(("chmod 600 %s/conf; mpop -Q -C %s/conf a"):format(dir, dir))
  return dir .. "/uidls"
end

function fetchers.getmail(run, dir)
  proc.check(("mkdir -p %s/g"):format(dir))
  proc.write(dir .. "/g/rc", ([[
[retriever]
type = SimplePOP3Retriever
server = 127.0.0.1
port = %d
username = %s
password = %s
[destination]
type = MDA_external
path = /bin/sh
arguments = ("-c", "cat >/dev/null")
allow_root_commands = true
[options]
delete = false
read_all = false
verbose = 0
]]):format(run.port, USER, PASSWORD))
  proc.check(("getmail -g %s/g -r %s/g/rc"):format(dir, dir))
  return dir .. "/g/oldmail-127.0.0.1-" .. run.port .. "-" .. USER
end

function fetchers.fetchmail(run, dir)
  proc.write(dir .. "/conf", ([[
set no syslog
set idfile %s/ids
poll 127.0.0.1 protocol POP3 port %d auth password uidl
  username "%s" password "%s" sslproto ""
  keep fetchall
  mda "cat >/dev/null"
]]):format(dir, run.port, USER, PASSWORD))
  proc.check(("chmod 600 %s/conf; FETCHMAILHOME=%s fetchmail -s -f %s/conf"
    .. " --nodetach --pidfile %s/pid"):format(dir, dir, dir, dir))
  return dir .. "/ids"
end

-- It refuses to work as root.
function fetchers.fdm(run, dir)
  proc.write(dir .. "/conf", ([[
set lock-file "%s/lock"
action "drop" drop
account "a" pop3 server "127.0.0.1" port %d user "%s" pass "%s"
  new-only cache "%s/cache" keep
match all action "drop"
]]):format(dir, run.port, USER, PASSWORD, dir))
  local before = ""
  if proc.is_root() then
    proc.check(("chown -R nobody '%s'"):format(dir))
    before = "runuser -u nobody -- "
  end
  proc.check(("chmod 600 %s/conf; %sfdm -q -f %s/conf fetch"):format(dir, before,
                                                                   dir))
  return dir .. "/cache"
end

for _, name in ipairs { "mpop", "getmail", "fetchmail", "fdm" } do
  describe("the state of " .. name, function()
    if not proc.have(name) then return peers.skip("no " .. name) end

    it("is imported: nothing is fetched twice", function()
      local mail = {}
      for i = 1, #UIDS do
        mail[i] = ("From: a@example.org\r\nDate: Mon, 30 Nov 2026 10:00:00 +0000"
          .. "\r\nMessage-ID: <%d@example.org>\r\nSubject: %d\r\n\r\nx\r\n")
          :format(i, i)
      end
      local server = pop3.server.new { users = {
        [USER] = { password = PASSWORD, mail = mail, uidl = UIDS } } }
      local run <close> = server:fork()
      proc.in_tmpdir(function(dir)
        local path = fetchers[name](run, dir)
        assert.equal(#UIDS, run:count "RETR")
        local place <close> = fetch_command.place { POP3_PASSWORD = PASSWORD }
        local url = ("pop://%s@127.0.0.1:%d"):format(USER, run.port)
        local status, out, err = place.run(url, "--tls", "none", "--import",
                                           name, path)
        assert.same({ 0, "" }, { status, err })
        assert.match((": %d messages marked as seen, 0 known"):format(#UIDS), out)
        run:deliver(USER, "Subject: new\r\n\r\n")
        for _ = 1, 2 do
          assert.same({ 0, "", "" }, { place.run(url, "--tls", "none", "--maildir",
                                                 place.dir.path .. "/M") })
          assert.equal(#UIDS + 1, run:count "RETR")
        end
        assert.equal(1, #place.new "M")
      end)
    end)
  end)
end
