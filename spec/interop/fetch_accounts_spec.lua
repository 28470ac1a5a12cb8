-- Many accounts in one `pop3 fetch`: 1,000 (60 in a sampled run) with 50 at a time, in
-- few descriptors. An account that hangs, one that is refused and one whose disk is
-- full do not affect the others.

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"
local proc = require "spec.interop.proc"
local socket = require "socket"

local COUNT = helper.all and 1000 or 60
local JOBS = 50
local DESCRIPTORS = 350  -- for 50 accounts with a session, a state and a delivery each

local function mail(i)
  return { ("Subject: first of %d\r\n\r\nx\r\n"):format(i),
           ("Subject: second of %d\r\n\r\n%s\r\n"):format(i, ("y"):rep(5000)) }
end

-- A full file system of 64 KiB; nil where none can be made.
local function full_disk(dir)
  local path = dir .. "/full"
  if not proc.run(("mkdir '%s' && mount -t tmpfs -o size=64k none '%s'")
                  :format(path, path)) then
    return nil
  end
  proc.run(("head -c 1000000 /dev/zero >'%s/fill'"):format(path))
  return path, setmetatable({}, { __close = function()
    proc.run(("umount '%s'"):format(path))
  end })
end

describe("pop3 fetch with " .. COUNT .. " accounts", function()
  it("fetches all, and isolates the three that cannot be", function()
    local users = {}
    for i = 1, COUNT do users["u" .. i] = { password = "p", mail = mail(i) } end
    local run <close> = pop3.server.new { users = users }:fork()
    local silent <close> = setmetatable({ socket = socket.bind("127.0.0.1", 0) },
      { __close = function(s) s.socket:close() end })
    local _, hang_port = silent.socket:getsockname()
    proc.in_tmpdir(function(dir)
      local full, guard = full_disk(dir)
      local _ <close> = guard
      proc.write(dir .. "/p", "p\n")
      proc.write(dir .. "/q", "q\n")
      proc.check(("mkdir '%s/m'; chmod 600 '%s/p' '%s/q'"):format(dir, dir, dir))
      proc.write(dir .. "/fetch.lua", ([[
        local dir, full = %q, %q
        defaults = { host = "127.0.0.1", port = %d, tls = "none",
                     password_file = dir .. "/p", timeout = %d }
        accounts = {
          hangs = { user = "x", port = %d, maildir = dir .. "/hangs",
                    deadline = 1 },
          refused = { user = "u1", password_file = dir .. "/q",
                      maildir = dir .. "/refused" },
        }
        if full ~= "" then
          accounts.full = { user = "u2", maildir = full .. "/M" }
        end
        for i = 3, %d do
          accounts["a" .. i] = { user = "u" .. i, maildir = dir .. "/m/" .. i }
        end]]):format(dir, full or "", run.port, helper.PATIENCE, hang_port,
                      COUNT))
      local function fetch()
        return proc.run(("ulimit -n %d; XDG_STATE_HOME='%s/state' lua5.4 "
          .. "lua/bin/pop3 fetch -c '%s/fetch.lua' --jobs %d --metrics '%s/m.prom'"
          .. "; echo \"status $?\""):format(DESCRIPTORS, dir, dir, JOBS, dir))
      end
      for turn = 1, 2 do
        local _, out = fetch()
        assert.match("fetch: refused: PASS: ", out)
        assert.match("fetch: hangs: the deadline of 1 seconds has passed", out)
        if full then
          assert.match("fetch: full: [^\n]*No space left on device", out)
        end
        assert.match("\nstatus 3\n$", out)
        assert.equal(full and 4 or 3, select(2, out:gsub("\n", "")), out)
        -- the second run fetches nothing again
        for i = 3, COUNT do
          assert.equal(2, #core.readdir(("%s/m/%d/new"):format(dir, i)))
        end
        local ok = 0
        for _ in proc.read(dir .. "/m.prom"):gmatch "fetch_status{[^}]*} 0\n" do
          ok = ok + 1
        end
        assert.equal(COUNT - 2, ok)
        assert.is_true(turn == 2 or run:count "RETR" >= 2 * (COUNT - 2))
      end
    end)
  end)
end)
