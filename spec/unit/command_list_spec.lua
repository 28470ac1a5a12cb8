-- `pop3 list` and `pop3 get`, against the test server.

local columns = require "pop3.command.columns"
local dkjson = require "dkjson"
local fetch_command = require "spec.support.fetch_command"
local helper = require "spec.helper"
local pop3 = require "pop3"

local ONE = "From: Ann =?utf-8?q?=E7=94=B0?= <ann@example.org>\r\nSubject: =?utf-8?b?"
  .. "G1syShtdMDt0aXRsZQc=?=\r\nDate: Mon, 23 Nov 2026 08:00:00 +0100\r\n"
  .. "Message-ID: <1@example.org>\r\n\r\nhello \27[31m\r\n..dots\r\nFrom me\r\n"
local TWO = "Return-Path: <bob@example.org>\r\nSubject: two\r\n\r\n" .. ("x\r\n"):rep(5000)
local THREE = "A: b\r\n\r\n\r\n"

local function server(opts)
  local all = { users = { mrose = { password = "secret", uidl = { "u1", "u/2", "u3" },
                                    mail = { ONE, TWO, THREE } } } }
  local on = opts and opts.on or {}
  for name, value in pairs(opts or {}) do all[name] = value end
  all.on = nil
  local made = pop3.server.new(all)
  for verb, handler in pairs(on) do
    made.on[verb] = function(...) return handler(made, ...) end
  end
  return made:fork()
end

