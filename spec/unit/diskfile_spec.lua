-- Files for durable storage (csrc/bind/os/ldiskfile.c).

local core = require "pop3.core"
local helper = require "spec.helper"
local tempdir = require "spec.support.tempdir"

describe("a disk file", function()
  local dir

  before_each(function() dir = tempdir() end)
  after_each(function() getmetatable(dir).__close(dir) end)

  local function path(name) return dir.path .. "/" .. (name or "file") end

  local function fails(errno, value, message, code, name, ...)
    assert.is_nil(value)
    assert.is_string(message)
    assert.equal("io", code)
    assert.equal(errno, name)
    assert.equal(0, select("#", ...))
    return message
  end

  -- Bring an engine to the transaction state.
  local function logged_in(client)
    client:feed "+OK ready\r\n"
    assert.equal("reply", client:next())
    assert(client:ask "USER mrose")
    assert(client:ask "PASS secret")
    client:feed "+OK\r\n+OK\r\n"
    assert.equal("reply", client:next())
    assert.equal("reply", client:next())
  end

  it("is opened as the letters say", function()
    local file = assert(core.open(path(), "wx"))
    assert.equal(384, core.lstat(path()).mode)
    assert(file:write "one")
    assert(file:flush())
    assert.equal("one", dir:read "file")
    assert.matches(path(), fails("EEXIST", core.open(path(), "wx")), 1, true)
    fails("ENOENT", core.open(path "other", "r"))
    assert(assert(core.open(path(), "a")):write " two") -- lost: not flushed
    local more <close> = assert(core.open(path(), "ac"))
    assert(more:write " three")
    assert(more:flush())
    assert.equal("one three", dir:read "file")
    local again <close> = assert(core.open(path(), "rwt"))
    assert.equal(0, again:size())
    assert(core.open(path "mode", "wc", 416))
    assert.equal(416, core.lstat(path "mode").mode)
  end)

  it("is not opened through a symbolic link with n", function()
    dir:write("file", "x")
    os.execute(("ln -s file %s"):format(path "link"))
    assert(core.open(path "link", "r"))
    fails("ELOOP", core.open(path "link", "rn"))
  end)

  it("is not inherited by programs", function()
    local file <close> = assert(core.open(path(), "wc"))
    assert(file:write "x")
    local pipe = io.popen "ls -l /proc/self/fd"
    local list = pipe:read "a"
    pipe:close()
    assert.is_nil(list:find(path(), 1, true))
  end)

  it("gathers octets and writes them before a read or a sync", function()
    local file <close> = assert(core.open(path(), "rwc"))
    assert(file:write "ab")
    assert.equal("", dir:read "file")
    assert.equal(2, file:size())
    assert.equal("ab", dir:read "file")
    assert(file:write "cd")
    assert.equal("bc", file:pread(1, 2))
    assert.equal("d", file:pread(3, 10))
    assert.equal("", file:pread(4, 10))
    for _, how in ipairs { "file", "data", "system" } do
      assert(file:write(how))
      assert(file:sync(how))
      assert.equal(how, dir:read "file":sub(-#how))
    end
    assert(file:sync())
    local big = ("0123456789abcdef"):rep(20000)
    assert(file:truncate(0))
    for _ = 1, 3 do assert(file:write(big)) end
    assert.is_true(core.lstat(path()).size >= 2 * #big)
    assert.equal(3 * #big, file:size())
    assert.equal(big:sub(-100) .. big:sub(1, 100), file:pread(#big - 100, 200))
    assert.equal(18 + 3 * #big, file:octets())
  end)

  it("converts and hashes written octets", function()
    local text = "Subject: x\r\nFrom: y\r\n\r\nFrom z\r\n.\r\n"
    local header = core.sha256 "Subject: x\nFrom: y\n"
    local forms = {
      octets = text,
      lf = text:gsub("\r\n", "\n"),
      mbox = text:gsub("\r\n", "\n"):gsub("\nFrom z", "\n>From z"),
      dot = text:gsub("\n%.", "\n..") .. ".\r\n",
    }
    for form, want in pairs(forms) do
      for cut = 0, #text do
        local file <close> = core.spool(dir.path)
        assert(file:write "before\n")
        file:form(form)
        file:hash(true, true)
        assert(file:write(text:sub(1, cut)))
        assert(file:write(text:sub(cut + 1)))
        local h, w = file:digests()
        assert.equal(header, h)
        assert.equal(core.sha256(text), w)
        assert(file:finish())
        assert(file:write "From after\r\n")
        assert.equal("before\n" .. want .. "From after\r\n",
                     file:pread(0, 1000))
        assert.equal(#text + 7 + 12, file:octets())
      end
    end
    local file <close> = core.spool(dir.path)
    file:hash(true)
    assert(file:write "A: b\n\nbody")
    assert.same({ core.sha256 "A: b\n" }, { file:digests() })
    assert.equal(core.sha256 "A: b\n", core.header_digest "A: b\n\nbody")
    file:hash(false, true)
    assert.same({ nil, core.sha256 "" }, { file:digests() })
  end)

  it("has the digest of a header, with or without an empty line", function()
    for text, want in pairs {
      [""] = "", ["\r\n"] = "", ["\n"] = "", ["\r"] = "", ["A: b"] = "A: b",
      ["A: b\r\n"] = "A: b\n", ["A: b\r\n\r\n"] = "A: b\n",
      ["A: b\r\n\r\nC: d\r\n"] = "A: b\n", ["A: b\r\n\rC"] = "A: b\n",
      ["A: b\n\nC"] = "A: b\n", ["A\r\r\n\r\nx"] = "A\n",
    } do
      assert.equal(core.sha256(want), core.header_digest(text), text)
      for cut = 0, #text do
        local file <close> = core.spool(dir.path)
        file:hash(true)
        assert(file:write(text:sub(1, cut)))
        assert(file:write(text:sub(cut + 1)))
        assert.equal(core.sha256(want), file:digests())
      end
    end
  end)

  it("takes the body of RETR in C, exactly", function()
    local body = "A: b\r\n\r\n" .. ("line\r\n.dot\r\nFrom x\r\n"):rep(5000)
    for form, change in pairs {
      octets = function(s) return s end,
      lf = function(s) return s:gsub("\r\n", "\n") end,
    } do
      local client <close> = core.client()
      logged_in(client)
      assert(client:ask("RETR 1", false, true))
      local file <close> = assert(core.open(path(), "rwct"))
      file:form(form)
      file:hash(true, true)
      local wire, at = helper.multi("", body), 1
      local what, octets
      while not what do
        client:feed(wire:sub(at, at + 4999))
        at = at + 5000
        what, octets = client:next(file)
      end
      assert.equal("end", what)
      assert.equal(#body, octets)
      assert(file:finish())
      assert(file:flush())
      assert.equal(change(body), dir:read "file")
      local h, w = file:digests()
      assert.equal(core.header_digest(body), h)
      assert.equal(core.sha256(body), w)
    end
  end)

  it("stays in memory while a spool is small", function()
    local spool <close> = core.spool(dir.path, 100)
    local before = helper.descriptors()
    assert(spool:write(("x"):rep(100)))
    assert.equal(("x"):rep(100), spool:pread(0, 1000))
    assert.equal(100, spool:size())
    assert.equal(before, helper.descriptors())
    assert(spool:write(("y"):rep(70000)))
    assert.equal(before + 1, helper.descriptors())
    assert.same({}, dir:names())
    assert.equal(70100, spool:size())
    assert.equal("xy", spool:pread(99, 2))
    spool:close()
    assert.equal(before, helper.descriptors())
    assert.error_matches(function() spool:write "x" end, "file is closed")
  end)

  it("appends another file", function()
    for _, n in ipairs { 0, 10, 200, 70000, 200000 } do
      local spool <close> = core.spool(dir.path, 100)
      local text = ("0123456789"):rep(n // 10)
      assert(spool:write(text))
      local file <close> = assert(core.open(path(), "wct"))
      assert(file:write "begin ")
      assert(file:copy(spool))
      assert(file:write " end")
      assert(file:flush())
      assert.equal("begin " .. text .. " end", dir:read "file")
    end
  end)

  it("reports the failure, and fails from then on", function()
    local full <close> = assert(core.open("/dev/full", "w"))
    assert(full:write "x")
    assert.equal("/dev/full: No space left on device",
                 fails("ENOSPC", full:flush()))
    fails("ENOSPC", full:write "more")
    fails("ENOSPC", full:sync())
    fails("ENOSPC", full:finish())
    local spool <close> = core.spool(path "missing", 0)
    assert(spool:write(("x"):rep(10)))
    fails("ENOENT", spool:flush())
    fails("ENOENT", spool:pread(0, 1))
    fails("ENOENT", spool:size())
    local file <close> = assert(core.open(path(), "wc"))
    fails("ENOENT", file:copy(spool))
    fails("EBADF", assert(core.open(path(), "w")):pread(0, 1))
    fails("EINVAL", core.open("a\0b", "r"))
  end)

  it("tells the client's engine why it refuses", function()
    local client <close> = core.client()
    logged_in(client)
    assert(client:ask("RETR 1", false, true))
    client:feed("+OK\r\n" .. ("x"):rep(100000) .. "\r\n.\r\n")
    local full <close> = assert(core.open("/dev/full", "w"))
    assert.same({ "refused", "No space left on device", "ENOSPC" },
                { client:next(full) })
  end)

  it("can be cut and written again after a failure", function()
    local out = helper.run([[
      local core = require "pop3.core"
      local file = assert(core.open("]] .. path() .. [[", "rwc"))
      assert(file:write(("x"):rep(1000)))
      assert(file:sync())
      print(select(4, file:write(("y"):rep(100000))))
      print(select(4, file:flush()))
      print(file:truncate(1000))
      assert(file:write "end")
      assert(file:flush())
      print(file:size(), file:pread(998, 10))
    ]], "ulimit -f 64; trap '' XFSZ;")
    assert.equal("EFBIG\nEFBIG\ntrue\n1003\txxend\n", out)
  end)

  it("excludes others by a lock, in this process and outside", function()
    local a <close> = assert(core.open(path(), "rwc"))
    local b <close> = assert(core.open(path(), "rwc"))
    assert.is_true(a:lock())
    assert.is_false(b:lock())
    assert.is_false(b:lock(true))
    local program = ([[
      local core = require "pop3.core"
      local file = assert(core.open("%s", "rwc"))
      io.write(tostring(file:lock()), " ", tostring(file:lock(true)))
    ]]):format(path())
    assert.equal("false false", helper.run(program))
    assert(a:unlock())
    assert.equal("true true", helper.run(program))
    assert.is_true(a:lock(true))
    assert.is_true(b:lock(true))
    assert.equal("false true", helper.run(program))
    a:close()
    b:close()
    assert.equal("true true", helper.run(program))
  end)

  it("is refused a lock that another program has by fcntl", function()
    if os.getenv "LPOP3_SYSTEM" == "posix" then
      return pending "SKIPPED: flock and fcntl exclude each other on the BSDs only"
    end
    dir:write("file", "")
    local python = io.popen(([[python3 -c '
import fcntl, sys
f = open("%s", "r+")
fcntl.lockf(f, fcntl.LOCK_EX)
print("locked", flush=True)
import os
open("%s", "r").read()
']]):format(path(), path "fifo"), "r")
    os.execute("mkfifo " .. path "fifo")
    -- the other side opens the FIFO after it has the lock, and waits there
    assert.equal("locked", python:read "l")
    local file <close> = assert(core.open(path(), "rw"))
    assert.is_false(file:lock())
    local fifo = assert(io.open(path "fifo", "w"))
    fifo:close()
    python:close()
    assert.is_true(file:lock())
  end)

  it("has an identity", function()
    local a <close> = assert(core.open(path(), "rwc"))
    local device, inode = a:identity()
    local st = core.lstat(path())
    assert.same({ st.device, st.inode }, { device, inode })
    assert(core.rename(path(), path "other"))
    assert.equal(inode, core.lstat(path "other").inode)
  end)

  it("gives a spool a name, all of it at once", function()
    local spool <close> = core.spool(dir.path, 0)
    assert(spool:write "whole")
    local ok, message, _, errno = spool:link(path())
    if errno == "ENOENT" or errno == "EOPNOTSUPP" then
      pending(message)
      return
    end
    assert.is_true(ok)
    assert.equal("whole", dir:read "file")
    assert.is_false(spool:link(path()))
    fails("ENOENT", spool:link(path "missing/file"))
  end)

  it("refuses misuse", function()
    local file = assert(core.open(path(), "wc"))
    for _, f in ipairs {
      function() core.open(path(), "q") end,
      function() core.open(path(), "c") end,
      function() core.open(path(), "w", -1) end,
      function() core.spool(path(), -1) end,
      function() file:truncate(-1) end,
      function() file:pread(-1, 1) end,
      function() file:sync "all" end,
      function() file:form "html" end,
      function() file:copy(file) end,
    } do
      assert.error_matches(f, "bad argument")
    end
    file:close()
    file:close()
    for name in pairs(getmetatable(file).__index) do
      if name ~= "close" then
        assert.error_matches(function() file[name](file, "data") end,
                             "file is closed")
      end
    end
    assert.equal("pop3.diskfile (closed)", tostring(file))
  end)
end)
