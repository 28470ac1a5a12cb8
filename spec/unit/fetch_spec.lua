-- pop3 fetch as a whole, with servers over TCP.

local core = require "pop3.core"
local fetch_command = require "spec.support.fetch_command"
local helper = require "spec.helper"
local pop3 = require "pop3"

local function messages(n)
  local mail = {}
  for i = 1, n do mail[i] = ("Subject: %d\r\n\r\nbody %d\r\n"):format(i, i) end
  return mail
end

local function user(n) return { password = "geheim", mail = messages(n) } end

describe("pop3 fetch", function()
  local place, dir

  before_each(function()
    place = fetch_command.place { POP3_PASSWORD = "geheim" }
    dir = place.dir
  end)
  after_each(function() getmetatable(place).__close() end)

  local function url(run, name)
    return ("pop://%s@127.0.0.1:%d"):format(name or "ann", run.port)
  end

  -- Fetch the mail of ann by a URL.
  local function fetch(run, ...)
    return place.run(url(run), "--tls", "none", "--maildir", dir.path .. "/M",
                     ...)
  end

  it("fetches new mail once, and says nothing", function()
    local run <close> = pop3.server.new { users = { ann = user(3) } }:fork()
    assert.same({ 0, "", "" }, { fetch(run) })
    assert.equal(3, #place.new "M")
    assert.same({ 0, "", "" }, { fetch(run) })
    assert.equal(3, run:count "RETR")
    run:deliver("ann", "Subject: new\r\n\r\n")
    assert.same({ 0, ("ann@127.0.0.1:%d: 1 new\n"):format(run.port), "" },
                { fetch(run, "--check") })
    assert.same({ 0, ("ann@127.0.0.1:%d: message 4 (lpop3.4), 16 octets, would "
                      .. "be delivered\n"):format(run.port), "" },
                { fetch(run, "--dry-run") })
    assert.equal(3, #place.new "M")
    local status, out = fetch(run, "-v")
    assert.equal(0, status)
    assert.match("message 4 %(lpop3%.4%), 16 octets, delivered\n[^\n]*1 new, 0 "
                 .. "deleted\n$", out)
    assert.equal(4, #place.new "M")
    assert.same({ 0, "", "" }, { fetch(run, "--check") })
    assert.equal(0, run:count "DELE")
  end)

  it("deletes delivered messages, with the option", function()
    local run <close> = pop3.server.new { users = { ann = user(2) } }:fork()
    assert.same({ 0, "", "" }, { fetch(run, "--delete") })
    assert.same({}, run:mailbox "ann")
    assert.equal(2, #place.new "M")
  end)

  it("starts with a seed", function()
    for _, case in ipairs { { 0, "--seed" }, { 1, "--newest", "1" },
                            { 2, "--newest", "9" }, { 2, "--since", "@0" } } do
      local run <close> = pop3.server.new { users = { ann = user(2) } }:fork()
      local box = "M" .. table.concat(case, "", 2)
      local where = { url(run), "--tls", "none", "--maildir",
                      dir.path .. "/" .. box }
      place.env.XDG_STATE_HOME = dir.path .. "/" .. box .. "-state"
      for _, word in ipairs { table.unpack(case, 2) } do
        where[#where + 1] = word
      end
      assert.same({ 0, "", "" }, { place.run(table.unpack(where)) })
      where = { table.unpack(where, 1, 5) }
      assert.equal(0, (place.run(table.unpack(where))))
      assert.equal(case[1], #place.new(box), case[2])
    end
  end)

  it("tells a temporary failure from one where a person must act", function()
    local s = pop3.server.new { users = { ann = user(1), bob = user(1) } }
    function s.on.PASS(session, secret)
      if session.server.data and session.server.data.busy then return nil end
      return s.default.PASS(session, secret)
    end
    local run <close> = s:fork()
    place.env.POP3_PASSWORD = "falsch"
    local status, out, err = fetch(run)
    assert.same({ 3, "" }, { status, out })
    assert.match("^pop3: fetch: ann@127%.0%.0%.1:%d+: PASS: .*%[AUTH%][^\n]*\n$",
                 err)
    place.env.POP3_PASSWORD = false
    status, out, err = fetch(run)
    assert.same({ 3, "" }, { status, out })
    assert.match("there is no password: use password_command", err)
    local port = run.port
    run:stop()
    place.env.POP3_PASSWORD = "geheim"
    status, out, err = place.run(("pop://ann@127.0.0.1:%d"):format(port),
      "--tls", "none", "--maildir", dir.path .. "/M")
    assert.same({ 75, "" }, { status, out })
    assert.match("^pop3: fetch: ann@127%.0%.0%.1:%d+: connect: [^\n]*\n$", err)
    -- three in a row, and only the third is reported
    for i = 1, 3 do
      status, out, err = place.run(("pop://ann@127.0.0.1:%d"):format(port),
        "--tls", "none", "--maildir", dir.path .. "/M", "--quiet-for", "3")
      assert.same({ 75, "", i == 3 }, { status, out, err ~= "" })
    end
  end)

  it("ends at once when another run has the state", function()
    local run <close> = pop3.server.new { users = { ann = user(1) } }:fork()
    local state = dir.path .. "/s"
    local lock = assert(core.open(state .. ".lock", "rwc"))
    assert.is_true(lock:lock())
    lock:write "4711\n"
    lock:flush()
    local status, _, err = fetch(run, "--state", state)
    assert.equal(75, status)
    assert.match("in use by another run, process 4711\n$", err)
    -- and before it connects
    status, _, err = place.run("pop://ann@nothing.invalid", "--tls", "none",
      "--maildir", dir.path .. "/M", "--state", state)
    assert.equal(75, status)
    assert.match("in use by another run, process 4711\n$", err)
    lock:close()
    assert.equal(0, (fetch(run, "--state", state)))
  end)

  it("says that a person must act for a damaged state, and repairs it", function()
    local run <close> = pop3.server.new { users = { ann = user(3) } }:fork()
    local state = dir.path .. "/s"
    assert.equal(0, (fetch(run, "--state", state)))
    local text = dir:read "s"
    local line = text:match "\n(%x+ entry [^\n]*lpop3%.1 [^\n]*\n)"
    dir:write("s", (text:gsub(line:gsub("%W", "%%%0"), "rubbish\n", 1)))
    local status, _, err = fetch(run, "--state", state)
    assert.equal(3, status)
    assert.match("/s", err)
    local damaged = dir:read "s"
    status, _, err = fetch(run, "--state", state, "--repair")
    assert.equal(0, status)
    local copy = err:match "^pop3: fetch: [^\n]* the old file is ([^\n]+)\n$"
    local file <close> = assert(io.open(copy, "rb"))
    assert.equal(damaged, file:read "a")
    assert.same({ 0, "", "" }, { fetch(run, "--state", state) })
  end)

  it("says once that the metrics cannot be written", function()
    local run <close> = pop3.server.new { users = { ann = user(1) } }:fork()
    local status, _, err = fetch(run, "--metrics", dir.path .. "/none/m.prom")
    assert.equal(3, status)
    assert.match("^pop3: fetch: [^\n]*/none[^\n]*\n$", err)
  end)

  it("runs the token command again when the server refuses a token", function()
    local s = pop3.server.new { users = { ann = user(1) },
      mechs = { "XOAUTH2" }, authenticate = function(_, _, _, check)
        return check "fresh"
      end }
    local run <close> = s:fork()
    local log = dir.path .. "/log"
    local function try(fresh)
      return place.run(url(run), "--tls", "none", "--maildir", dir.path .. "/M",
        "--token-command", ("echo x >>'%s'; [ -n \"$LPOP3_REFUSED\" ] && echo %s "
        .. "|| echo stale"):format(log, fresh))
    end
    local status, out, err = try "fresh"
    assert.same({ 0, "", "" }, { status, out, err })
    assert.equal("x\nx\n", dir:read "log")
    assert.equal(1, #place.new "M")
    status, out, err = try "wrong"
    assert.same({ 3, "" }, { status, out })
    assert.equal("x\nx\nx\nx\n", dir:read "log")
    assert.is_nil(err:find "wrong")
    assert.is_nil(err:find "stale")
  end)

  it("fetches many accounts of a file independently", function()
    local users = { refused = user(1) }
    for i = 1, 12 do users["u" .. i] = user(2) end
    local run <close> = pop3.server.new { users = users }:fork()
    local silent = assert(require "socket".bind("127.0.0.1", 0))
    local _, port = silent:getsockname()
    local text = ([[
      defaults = { host = "127.0.0.1", port = %d, tls = "none",
                   password_command = "echo geheim" }
      accounts = { refused = { user = "refused", maildir = "~/refused",
                               password_command = "echo falsch" },
                   silent = { user = "x", port = %d, maildir = "~/silent",
                              deadline = 0.2 },
                   nowhere = { user = "nowhere", maildir = "~/none/none/none" } }
      for i = 1, 12 do
        accounts["u" .. i] = { user = "u" .. i, maildir = "~/u" .. i }
      end]]):format(run.port, port)
    local config = place.config(text)
    local status, out, err = place.run("-c", config, "--jobs", "5",
                                       "--metrics", dir.path .. "/m")
    assert.same({ 3, "" }, { status, out })
    for i = 1, 12 do assert.equal(2, #place.new("u" .. i)) end
    assert.match("fetch: refused: PASS: .*AUTH", err)
    assert.match("fetch: silent: the deadline of 0.2 seconds has passed\n", err)
    assert.match("fetch: nowhere: ", err)
    assert.equal(3, select(2, err:gsub("\n", "")))
    assert.match('lpop3_fetch_messages_total{account="u12"} 2\n', dir:read "m")
    assert.match('lpop3_fetch_status{account="silent"} 75\n', dir:read "m")
    -- some of them, by name
    run:deliver("u3", "Subject: new\r\n\r\n")
    assert.equal(0, (place.run("-c", config, "u3", "u4", "u3")))
    assert.equal(3, #place.new "u3")
    status, _, err = place.run("-c", config, "u3", "u99")
    assert.equal(2, status)
    assert.match("there is no account 'u99'", err)
    silent:close()
  end)

  it("logs JSON", function()
    local run <close> = pop3.server.new { users = { ann = user(1) } }:fork()
    local status, out, err = fetch(run, "--log", "json")
    assert.same({ 0, "" }, { status, err })
    assert.match('^{"time":%d+%.?%d*,"account":"ann@127%.0%.0%.1:%d+","event":'
      .. '"delivered","number":1,"uid":"lpop3%.1"[^\n]*}\n{"time":[^\n]*"event":'
      .. '"end","status":0,"new":1,[^\n]*}\n$', out)
  end)

  it("imports the state of another program", function()
    local run <close> = pop3.server.new { users = { ann = user(3) } }:fork()
    local path = dir:write("cache", "7 lpop3.1\n7 lpop3.3\n")
    assert.same({ 0, ("ann@127.0.0.1:%d: 2 messages marked as seen, 0 known "
                      .. "before\n"):format(run.port), "" },
                { place.run(url(run), "--tls", "none", "--import", "fdm", path) })
    assert.equal(0, (fetch(run, "--delete")))
    assert.equal(1, run:count "RETR")
    -- what another program has fetched is not deleted
    assert.equal(2, #run:mailbox "ann")
  end)

  it("refuses a command line that it does not understand", function()
    for text, words in pairs {
      ["it needs one of: into"] = { "pops://ann@h" },
      ["the URL must not have a password"] = { "pops://ann:geheim@h",
                                               "--maildir", "M" },
      ["//***@h: "] = { "pops://ann:geheim@h", "--maildir", "M" },
      ["a URL cannot be combined with"] = { "pops://ann@h", "x", "--maildir", "M" },
      ["--maildir needs a URL"] = { "--maildir", "M" },
      ["fetch.lua: No such file"] = {},
      ["unknown key 'maildr'"] = { "-c", place.config [[
        accounts = { a = { url = "pops://ann@h", maildr = "M" } }]] },
      ["can not be used together"] = { "pops://ann@h", "--keep", "--delete" },
      ["neither YYYY-MM-DD"] = { "pops://ann@h", "--since", "x" },
      ["is not a date"] = { "pops://ann@h", "--since", "2026-13-45" },
      ["'0' is not an integer"] = { "--jobs", "0" },
    } do
      local config = place.env.XDG_CONFIG_HOME
      place.env.XDG_CONFIG_HOME = "/nonexistent"
      local status, out, err = place.run(table.unpack(words))
      place.env.XDG_CONFIG_HOME = config
      assert.same({ 2, "" }, { status, out }, err)
      assert.is_truthy(err:find(text, 1, true), text .. "\n" .. err)
      assert.is_nil(err:find "geheim")
    end
  end)

  it("is a program: a daemon that a signal ends, with TLS", function()
    local s = pop3.server.new { users = { ann = user(2) }, tls = "auto" }
    local run <close> = s:fork()
    local line = ("cd '%s' && POP3_PASSWORD=geheim HOME='%s' exec lua5.4 "
      .. "\"$OLDPWD/lua/bin/pop3\" fetch 'pop://ann@localhost:%d' --maildir M "
      .. "--cafile '%s' --daemon 3600 -v 2>&1"):format(dir.path, dir.path,
      run.port, run.cafile)
    local pipe = assert(io.popen("echo $$; " .. line))
    local pid = pipe:read "l"
    local seen = {}
    repeat
      seen[#seen + 1] = assert(pipe:read "l", seen[#seen])
    until seen[#seen]:find "new,"
    assert(os.execute("kill -TERM " .. pid))
    assert.equal("", pipe:read "a")
    assert.same({ true, "exit", 0 }, { pipe:close() })
    assert.match("delivered$", seen[1])
    assert.match(": 2 new, 0 deleted$", seen[3])
    assert.equal(2, #place.new "M")
    assert.is_truthy(core.stat(dir.path .. "/.local/state/lpop3"))
  end)

  it("is interrupted by a second signal, and goes on in the next run", function()
    local s = pop3.server.new { users = { ann = user(3) },
      faults = { { verb = "RETR", nth = 2, times = 1, session = 1,
                   stall = true } } }
    local run <close> = s:fork()
    local manager = assert(require "socket.unix".dgram())
    assert(manager:bind(dir.path .. "/notify"))
    manager:settimeout(helper.PATIENCE)
    local pipe = assert(io.popen(("echo $$; cd '%s' && POP3_PASSWORD=geheim "
      .. "NOTIFY_SOCKET=$PWD/notify HOME='%s' exec lua5.4 \"$OLDPWD/lua/bin/pop3\" fetch "
      .. "'pop://ann@127.0.0.1:%d' --tls none --maildir M 2>&1"):format(dir.path,
      dir.path, run.port)))
    local pid = pipe:read "l"
    assert.is_true(run:wait_for("RETR", helper.PATIENCE, 2))
    -- the first one lets it finish, which it cannot; it tells when it has it
    assert(os.execute("kill -TERM " .. pid))
    assert.equal("STOPPING=1", manager:receive())
    assert(os.execute("kill -TERM " .. pid))
    manager:close()
    local text = pipe:read "a"
    assert.same({ nil, "exit", 75 }, { pipe:close() })
    assert.match("^pop3: fetch: ann@[^ ]*: interrupted\n$", text)
    place.env.XDG_STATE_HOME = dir.path .. "/.local/state"
    assert.same({ 0, "", "" }, { fetch(run) })
    assert.equal(3, #place.new "M")
    local subjects = {}
    for _, name in ipairs(place.new "M") do
      subjects[#subjects + 1] = dir:read("M/new/" .. name):match "Subject: (%d)"
    end
    table.sort(subjects)
    assert.same({ "1", "2", "3" }, subjects)
  end)

  it("delivers into a pipe and an mbox as well", function()
    local run <close> = pop3.server.new { users = { ann = user(2) } }:fork()
    local status, out, err = place.run(url(run), "--tls", "none", "--state",
      dir.path .. "/s1", "--pipe", ("cat >>'%s/piped'"):format(dir.path))
    assert.same({ 0, "", "" }, { status, out, err })
    assert.equal("Subject: 1\n\nbody 1\nSubject: 2\n\nbody 2\n",
                 dir:read "piped")
    status, out, err = place.run(url(run), "--tls", "none", "--state",
      dir.path .. "/s2", "--mbox", dir.path .. "/box")
    assert.same({ 0, "", "" }, { status, out, err })
    assert.equal(2, select(2, ("\n" .. dir:read "box"):gsub("\nFrom ", "")))
    status, out, err = place.run(url(run), "--tls", "none", "--state",
      dir.path .. "/s3", "--pipe", "exit 75")
    assert.same({ 75, "" }, { status, out })
    assert.match("2 messages not delivered: message 1: ", err)
  end)

  it("leaves no descriptor open", function()
    local run <close> = pop3.server.new { users = { ann = user(1) } }:fork()
    fetch(run)
    local before = helper.descriptors()
    fetch(run)
    assert.equal(before, helper.descriptors())
  end)
end)