-- Runs with a server: `run(words...)` gives status, output, errors.
local function with(opts, use)
  local run <close> = server(opts)
  local place <close> = fetch_command.place { POP3_PASSWORD = "secret" }
  local url = ("pop://mrose@127.0.0.1:%d"):format(run.port)
  return use(function(name, ...)
    local words = { name, url, ... }
    if not (opts and opts.tls) then words[#words + 1] = "--tls=none" end
    return place.main(table.unpack(words))
  end, place, run)
end

describe("pop3 list", function()
  it("has number, octets and unique-id of each message", function()
    with(nil, function(run, place)
      local text = ("1    %3d  u1\n2  %d  u/2\n3     10  u3\n"):format(#ONE, #TWO)
      assert.same({ 0, text, "" }, { run "list" })
      assert.same({ 0, "3  10  u3\n", "" }, { run("list", "last") })
      assert.same({ 0, "3  10  u3\n", "" }, { run("list", "3-", "3", "last") })
      local _, out = run("list", "2-9", "1")
      assert.same({ "2", "3", "1" }, { out:match "^(%d) .*\n(%d) .*\n(%d) .*\n$" })
      place.columns = 80
      _, out = run "list"
      assert.match("^\27%[1mNUMBER  OCTETS  UNIQUE%-ID\27%[0m\n", out)
      assert.match("\27%[2m3 messages, %d+ octets\27%[0m\n$", out)
    end)
  end)

  it("shows headers without octets that could harm a terminal", function()
    with(nil, function(run, place)
      local status, out = run("list", "--headers")
      assert.equal(0, status)
      assert.match("^1 +%d+  u1   2026%-11%-23 08:00  Ann 田 +␛%[2J␛%]0;title␇\n"
                   .. "2 +%d+  u/2 +two\n3 +10  u3\n$", out)
      for _, width in ipairs { 40, 60, 72, 80, 120 } do
        place.columns = width
        _, out = run("list", "-H")
        assert.is_nil(out:gsub("\27%[%d*m", ""):find "[\0-\9\11-\31]")
        for line in out:gsub("\27%[%d*m", ""):gmatch "[^\n]+" do
          assert.is_true(columns.of(line) <= width, line)
        end
      end
      for _, env in ipairs { { NO_COLOR = "1" }, { TERM = "dumb" } } do
        for name, value in pairs(env) do place.env[name] = value end
        _, out = run("list", "-H")
        assert.is_nil(out:find("\27", 1, true))
        for name in pairs(env) do place.env[name] = nil end
      end
    end)
  end)

  it("prints JSON", function()
    with(nil, function(run)
      local _, out = run("list", "--json", "-H")
      local all = assert(dkjson.decode(out))
      assert.equal(3, #all)
      assert.same({ number = 1, octets = #ONE, uid = "u1", message_id = "1@example.org",
                    date = "2026-11-23T08:00:00+01:00", subject = "\27[2J\27]0;title\7",
                    from = { { name = "Ann 田", address = "ann@example.org" } } }, all[1])
      assert.same({ number = 3, octets = 10, uid = "u3", from = {} }, all[3])
      assert.same({ 0, "[\n]\n", "" }, { with({ users = { mrose = {
        password = "secret", mail = {} } } }, function(empty)
          return empty("list", "--json")
        end) })
    end)
  end)

  it("lists the messages of a server without UIDL or TOP", function()
    with({ on = { UIDL = function(_, s) return s:err "no" end,
                  TOP = function(_, s) return s:err "no" end } }, function(run)
      assert.same({ 0, ("1    %d\n2  %d\n3     10\n"):format(#ONE, #TWO), "" },
                  { run "list" })
      local status, out = run("list", "-H")
      assert.equal(0, status)
      assert.match("\n2 +%d+ +two\n", out)
    end)
  end)

  it("goes on after a message that cannot be read", function()
    with({ on = { TOP = function(all, s, n, lines)
      if n == 2 then return s:err("is being read", "SYS/TEMP") end
      return all.default.TOP(s, n, lines)
    end } }, function(run)
      local status, out, err = run("list", "-H")
      assert.equal(75, status)
      assert.match("\n2 [^\n]*%(is being read%)\n3 ", out)
      assert.match("^pop3: list: TOP 2 0: [^\n]*is being[^\n]*\n$", err)
    end)
  end)

  it("has the statuses of pop3 fetch", function()
    local place <close> = fetch_command.place {}
    for text, case in pairs {
      ["URL must not have a password"] = { 2, "pop://a:b@h" },
      ["needs a user"] = { 2, "pops://h" },
      ["has a user already"] = { 2, "u@h", "--user", "v" },
      ["scheme is not pop"] = { 2, "imap://u@h" },
      ["not a message number"] = { 2, "u@h", "0" },
      ["'5-3' is not"] = { 2, "u@h", "5-3" },
      ["--fingerprint needs"] = { 2, "u@h", "--fingerprint", "abc" },
      ["put the URL into POP3_PROXY"] = { 2, "u@h", "--proxy", "socks5://a:b@h" },
      ["scheme of the URL must be"] = { 2, "u@h", "--proxy", "ftp://h" },
      ["there is no password: use --password-command, --token-command, --password-file"]
        = { 3, "u@127.0.0.1:1" },
      ["exit status 3"] = { 3, "u@h", "--password-command", "exit 3" },
      ["exit status 75"] = { 75, "u@h", "--password-command", "exit 75" },
    } do
      local status, out, err = place.main("list", table.unpack(case, 2))
      assert.same({ case[1], "" }, { status, out }, text)
      assert.match("^pop3: [^\n]*\n$", err)
      assert.is_truthy(err:find(text, 1, true), err)
      assert.is_nil(err:find "a:b")
    end
    with(nil, function(run, there)
      assert.same({ 3, "", "pop3: list: there is no message 4; the last is 3\n" },
                  { run("list", "4") })
      there.env.POP3_PASSWORD = "wrong\27"
      local status, out, err = run "list"
      assert.same({ 3, "" }, { status, out })
      assert.is_nil(err:find "wrong")
      there.env.POP3_PASSWORD = "two\nlines"
      status, out, err = run "list"
      assert.same({ 3, "" }, { status, out })
      assert.match("^pop3: list: [^\n]*\n$", err)
    end)
    with({ faults = { { verb = "LIST", cut = { bytes = 3 } } } }, function(run)
      assert.equal(75, (run "list"))
    end)
  end)

  it("shows the dialogue with -v, without the secret", function()
    with({ mechs = { "PLAIN" } }, function(run)
      local _, _, err = run("list", "-v", "--mech", "plain")
      assert.match("\nC: AUTH PLAIN %*%*%*\nS: %+OK", err)
      assert.match("\nC: QUIT\nS: %+OK[^\n]*\n$", err)
      assert.is_nil(err:find "secret")
      assert.is_nil(err:find "AG1yb3Nl")
    end)
  end)

  it("takes the secret from a file, a command, netrc", function()
    with(nil, function(run, place)
      place.env.POP3_PASSWORD = "wrong"
      local path = place.dir:write("secret", "secret\n")
      os.execute("chmod 600 " .. path)
      assert.equal(0, (run("list", "--password-file", path)))
      assert.equal(0, (run("list", "--password-command", "echo secret")))
      assert.equal(3, (run "list"))
      path = place.dir:write(".netrc", "machine 127.0.0.1 login mrose password secret\n")
      os.execute("chmod 600 " .. path)
      assert.equal(0, (run "list"))
    end)
  end)
end)

if not os.getenv "LPOP3_SANITIZED" then
  describe("a reader of the output that has closed it", function()
    local command = require "spec.support.command"

    it("ends list and get silently", function()
      local run <close> = server { users = { mrose = { password = "secret",
        mail = { TWO, TWO, TWO:rep(100) } } } }
      for _, words in ipairs { "list", "list -H", "list --json", "get all --mbox",
                               "get 3" } do
        local name, rest = words:match "^(%l+) ?(.*)$"
        local pipe <close> = assert(io.popen(([[exec bash -c '
          exec 5> >(exit); wait $!
          POP3_PASSWORD=secret %s %s pop://mrose@127.0.0.1:%d --tls none %s >&5
          echo $?' 2>&1]]):format(command.program, name, math.tointeger(run.port),
                                  rest)))
        assert.equal("141\n", pipe:read "a", words)
      end
    end)
  end)
end

describe("pop3 get", function()
  it("writes the octets of a message", function()
    with(nil, function(run)
      assert.same({ 0, ONE, "" }, { run("get", "1") })
      assert.same({ 0, THREE, "" }, { run("get", "last") })
      assert.same({ 0, THREE, "" }, { run("get", "--uid", "u3") })
      assert.same({ 0, TWO:match "^.-\r\n\r\n" .. "x\r\nx\r\n", "" },
                  { run("get", "2", "--top", "2") })
    end)
  end)

  it("is harmless on a terminal", function()
    with(nil, function(run, place)
      place.columns = 80
      local _, out = run("get", "1")
      assert.is_nil(out:find "[\27\r]")
      assert.match("\nhello ␛%[31m\n", out)
      _, out = run("get", "1", "--mbox")
      assert.is_nil(out:find "[\27\r]")
    end)
  end)

  it("writes several as one mbox", function()
    with(nil, function(run, place)
      local status, out, err = run("get", "1-2", "--mbox")
      assert.same({ 0, "" }, { status, err })
      assert.match("^From MAILER%-DAEMON ", out)
      assert.match("\nFrom bob@example.org %u%l%l ", out)
      local path = place.dir.path .. "/out"
      assert.same({ 0, "", "" }, { run("get", "all", "--mbox", "-o", path) })
      local all = {}
      for m in assert(pop3.message.mbox(path)) do all[#all + 1] = m:text() end
      assert.equal(3, #all)
      assert.equal("hello \27[31m\n..dots\nFrom me\n", (all[1]:gsub("\r", "")))
      assert.match("\n>From me\n", place.dir:read "out")
      assert.equal(2, (run("get", "1-2")))
      assert.equal(2, (run("get", "1", "--mbox", "-o", place.dir.path)))
    end)
  end)

  it("neither replaces nor writes into a FIFO, device, link or directory", function()
    with(nil, function(run, place)
      local path = place.dir.path
      assert.is_true(os.execute(("cd %s && mkfifo fifo && ln -s fifo link && ln -s /dev/null "
        .. "null && ln -s none dangling && mkdir d && mkfifo d/1.eml"):format(path)))
      for _, name in ipairs { "/fifo", "/link", "/null", "/dangling", "/d" } do
        for _, more in ipairs { {}, { "--top", "2" }, { "--mbox" } } do
          if name ~= "/d" or more[1] == "--mbox" then
            local status, out, err = run("get", "1", "-o", path .. name,
                                         table.unpack(more))
            assert.equal("", out)
            assert.match("^pop3: [^\n]+\n$", err)
            assert.equal(name == "/d" and 2 or 3, status, name .. (more[1] or ""))
          end
        end
      end
      local status, _, err = run("get", "1-2", "--top", "1", "-o", path .. "/d")
      assert.equal(3, status)
      assert.match("1.eml: a device, a FIFO or a socket is not replaced", err)
      assert.match("^Return", place.dir:read "d/2.eml")
      assert.equal(3, (run("get", "1", "--top", "1", "-o", "/dev/null")))
    end)
  end)

  it("writes files, whole or not at all", function()
    with({ faults = { { verb = "RETR", nth = 3, cut = { bytes = 500 } } } },
         function(run, place)
      local dir = place.dir
      assert.same({ 0, "", "" }, { run("get", "1", "-o", dir.path .. "/one") })
      assert.equal(ONE, dir:read "one")
      assert.equal(0, (run("get", "3", "-o", dir.path .. "/one")))
      assert.equal(THREE, dir:read "one")
      local before = dir:names()
      local status, _, err = run("get", "2", "-o", dir.path .. "/two")
      assert.equal(75, status)
      assert.match("^pop3: get: [^\n]+\n$", err)
      assert.same(before, dir:names())
      assert.equal(3, (run("get", "1", "-o", dir.path .. "/none/x")))
    end)
    with(nil, function(run, place)
      local dir = place.dir
      assert.equal(0, (run("get", "all", "-o", dir.path)))
      assert.same({ ONE, TWO, THREE },
                  { dir:read "1.eml", dir:read "2.eml", dir:read "3.eml" })
      assert.equal(0, (run("get", "--uid", "u/2", "-o", dir.path .. "/")))
      assert.equal(TWO, dir:read "u%2F2.eml")
      assert.equal(0, (run("get", "1", "--top", "0", "-o", dir.path .. "/top")))
      assert.equal(ONE:match "^.-\r\n\r\n", dir:read "top")
      assert.equal(3, (run("get", "1", "-o", dir.path .. "/no/such/")))
    end)
  end)

  it("leaves no file when a signal ends it", function()
    with({ faults = { { verb = "RETR", drip = { bytes = 1, every = 3600 } } } },
         function(_, place, server_run)
      for _, words in ipairs { { "1", "-o", "x" }, { "all", "-o", "." },
                               { "all", "--mbox", "-o", "x" } } do
        for _, signal in ipairs(helper.heeded { "INT", "TERM", "HUP" }) do
          local wanted = ({ INT = 130, TERM = 143, HUP = 129 })[signal]
          local before = place.dir:names()
          local seen = server_run:count "RETR"
          local pipe = assert(io.popen(([[
            cd '%s' && export POP3_PASSWORD=secret && echo $$ && exec lua5.4 \
              "$OLDPWD/lua/bin/pop3" get pop://mrose@127.0.0.1:%d --tls none %s 2>&1]])
            :format(place.dir.path, server_run.port,
                    table.concat(words, " "))))
          local pid = pipe:read "n"
          assert(server_run:wait_for("RETR", helper.PATIENCE, seen + 1))
          os.execute(("kill -%s %d"):format(signal, pid))
          local out = pipe:read "a"
          local _, how, status = pipe:close()
          assert.same({ "exit", wanted, "\n" }, { how, status, out })
          assert.same(before, place.dir:names())
        end
      end
    end)
  end)

  it("fetches the other messages when one fails", function()
    with({ on = { RETR = function(all, s, n)
      if n < 3 then return s:err("gone " .. n, "SYS/PERM") end
      return all.default.RETR(s, n)
    end } }, function(run, place)
      local status, _, err = run("get", "all", "-o", place.dir.path)
      assert.equal(3, status)
      assert.match("^pop3: get: RETR 1[^\n]*gone 1\npop3: get: RETR 2[^\n]*gone 2\n$",
                   err)
      assert.equal(THREE, place.dir:read "3.eml")
      assert.same({ 3, "", "pop3: get: no message has the unique-id 'u␛'\n" },
                  { run("get", "--uid", "u\27") })
    end)
  end)

  it("deletes nothing", function()
    with(nil, function(run, _, there)
      run("get", "all", "--mbox")
      assert.equal(3, #there:mailbox "mrose")
      assert.equal(0, there:count "DELE")
    end)
  end)
end)
