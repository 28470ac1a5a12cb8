-- The conformance checker: our own server passes, no mail is lost, no secret is shown,
-- and programs can read the report. check_faults_spec.lua tests that each check can fail.

if os.getenv "LPOP3_SANITIZED" then return end

local bend = require "spec.support.bend"
local Link = require "pop3.check.link"
local check = require "pop3.check"
local core = require "pop3.core"
local dkjson = require "dkjson"
local helper = require "spec.helper"
local pop3 = require "pop3"
local report = require "pop3.check.report"

local MAIL = {
  "Subject: one\r\n\r\nfirst\r\n.dot\r\n..\r\nlast\r\n",
  "Subject: two\r\n\r\n" .. ("a line\r\n"):rep(50),
  "Subject: no body\r\n",
}

local MECHS = require "pop3.check.login".mechs

local PASSWORD = "secret word"

local function server(opts)
  local all = { apop = true, mechs = MECHS, login_delay = 0,
                users = { mrose = { password = PASSWORD, mail = MAIL } } }
  for name, value in pairs(opts or {}) do all[name] = value end
  return pop3.server.new(all)
end

local function options(port, more)
  local opts = { host = "localhost", port = port, tls = "none", user = "mrose",
                 password = PASSWORD, delete = true,
                 timeout = helper.PATIENCE }
  for name, value in pairs(more or {}) do opts[name] = value end
  return opts
end

-- The same in memory, through a relay that changes octets.
local function bent(s, more, change)
  local opts = options(nil, more)
  opts.transport = bend.transport(s, change)
  return assert(check(opts))
end

local function look(result, name)
  for _, c in ipairs(result.checks) do
    if c.name == name then return c end
  end
  error("there is no check " .. name, 2)
end

