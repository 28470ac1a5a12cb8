-- The conformance checker and odd servers: a server that keeps to the RFCs in an unusual
-- way passes; a server that keeps to no rule gets a report that ends, and gets no more
-- mail or passwords than the report says.

if os.getenv "LPOP3_SANITIZED" then return end

local bend = require "spec.support.bend"
local check = require "pop3.check"
local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"
local report = require "pop3.check.report"

local MAIL = {
  "Subject: one\r\n\r\nfirst\r\n.dot\r\n..\r\nlast\r\n",
  "Subject: two\r\n\r\n" .. ("a line\r\n"):rep(50),
  "Subject: no body\r\n",
}

local PASSWORD = "secret word"

local function users(mail)
  return { mrose = { password = PASSWORD, mail = mail } }
end

local function server(opts)
  local all = { apop = true, mechs = { "PLAIN", "LOGIN", "CRAM-MD5" },
                login_delay = 0, users = users(MAIL) }
  for name, value in pairs(opts or {}) do all[name] = value end
  return pop3.server.new(all)
end

-- Check a server in memory, on its virtual clock, through a relay that changes
-- what is sent.
local function look_at(s, more, change)
  local function direct() return s:loopback() end
  local opts = { transport = change and bend.transport(s, change) or direct,
                 tls = "none",
                 user = "mrose", password = PASSWORD, timeout = 5 }
  for name, value in pairs(more or {}) do opts[name] = value end
  return assert(check(opts))
end

local function reason(result, name)
  for _, c in ipairs(result.checks) do
    if c.name == name then return c.reason, c.result end
  end
  error("there is no check " .. name, 2)
end

