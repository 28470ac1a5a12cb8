-- `pop3 fleet run` and `status --watch` as processes, with PostgreSQL and our test
-- server: metrics, log, signals, the service manager, a database that does not answer.

local command = require "spec.support.command"
local core = require "pop3.core"
local dkjson = require "dkjson"
local helper = require "spec.helper"
local pop3 = require "pop3"
local postgres = require "spec.support.postgres"
local socket = require "socket"
local unix = require "socket.unix"

postgres.describe("pop3 fleet run", function(server)
  local dir, mail, url

  before_each(function()
    dir, url = helper.directory(), server():database()
    local users = {}
    for i = 1, 5 do
      users["u" .. i] = { password = "secret", mail = { "Subject: x\r\n\r\n" } }
    end
    users.bad = { password = "other" }
    mail = pop3.server.new { users = users }:fork()
    dir:write_secret("password", "secret\n")
    assert(core.mkdir(dir.path .. "/mail"))
  end)
  after_each(function()
    mail:stop()
    getmetatable(dir).__close(dir)
  end)

  local function fleet(...)
    return command.run { "fleet", ..., "--store", url }
  end

  local function does(...)
    local words = { "fleet", ... }
    table.move({ "--store", url }, 1, 2, #words + 1, words)
    local status, out, err = command.run(words)
    assert.same({ 0, "" }, { status, err })
    return out
  end

  local function add(user, ...)
    does("add", user, ("pop://%s@127.0.0.1:%d"):format(user, mail.port), "--tls",
         "none", "--password-file", dir.path .. "/password", ...)
  end

  local function init(...)
    does "init"
    for _, user in ipairs { ... } do add(user) end
  end

  local function words(...)
    return { "fleet", "run", "--store", url, "--maildir", dir.path .. "/mail/{name}",
             ... }
  end

  -- Ask for a path over HTTP: the whole answer.
  local function get(port, request)
    local sock = assert(socket.connect("127.0.0.1", port))
    sock:settimeout(helper.PATIENCE)
    assert(sock:send(request))
    local text = sock:receive "*a"
    sock:close()
    return text
  end

  local function state_of(name)
    local found = dkjson.decode(does("status", "--json", name))
    return found.list[1]
  end

  -- The lines of a process up to one that matches: that one, or nil at the end.
  local function line_of(process, pattern)
    for line in function() return process.pipe:read "l" end do
      if line:find(pattern) then return line end
    end
  end

  it("writes metrics, which count its work", function()
    init("u1", "u2", "bad")
    local path = dir.path .. "/metrics"
    local status, out, err = command.run(words("--until-idle", "--metrics", path))
    assert.same({ 3, "" }, { status, err }, out)
    local text, families = dir:read "metrics", {}
    for _, line in ipairs {
      'lpop3_fleet_runs_total{result="ok"} 2', 'lpop3_fleet_runs_total{result="parked"} 1',
      "lpop3_fleet_messages_total 2", "lpop3_fleet_octets_total 28",
      "lpop3_fleet_claimed_total 3", "lpop3_fleet_run_seconds_count 3",
      'lpop3_fleet_run_seconds_bucket{le="+Inf"} 3', "lpop3_fleet_database_up 1",
      "lpop3_fleet_sessions 0", "lpop3_fleet_sessions_max 100",
    } do
      assert.is_truthy(("\n" .. text):find("\n" .. line .. "\n", 1, true),
                       line .. "\n" .. text)
    end
    for line in text:gmatch "[^\n]+" do
      local family, kind = line:match "^# TYPE ([%w_]+) (%l+)$"
      if family then families[family] = kind end
      local sample = line:match "^([%w_]+)"
      local base = sample and sample:gsub("_bucket$", ""):gsub("_sum$", "")
                                    :gsub("_count$", "")
      assert.is_truthy(line:find "^# HELP" or families[sample] or families[base]
                       or family, line)
    end
    assert.equal("\n", text:sub(-1))
    local found = core.readdir(dir.path)
    table.sort(found)
    assert.same({ "mail", "metrics", "password" }, found)
  end)

  it("refuses a file of metrics that cannot be written, before it begins", function()
    init "u1"
    local status, out, err = command.run(words("--until-idle", "--metrics",
                                               dir.path .. "/no/metrics"))
    assert.same({ 3, "" }, { status, out })
    assert.match("^pop3: fleet: %-%-metrics: .*/no/metrics", err)
    assert.equal("due", state_of "u1".state)
  end)

  it("serves metrics over HTTP, and nothing else", function()
    init("u1", "u2")
    local worker <close> = command.start(words("--listen", "0"))
    local port = worker.line:match "^metrics: http://127%.0%.0%.1:(%d+)/metrics$"
    assert.is_truthy(port, worker.line)
    assert(line_of(worker, "^u%d: 1 new"))
    assert(line_of(worker, "^u%d: 1 new"))
    local head, body = get(port, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
                       :match "^(.-)\r\n\r\n(.*)$"
    assert.match("^HTTP/1%.1 200 OK\r\n", head)
    assert.equal(#body, tonumber(head:match "Content%-Length: (%d+)"))
    assert.is_truthy(head:find("text/plain; version=0.0.4", 1, true))
    assert.is_truthy(body:find('\nlpop3_fleet_runs_total{result="ok"} 2\n', 1, true))
    assert.is_truthy(helper.await(function()
      return get(port, "GET /metrics?x=y HTTP/1.0\n\n")
             :find("\nlpop3_fleet_accounts 2\n", 1, true)
    end))
    local only_head = get(port, "HEAD /metrics HTTP/1.1\r\n\r\n")
    assert.match("^HTTP/1%.1 200 OK\r\n.*\r\n\r\n$", only_head)
    for request, status in pairs {
      ["GET / HTTP/1.1\r\n\r\n"] = 404, ["POST /metrics HTTP/1.1\r\n\r\n"] = 405,
      ["GET /metrics\r\n\r\n"] = 400, ["\0\255\r\n\r\n"] = 400,
      ["GET /metrics/.. HTTP/1.1\r\n\r\n"] = 404,
      ["GET /" .. ("x"):rep(9000)] = 431,
    } do
      assert.equal(status, tonumber(get(port, request):match "^HTTP/1.1 (%d+) "),
                   request)
    end
    -- one that says nothing does not keep the others, or the end, waiting
    local _ <close> = setmetatable({ assert(socket.connect("127.0.0.1", port)) },
      { __close = function(self) self[1]:close() end })
    for i = 1, 60 do
      assert.match("^HTTP/1%.1 404 ", get(port, "GET /" .. i .. " HTTP/1.1\r\n\r\n"))
    end
    worker:signal "TERM"
    assert.same({ "exit", 0 }, { (worker:wait()), worker.status })
    -- the port is free again, and one that is taken is refused
    local taken <close> = command.start(words("--listen", port))
    assert.is_truthy(taken.line:find(":" .. port .. "/metrics", 1, true), taken.line)
    local status, _, err = command.run(words("--listen", port))
    assert.equal(3, status)
    assert.match("^pop3: fleet: %-%-listen [%d.]+:" .. port .. ": .*in use", err)
  end)

  it("serves a request at every split of its octets", function()
    init()
    local worker <close> = command.start(words("--listen", "127.0.0.1:0"))
    local port = worker.line:match ":(%d+)/"
    local request = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    for at = 1, #request - 1 do
      local sock = assert(socket.connect("127.0.0.1", port))
      sock:settimeout(helper.PATIENCE)
      sock:setoption("tcp-nodelay", true)
      assert(sock:send(request:sub(1, at)))
      assert(sock:send(request:sub(at + 1)))
      assert.match("^HTTP/1%.1 200 OK\r\n.*\n$", (sock:receive "*a"))
      sock:close()
    end
  end)

  it("logs JSON lines, one for each run", function()
    init("u1", "bad")
    local status, out, err = command.run(words("--until-idle", "--log", "json",
                                               "--verbose", "--worker", "w\"1"))
    assert.same({ 3, "" }, { status, err })
    local events, runs = {}, {}
    for line in out:gmatch "[^\n]+" do
      local event, _, trouble = dkjson.decode(line)
      assert.is_nil(trouble, line)
      assert.equal("w\"1", event.worker)
      assert.is_number(event.time)
      events[event.event] = (events[event.event] or 0) + 1
      if event.event == "run" then runs[event.account] = event end
    end
    assert.same({ start = 1, claim = 1, run = 2, stop = 1, message = 1 }, events)
    assert.same({ "ok", 1 }, { runs.u1.kind, runs.u1.counts.new })
    assert.equal("parked", runs.bad.kind)
    assert.is_nil(out:find "secret")
  end)

  it("says with its exit status how the runs went", function()
    init "u1"
    assert.equal(0, (command.run(words "--until-idle")))
    add "u2"
    mail:fault { verb = "STAT", reply = "-ERR [SYS/TEMP] later" }
    local status, out = command.run(words "--until-idle")
    assert.equal(75, status, out)
    assert.match("\nu2: failed %(1 in a row%), [%d.]+ s, next in %d+m: ", out)
    assert.equal(1, state_of "u2".failures)
    -- mail without a place
    add("u3", "--set", "deadline=100")
    status, out = command.run { "fleet", "run", "--until-idle", "--store", url }
    assert.equal(3, status, out)
    assert.match("\nu3: failed, a person must act %(1 in a row%), .*: the account "
                 .. "has no delivery\n", out)
  end)

  it("delivers into the table of the inbox, and by LMTP", function()
    init("u1", "u2")
    local status, out = command.run { "fleet", "run", "--until-idle", "--inbox",
                                      "--store", url }
    assert.equal(0, status, out)
    local inbox <close> = pop3.inbox { url = url }
    local accounts = {}
    for i, message in ipairs(assert(inbox:take(10))) do
      assert.equal("Subject: x\r\n\r\n", message:octets())
      accounts[i] = message.account
    end
    table.sort(accounts)
    assert.same({ "u1", "u2" }, accounts)
    -- there is no such server: the message stays, and comes later
    add "u3"
    status, out = command.run { "fleet", "run", "--until-idle", "--store", url,
      "--lmtp", dir.path .. "/none", "--to", "{user}@mail.example" }
    assert.equal(75, status, out)
    assert.match("\nu3: failed %(1 in a row%), .*/none", out)
  end)

  it("ends after SIGTERM: sessions may finish, others give their accounts back",
     function()
    init("u1", "u2")
    mail:fault { verb = "RETR", stall = true, user = "u1" }
    local worker <close> = command.start(words("--grace", "1s", "--lease", "10m"))
    assert(mail:wait_for("RETR", helper.PATIENCE, 2))
    assert(line_of(worker, "^u2: 1 new"))
    assert.equal("running", state_of "u1".state)
    local out = does("status", "--running", "--worker", "*:" .. worker.pid .. ":*")
    assert.match("\nWORKER +RUNNING  HOSTS  LEASE\n%S+ +1 +1 +%d+m\n", out)
    assert.match("\nu1 +running +never +%- ", out)
    assert.is_nil(out:find "\nu2")
    worker:signal "TERM"
    local how, status, rest = worker:wait()
    assert.same({ "exit", 0 }, { how, status }, rest)
    assert.match("SIGTERM: no more claims, 1 accounts may finish\n", rest)
    assert.match("u1: interrupted, due at once, ", rest)
    assert.equal("due", state_of "u1".state)
    mail:clear_faults()
    assert.equal(0, (command.run(words "--until-idle")))
    assert.equal(1, #core.readdir(dir.path .. "/mail/u1/new"))
  end)

  it("tells the service manager that it is ready, lives, and ends", function()
    init "u1"
    local manager = unix.dgram()
    assert(manager:bind(dir.path .. "/notify"))
    manager:settimeout(helper.PATIENCE)
    local program = command.program
    command.program = ("env NOTIFY_SOCKET=%s/notify WATCHDOG_USEC=20000 %s"):format(
      dir.path, program)
    local worker <close> = command.start(words())
    command.program = program
    local seen = {}
    local function wait_for(text)
      while not seen[text] do seen[assert(manager:receive())] = true end
    end
    wait_for "READY=1\nSTATUS=fetching"
    wait_for "WATCHDOG=1"
    worker:signal "TERM"
    wait_for "STOPPING=1\nSTATUS=ending"
    worker:wait()
    manager:close()
    assert.equal(0, worker.status)
  end)

  it("ends when its output is closed", function()
    init("u1", "u2")
    local pipe = assert(io.popen("lua5.4 lua/bin/pop3 fleet run --store '" .. url
      .. "' --maildir " .. dir.path .. "/mail/{name} 2>&1 | head -n 1; echo ended"))
    assert.match("^worker [^\n]*\nended\n$", pipe:read "a")
    pipe:close()
  end)

  it("shows the status again and again on a terminal, until Ctrl-C", function()
    init("u1", "u2")
    -- the terminal is that of script(1), the keys come through a FIFO
    assert(os.execute("mkfifo " .. dir.path .. "/keys"))
    local pipe = assert(io.popen(("script -qefc \"stty rows 5 cols 60; exec lua5.4 "
      .. "lua/bin/pop3 fleet status --watch 1 --store '%s'\" /dev/null <%s/keys")
      :format(url, dir.path)))
    local keys = assert(io.open(dir.path .. "/keys", "w"))
    local text = ""
    while select(2, text:gsub("\27%[J", "")) < 2 do text = text .. pipe:read(1) end
    does("park", "u2")
    while not text:find "1 parked" do text = text .. pipe:read(1) end
    keys:write "\3"
    keys:flush()
    text = text .. pipe:read "a"
    keys:close()
    assert.is_true(pipe:close())
    assert.equal(1, select(2, text:gsub("\27%[%?1049h", "")))
    assert.match("\27%[%?25h\27%[%?1049l$", text)
    assert.is_nil(text:find "\27%[2J")  -- it would flicker
    for picture in text:gmatch "\27%[H(.-)\27%[J" do
      local lines = select(2, picture:gsub("\n", "")) + 1
      assert.is_true(lines <= 5, picture)
    end
  end)

  it("waits while the database does not answer, and then goes on", function()
    init("u1")
    server():stop "immediate"
    assert.equal(75, (fleet "status"))
    local worker <close> = command.start(words "--until-idle")
    assert.match("^the database does not answer: ", worker.line)
    server():start()
    assert.equal("the database answers again", worker.pipe:read "l")
    local how, status, rest = worker:wait()
    assert.same({ "exit", 0 }, { how, status }, rest)
    assert.match("\nu1: 1 new, ", rest)
    assert.equal(1, #core.readdir(dir.path .. "/mail/u1/new"))
  end)
end)