-- Names of the checks that came out so, sorted.
local function names(result, outcome)
  local list = {}
  for _, c in ipairs(result.checks) do
    if c.result == outcome then list[#list + 1] = c.name end
  end
  table.sort(list)
  return list
end

describe("pop3.check of our own server", function()
  for _, how in ipairs(helper.some({ "none", "stls", "implicit" }, 1)) do
    it("finds nothing: " .. how, function()
      local s = server { tls = "auto", implicit = how == "implicit" }
      local run <close> = s:fork()
      local result = assert(check(options(run.port, { tls = how,
                                                      cafile = run.cafile })))
      assert.same({}, names(result, "fail"))
      assert.same({}, names(result, "warn"))
      assert.equal(3, result.refused)
      assert.same({ MAIL[2], MAIL[3] }, run:mailbox "mrose")
      -- only checks that cannot run are skipped
      local skipped = { ["APOP-not-offered"] = true, ["PLAIN-needs-TLS"] = true,
        ["passwords-need-TLS"] = true, ["LOGIN-DELAY-format"] = true,
        ["SYS-code-format"] = true, ["UTF8-code-where-it-belongs"] = true,
        ["LOGIN-DELAY-code-where-it-belongs"] = true,
        ["LOGIN-DELAY-before-and-after-login"] = true,
        ["LOGIN-DELAY-enforced"] = true,
        ["PLAIN-under-TLS"] = how == "none" }
      for _, name in ipairs(names(result, "skip")) do
        assert.truthy(skipped[name] or how == "implicit"
                      and name:find "STLS"
                      or how == "stls" and name == "STLS-has-no-arguments", name)
      end
    end)
  end

  it("deletes nothing without the option", function()
    local run <close> = server():fork()
    local result = assert(check(options(run.port, { delete = false })))
    assert.same({}, names(result, "fail"))
    assert.same(MAIL, run:mailbox "mrose")
    assert.equal("skip", look(result, "QUIT-deletes").result)
    -- nor does a session end by QUIT in which mail was fetched, which some
    -- servers then delete
    local fetched, quit = {}, {}
    for _, entry in ipairs(run:transcript()) do
      if entry.from == "C" and entry.line:find "^RETR" then
        fetched[entry.session] = true
      elseif entry.from == "C" and entry.line:upper():find "^QUIT\r?$" then
        quit[entry.session] = true
      end
    end
    assert.truthy(next(fetched) and next(quit))
    for session in pairs(fetched) do assert.is_nil(quit[session]) end
    assert.equal(0, run:count "DELE")
  end)

  it("tries no more than three wrong passwords", function()
    -- 'authenticate' counts the wrong passwords of the user
    local dir <close> = helper.directory()
    local path = dir:write("tries", "")
    local s = server { authenticate = function(_, mech, user, verify)
      local right = verify(PASSWORD)
      if user == "mrose" and not right then
        local f <close> = assert(io.open(path, "a"))
        f:write(mech, "\n")
      end
      return right
    end }
    local run <close> = s:fork()
    assert.equal(3, assert(check(options(run.port))).refused)
    local f <close> = assert(io.open(path))
    local tries = {}
    for line in f:lines() do tries[#tries + 1] = line end
    table.sort(tries)
    assert.same({ "APOP", "PLAIN", "USER" }, tries)
  end)

  it("gives a wrong login one try, and goes on without", function()
    local run <close> = server():fork()
    local result = assert(check(options(run.port, { password = "no" })))
    assert.same({ "login" }, names(result, "fail"))
    assert.equal(1, result.refused)
    assert.equal("skip", look(result, "RETR").result)
    assert.equal("the login is refused", look(result, "RETR").reason)
    assert.equal(1, run:count "PASS" - #{ "PASS-without-USER" })
  end)

  it("runs the checks that need no user", function()
    local run <close> = server():fork()
    local result = assert(check { host = "127.0.0.1", port = run.port,
                                  tls = "none" })
    assert.same({}, names(result, "fail"))
    assert.truthy(result.passed > 50)
    assert.equal("the option user is not set", look(result, "STAT-format").reason)
    assert.equal(0, result.refused)
  end)

  it("logs in by an offered mechanism where USER is refused", function()
    for _, apop in ipairs { true, false } do
      local s = server { apop = apop, mechs = { "CRAM-MD5" } }
      function s.on.USER(session) return session:err "not by USER" end
      local run <close> = s:fork()
      local result = assert(check(options(run.port, { delete = false })))
      assert.same({}, names(result, "fail"))
      assert.same({ "USER-and-PASS", "USER-announced-and-there" },
                  names(result, "warn"))
      assert.equal("pass", look(result, "RETR-size-as-LIST").result)
    end
  end)

  it("takes an empty maildrop, and a server without extensions", function()
    local s = server { capa = false, apop = false, mechs = {},
      users = { mrose = { password = PASSWORD, mail = {} } } }
    local run <close> = s:fork()
    local result = assert(check(options(run.port)))
    assert.same({}, names(result, "fail"))
    assert.same({}, names(result, "warn"))
    assert.equal("the maildrop is empty", look(result, "DELE").reason)
    assert.equal("pass", look(result, "LIST-format").result)
  end)
end)

describe("the progress of pop3.check", function()
  it("names each check once it begins, and goes on while it runs", function()
    local run <close> = server():fork()
    local seen, calls = {}, 0
    local result = assert(check(options(run.port, {
      only = { "NOOP", "greeting-positive", "RETR" }, delete = false,
      progress = function(number, total, name)
        calls = calls + 1
        assert.equal(3, total)
        if #seen < number then seen[number] = name end
        assert.equal(seen[number], name)
      end })))
    local names_in_order = {}
    for i, c in ipairs(result.checks) do names_in_order[i] = c.name end
    assert.same(names_in_order, seen)
    assert.is_true(calls > 6, calls)
  end)

  it("goes on while nothing comes", function()
    local ours, theirs = core.socketpair()
    local ticks = 0
    local wait = require "pop3.check.wait"(function()
      ticks = ticks + 1
      if ticks == 3 then theirs:write "x" end
    end, 0.001)
    assert.is_true(wait(ours:getfd(), "r", helper.PATIENCE))
    assert.equal(3, ticks)
    ours:read(1)
    assert.same({ nil, "timeout" }, { wait(ours:getfd(), "r", 0) })
    assert.same({ nil, "timeout" }, { wait(ours:getfd(), "r", 0.002) })
    ours:close()
    theirs:close()
  end)

  it("is one line on a terminal", function()
    local out, time = {}, 0
    local file = { write = function(_, text) out[#out + 1] = text end,
                   flush = function() end }
    local progress = require "pop3.command.check_progress"(file, function()
      return time
    end)
    progress.clear()
    progress.update(1, 2, "a")
    progress.update(1, 2, "a")
    time = 31.5
    progress.update(1, 2, "a")
    progress.update(2, 2, "b")
    progress.clear()
    progress.clear()
    assert.same({ "\r[1/2] a, 0 s\27[K", "\r[1/2] a, 31 s\27[K",
                  "\r[2/2] b, 31 s\27[K", "\r\27[K" }, out)
  end)
end)

describe("pop3.check of a server that", function()
  it("is not local: it sends no password over a link without TLS", function()
    local run <close> = server():fork()
    local open = Link.open
    finally(function() Link.open = open end)
    function Link.open(...)
      local link, message, code = open(...)
      if link then link.loopback = false end
      return link, message, code
    end
    local result = assert(check(options(run.port)))
    assert.same({}, names(result, "fail"))
    assert.same({ "PLAIN-needs-TLS", "passwords-need-TLS" },
                names(result, "warn"))
    assert.equal("the password would be sent without TLS (insecure allows it)",
                 look(result, "login").reason)
    for _, entry in ipairs(run:transcript()) do
      assert.is_nil(entry.line:find "^APOP mrose")
    end
    assert.equal(1, run:count "PASS")  -- the one without USER
    result = assert(check(options(run.port, { insecure = true })))
    assert.equal("pass", look(result, "login").result)
  end)

  it("is not there, is an answer and not a result", function()
    local run = server():fork()
    local port = run.port
    run:stop()
    local result, message, code = check { host = "127.0.0.1", port = port,
                                          tls = "none" }
    assert.is_nil(result)
    assert.match("^connect: 127%.0%.0%.1:" .. port .. ": ", message)
    assert.equal("connect", code)
  end)

  it("has a certificate that is no good", function()
    for _, how in ipairs(helper.some({ "implicit", "stls" }, 1)) do
      local run <close> = server { tls = "auto",
                                   implicit = how == "implicit" }:fork()
      local result, message, code = check(options(run.port, { tls = how }))
      assert.is_nil(result)
      assert.match("^connect: localhost:%d+: TLS: ", message)
      assert.equal("tls", code)
      result = assert(check(options(run.port, { tls = how, verify = false })))
      assert.same({}, names(result, "fail"))
    end
  end)

  it("says nothing, ends it", function()
    local s = server { faults = { { hook = "connect", stall = true } } }
    local result, message, code = check(options(nil, {
      transport = function() return s:loopback() end }))
    assert.is_nil(result)
    assert.match("no greeting: timeout", message)
    assert.equal("timeout", code)
  end)

  it("sends without end, is bounded", function()
    local run = server()
    local result = bent(run, { only = { "STAT-format" } }, {
      command = function(line)
        if line:find "^STAT" then return "+OK " .. ("1"):rep(1 << 20) end
      end })
    assert.equal("no reply to STAT: limit", result.checks[1].reason)
  end)

  it("hangs up in the middle of everything, has an end", function()
    local run = server()
    for _, verb in ipairs(helper.some({ "CAPA", "USER", "STAT", "LIST", "RETR",
                                        "QUIT" }, 2)) do
      local result = bent(run, { delete = false }, { command = function(line)
        if line:find("^" .. verb) then return false end
      end })
      assert.truthy(result.failed > 0)
      assert.equal(#result.checks, result.passed + result.failed
                   + result.warned + result.skipped)
    end
    assert.same(MAIL, run:mailbox "mrose")
  end)
end)

-- -------------------------------------------------------------------- reports

describe("the report of pop3.check", function()
  local result

  lazy_setup(function()
    local run = server()
    -- it says the password again, and octets that are no text
    result = bent(run, { delete = false }, { reply = function(octets, line)
      if line:find "^RSET\r" then
        return "-ERR \xFF# " .. PASSWORD .. "\r\n"
      elseif line:find "^STAT" then
        return (octets:gsub("\r", " " .. PASSWORD .. "\r"))
      end
      return octets
    end })
  end)

  it("is text", function()
    local text = report.text(result)
    assert.match("\npass  greeting%-positive +RFC 1939 section 4\n",
                 "\n" .. text)
    assert.match("^fail  RSET +RFC 1939 section 5\n"
      .. "      RSET is refused: %-ERR \\xFF# %*%*%*\n"
      .. "        C: RSET\n        S: %-ERR \\xFF# %*%*%*\n", text)
    assert.match("\nlocalhost:%d+: %d+ checks: %d+ passed, %d+ failed, "
      .. "%d+ warned, %d+ skipped\nlogins with a wrong password: 3\n$", text)
  end)

  it("has failures first, and only these if that is wanted", function()
    local function outcomes(text)
      local list = {}
      for line in text:gmatch "[^\n]+" do
        local outcome = line:match "^(%l%l%l%l)  "
        if outcome and outcome ~= list[#list] then list[#list + 1] = outcome end
      end
      return list
    end
    local warned = { checks = {}, host = "h", port = 1, refused = 0, passed = 1,
                     failed = 1, warned = 1, skipped = 1 }
    for i, outcome in ipairs { "pass", "warn", "skip", "fail" } do
      warned.checks[i] = { name = outcome .. "-x", result = outcome, rfc = 1939,
                           section = "3", reason = "r", evidence = {} }
    end
    assert.same({ "fail", "warn", "pass", "skip" },
                outcomes(report.text(warned)))
    assert.same({ "fail", "warn" },
                outcomes(report.text(warned, { failed = true })))
    assert.equal("fail", outcomes(report.text(result))[1])
    assert.same({ "fail", "warn" },
                outcomes(report.text(result, { failed = true })))
    local painted = report.text(warned, { paint = function(colour, text)
      return ("<%s>%s</>"):format(colour, text)
    end })
    for _, text in ipairs { "<red>fail</>", "<yellow>warn</>",
        "<green>pass</>", "<dim>skip</>",
        "h:1: <red>4 checks: 1 passed, 1 failed, 1 warned, 1 skipped</>\n" } do
      assert.is_truthy(painted:find(text, 1, true), painted)
    end
    warned.checks = { warned.checks[1] }
    assert.match("^h:1: ", report.text(warned, { failed = true }))
  end)

  it("is TAP", function()
    local tap = report.tap(result)
    local plan = math.tointeger(tap:match "^TAP version 13\n1%.%.(%d+)\n")
    assert.equal(#result.checks, plan)
    local seen, bad, todo, skipped = 0, 0, 0, 0
    for line in tap:gmatch "[^\n]+" do
      local ok, n, rest = line:match "^(n?o?t? ?ok) (%d+) %- (.*)$"
      if ok then
        seen = seen + 1
        assert.equal(seen, math.tointeger(n))
        if rest:find "# TODO " then todo = todo + 1
        elseif ok == "not ok" then bad = bad + 1 end
        if rest:find "# SKIP " then skipped = skipped + 1 end
      else
        assert.truthy(line:find "^#" or line:find "^TAP" or line:find "^1%.%.",
                      line)
      end
    end
    assert.same({ plan, result.failed, result.warned, result.skipped },
                { seen, bad, todo, skipped })
    assert.match("# the reply to STAT has additional text: %+OK 3 %d+ %*%*%*", tap)
  end)

  it("is JSON", function()
    local value = assert(dkjson.decode(report.json(result)))
    assert.equal(result.failed, value.failed)
    assert.equal(#result.checks, #value.checks)
    local rset = look(value, "RSET")
    assert.same({ "RSET", 1939, "5", "fail" }, { rset.name, rset.rfc,
                                                 rset.section, rset.result })
    assert.equal("C: RSET", rset.evidence[#rset.evidence - 1])
  end)

  it("has no secret in it", function()
    local all = report.text(result) .. report.tap(result)
                .. report.json(result)
    assert.is_nil(all:find(PASSWORD, 1, true))
    assert.is_nil(all:find(core.sasl.encode("\0mrose\0" .. PASSWORD), 1, true))
    assert.is_nil(all:find(core.sasl.encode(PASSWORD), 1, true))
    assert.is_nil(all:find "[^\n\32-\126]")
  end)
end)

describe("misuse of pop3.check", function()
  it("is an error of the caller", function()
    for text, opts in pairs {
      ["the option host is required"] = {},
      ["unknown option 'hots'"] = { hots = "x" },
      ["the option user requires password"] = { host = "x", user = "u" },
      ["the option delete requires user"] = { host = "x", delete = true },
      ["the port must be 1 to 65535, not 0"] = { host = "x", port = 0 },
      ["timeout must be positive"] = { host = "x", timeout = 0 },
      ["unknown check 'x'"] = { host = "x", only = { "x" } },
      ["must not hold CR"] = { host = "x", user = "a\r\nb", password = "p" },
      ["option 'tls' must be one of"] = { host = "x", tls = "maybe" },
    } do
      helper.misuse(text, function() check(opts) end)
    end
  end)
end)