-- What failed and why, one a line.
local function failed(result)
  local list = {}
  for _, c in ipairs(result.checks) do
    if c.result == "fail" then list[#list + 1] = c.name .. ": " .. c.reason end
  end
  return table.concat(list, "\n")
end

local odd = {}

odd["of thousands of messages"] = function()
  local mail = {}
  for i = 1, helper.all and 10000 or 1000 do mail[i] = ("Subject: %d\r\n\r\n"):format(i) end
  return server { users = users(mail) }
end
odd["of no message"] = function() return server { users = users {} } end
odd["of a message that is too big to fetch"] = function()
  return server { users = users { "A: b\r\n\r\n" .. ("x"):rep(3 << 20) } }
end
odd["of one very long line"] = function()
  return server { users = users { "A: b\r\n\r\n" .. ("x"):rep(900000) } }
end
odd["that sends an octet at a time"] = function()
  return server { faults = { { verb = "LIST", slice = 1 },
    { verb = "RETR", slice = 1 }, { verb = "CAPA", slice = 1 } } }
end
odd["without CAPA, TOP and UIDL"] = function()
  local s = server { capa = false }
  function s.on.TOP(session) return session:err "no" end
  function s.on.UIDL(session) return session:err "no" end
  return s
end
odd["that says more than it has to"] = function()
  local s = server()
  function s.on.STAT(session)
    local reply = s.default.STAT(session)
    reply.text = reply.text .. " octets"
    return reply
  end
  return s
end
odd["with arguments that differ after the login"] = function()
  return server { capa = {
    authorization = { "top", "Uidl", "USER", "EXPIRE 0 USER", "X-OWN a" },
    transaction = { "top", "Uidl", "USER", "EXPIRE 7", "X-OWN b" } } }
end
odd["that keeps its LOGIN-DELAY"] = function()
  return server { login_delay = 900 }
end
odd["with something like a stamp, and no APOP"] = function()
  local s = server { apop = false, greeting = "<postmaster@here> is who to ask" }
  function s.on.USER(session) return session:err "no" end
  return s
end
odd["that has USER, but not for this user"] = function()
  local s = server()
  function s.on.USER(session) return session:err "by APOP only" end
  return s
end
odd["that wants TLS"] = function()
  return server { tls = "auto", require_tls = true }
end
odd["that has its codes in lower case, and with details"] = function()
  local s = server()
  function s.on.PASS(session, secret)
    local reply = s.default.PASS(session, secret)
    if reply.code then reply.code = reply.code:lower() .. "/more" end
    return reply
  end
  return s
end
odd["that closes the connection after an unknown command"] = function()
  local s = server()
  function s.on.XCHECK(session)
    return session.state == "authorization" and session:raw "-ERR bye\r\n"
           or session:err "no"
  end
  return s
end
odd["whose second message needs UTF8"] = function()
  local s = server()
  for _, verb in ipairs { "RETR", "TOP" } do
    s.on[verb] = function(session, n, lines)
      if n == 2 then return session:err("say UTF8", "UTF8") end
      return s.default[verb](session, n, lines)
    end
  end
  return s
end
odd["that speaks German"] = function()
  local s = server()
  local german = {}
  function s.on.LANG(session, range)
    if not range then
      return session:multi("list", { "de", "en English" })
    elseif range == "*" or range:lower() == "de" then
      german[session.id] = true
      return session:ok "de gew\xC3\xA4hlt"
    elseif range:lower() == "en" then
      german[session.id] = nil
      return session:ok "en chosen"
    end
    return session:err "no"
  end
  function s.on.NOOP(session)
    return session:ok(german[session.id] and "n\xC3\xB6" or "nothing")
  end
  return s
end
odd["that gets mail all the time"] = function()
  local s, n = server(), 0
  function s.on.connect()
    n = n + 1
    s:deliver("mrose", ("Subject: new %d\r\n\r\n"):format(n))
  end
  return s
end

describe("pop3.check finds no fault with a server", function()
  local list = {}
  for name in pairs(odd) do list[#list + 1] = name end
  table.sort(list)
  for _, name in ipairs(helper.some(list, 3)) do
    it(name, function()
      for _, delete in ipairs { false, true } do
        local run = odd[name]()
        local before = run:mailbox "mrose"
        local result = look_at(run, { delete = delete })
        assert.equal("", failed(result))
        -- all old messages are there, except message 1
        local after = run:mailbox "mrose"
        local gone = delete and reason(result, "QUIT-deletes") == nil and 1 or 0
        local lost = #before - gone
        for i = 1, #before - gone do
          if before[i + gone] == after[i] then lost = lost - 1 end
        end
        assert.equal(0, lost)
        if not delete then assert.equal(0, run:count "DELE") end
      end
    end)
  end

  it("so that it checks after the login in spite of a LOGIN-DELAY", function()
    local run = odd["that keeps its LOGIN-DELAY"]()
    local result = look_at(run)
    for _, name in ipairs { "RETR-size-as-LIST", "TOP-0", "UIDL-unique",
                            "LOGIN-DELAY-enforced", "CAPA-in-both-states" } do
      assert.same({ nil, "pass" }, { reason(result, name) })
    end
  end)

  it("so that a server that wants TLS says so", function()
    local run = odd["that wants TLS"]()
    local result = look_at(run)
    assert.match("requires TLS", reason(result, "login"))
    assert.equal(0, result.refused)
    result = look_at(run, { tls = "stls", cafile = run.cafile })
    assert.same({ nil, "pass" }, { reason(result, "login") })
  end)
end)

describe("pop3.check is careful with a server that", function()
  it("deletes marked messages when a link is lost", function()
    local run = server()
    local result = look_at(run, { delete = true }, { at_end = "QUIT\r\n" })
    assert.match("though QUIT was not sent",
                 reason(result, "lost-link-deletes-nothing"))
    assert.same({ MAIL[2], MAIL[3] }, run:mailbox "mrose")
  end)

  it("deletes fetched messages at QUIT", function()
    local s = server()
    local fetched = {}
    function s.on.RETR(session, n)
      fetched[session.id] = fetched[session.id] or {}
      table.insert(fetched[session.id], n)
      return s.default.RETR(session, n)
    end
    function s.on.QUIT(session)
      for _, n in ipairs(fetched[session.id] or {}) do
        s.default.DELE(session, n)
      end
      return s.default.QUIT(session)
    end
    local run = s
    look_at(run)
    assert.same(MAIL, run:mailbox "mrose")
  end)

  it("refuses every way to log in but one", function()
    local tries = 0
    local run = server { authenticate = function(_, mech, user, verify)
      if user == "mrose" and mech == "USER" and verify(PASSWORD) then
        return true
      end
      if user == "mrose" then tries = tries + 1 end
      return false
    end }
    local result = look_at(run)
    assert.equal(5, tries)
    assert.match("logins have been refused already",
                 reason(result, "LOGIN-login"))  -- the last one
  end)

  it("echoes every command", function()
    local run = server { mechs = { "PLAIN", "LOGIN", "CRAM-MD5",
                                           "SCRAM-SHA-1" } }
    local said = {}
    local result = look_at(run, nil, { reply = function(octets, line)
      line = line:gsub("[\r\n]", "")
      said[#said + 1] = line
      return octets:gsub("\r\n", function() return " " .. line .. "\r\n" end, 1)
    end })
    local all = report.text(result) .. report.tap(result) .. report.json(result)
    local secrets = 0
    for _, line in ipairs(said) do
      local secret = line:match "^PASS (secret.*)" or line:match "^PASS (wrong.*)"
                     or line:match "^APOP mrose (%x+)"
                     or line:match "^AUTH PLAIN (%S%S%S%S%S+)$"
                     or #line > 15 and line:match "^[%w+/=]+$"
      if secret and not secret:find "^!!" then
        secrets = secrets + 1
        assert.is_nil(all:find(secret, 1, true), line)
      end
    end
    assert.truthy(secrets > 4)
  end)
end)

describe("pop3.check ends with a report of a server that", function()
  it("speaks another protocol", function()
    local run = server()
    local result = look_at(run, nil, { reply = function(octets, line)
      return line == "greeting" and "220 here is SMTP\r\n" or octets
    end })
    assert.match("does not begin with %+OK", reason(result, "greeting-positive"))
    assert.equal("the server sends no +OK greeting", reason(result, "login"))
    assert.equal(0, run:count "USER")
    assert.equal(0, run:count "CAPA")
  end)

  it("greets, and says no more", function()
    local run = server()
    local result = look_at(run, nil, { command = function() return "" end })
    assert.match("^given up after waiting %d+ seconds ",
                 reason(result, "reply-status"))
    assert.truthy(result.skipped > 100)
  end)

  it("sends a message without end", function()
    local run = server()
    local result = look_at(run, { only = { "RETR", "RETR-again" } }, {
      command = function(line)
        if line:find "^RETR" then return "+OK\r\n" .. ("abcdefghi\n"):rep(440000) end
      end })
    assert.equal("no reply to RETR: limit", result.checks[1].reason)
  end)

  it("has numbers that no maildrop has", function()
    local run = server()
    for _, number in ipairs(helper.some({ "99999999999999999999",
        "9223372036854775808", "9223372036854775807",
        "00000000000000000000001" }, 1)) do
      for _, from in ipairs { "\n1 %d+", "\n1 ", "^%+OK %d+ %d+", "%d+" } do
        report.text(look_at(run, { delete = true, only = {
          "STAT-format", "LIST-format", "LIST-octets-as-STAT", "RETR",
          "LIST-one-as-LIST", "UIDL-numbers-as-LIST", "UIDL-one-as-UIDL",
          "UIDL-persistent", "LIST-past-the-last", "PIPELINING-in-transaction",
          "UTF8-then-login", "STAT-without-the-deleted" } }, {
          reply = function(octets, line)
            if not line:find "^[SLU][TI][ADS][TL]" then return octets end
            return (octets:gsub(from, function(found)
              return (found:gsub("%d+", number))
            end))
          end }))
      end
    end
  end)

  it("sends random replies", function()
    local run = server()
    local pieces = { "+OK", "-ERR", " ", "\r\n", "\n", ".", "..", "1", " 2 ", "0",
                     "[", "]", "/", "<a@b>", "+ ", "=", "\0", "\xFF", "AUTH",
                     "SASL PLAIN", "LANG", "UTF8", "LOGIN-DELAY x", "EXPIRE",
                     "\r\n.\r\n", "+OK 3 4\r\n", "+OK\r\n1 a\r\n.\r\n" }
    for seed in helper.sweep(1, 4, 2) do
      local result = look_at(run, { delete = true }, {
        reply = function(octets, line, state)
          if line == "greeting" then return octets end
          state.seed = ((state.seed or seed * 7919 + #line) * 1103515245 + 12345)
                       & 0x7fffffff
          if state.seed >> 8 & 3 ~= 0 then return octets end
          local parts, n = {}, state.seed
          for i = 1, 1 + (n >> 10) % 12 do
            n = (n * 1103515245 + 12345) & 0x7fffffff
            parts[i] = pieces[1 + (n >> 8) % #pieces]
          end
          return table.concat(parts) .. "\r\n"
        end })
      assert.equal(235, #result.checks)
      local all = report.text(result) .. report.tap(result)
                  .. report.json(result)
      assert.is_nil(all:find "[^\n\32-\126]")
      assert.is_nil(all:find(core.sasl.encode("\0mrose\0" .. PASSWORD), 1, true))
    end
  end)

  it("has STLS, but no CAPA to say so", function()
    local run = server { capa = false, tls = "auto" }
    local result = look_at(run, { only = { "STLS-announced-and-there" } })
    assert.match("^STLS works, and CAPA is refused", failed(result):match ": (.*)")
  end)
end)
