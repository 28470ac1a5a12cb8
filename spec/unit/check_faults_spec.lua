-- The conformance checker can fail: for each check there is a server that breaks just
-- that rule, and the check finds it.

if os.getenv "LPOP3_SANITIZED" then return end

local bend = require "spec.support.bend"
local check = require "pop3.check"
local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"

local PASSWORD = "secret word"
local MAIL = {
  "Subject: one\r\n\r\nfirst\r\n.dot\r\n..\r\nlast\r\n",
  "Subject: two\r\n\r\n" .. ("a line\r\n"):rep(50),
  "Subject: three\r\n\r\nx\r\n",
}

local cert, key = core.certificate { subject = "localhost",
                                     names = { "localhost" } }
local dir = helper.directory()
local credentials = { cert = dir:write("cert.pem", cert),
                      key = dir:write("key.pem", key) }
-- clients trust another certificate, so that this one is not valid
local cafile = dir:write("ca.pem", (core.certificate { subject = "another CA",
                                                       is_ca = true }))

-- The mechanisms with a password; PLAIN is named first.
local mechs = { "PLAIN" }
for _, name in ipairs(require "pop3.check.login".mechs) do
  if name ~= "PLAIN" then mechs[#mechs + 1] = name end
end

-- The outcome of one check against a server changed so.
local function outcome(name, case)
  local opts = { apop = true, tls = credentials,
                 mechs = mechs,
                 users = { mrose = { password = PASSWORD, mail = MAIL } } }
  for option, value in pairs(case.server or {}) do opts[option] = value end
  local result = assert(check {
    transport = bend.transport(pop3.server.new(opts), case),
    tls = case.tls or "none", cafile = cafile, verify = case.verify,
    user = "mrose", password = PASSWORD, delete = true,
    only = { name, case.also } })
  assert.equal(case.also and 2 or 1, #result.checks)
  return result.checks[#result.checks]
end

local cases = {}

-- ------------------------------------------------------- ways to bend a server

-- A reply in the server's place. 'where' is "in" for after a login, "out" for
-- before it.
local function says(pattern, octets, where)
  return { command = function(line, state)
    if line:find(pattern) and (not where or where == "in" and state.inside
                               or where == "out" and not state.inside) then
      return octets
    end
  end }
end

-- A reply that is changed.
local function changes(pattern, from, to, n)
  return { reply = function(octets, line)
    if line:find(pattern) then return (octets:gsub(from, to, n)) end
    return octets
  end }
end

local function greets(octets)
  return changes("^greeting$", "^.*$", octets, 1)
end

local function warns(case)
  case.result = "warn"
  return case
end

local function with(case, more)
  for name, value in pairs(more) do case[name] = value end
  return case
end

-- It sends the octets, and hangs up at the next command.
local function ends(pattern, octets)
  return { command = function(line, state)
    if state.over then return false end
    if line:find(pattern) then
      state.over = true
      return octets
    end
  end }
end

-- ------------------------------------------------------- RFC 1939, before login

cases["greeting-positive"] = greets "-ERR no\r\n"
cases["greeting-line-end"] = greets "+OK hi\n"
cases["greeting-length"] = greets("+OK " .. ("x"):rep(600) .. "\r\n")
cases["greeting-one-line"] = greets "+OK hi\r\n+OK more\r\n"
cases["quit-in-authorization"] = says("^QUIT", "-ERR no\r\n")
cases["quit-ends-the-link"] = with(says("^QUIT", "+OK\r\n"), { waits = true })
cases["keyword-case-in-authorization"] = says("^qUiT", "-ERR no\r\n")
cases["unknown-command-in-authorization"] = says("^XCHECK", "+OK\r\n")
cases["session-survives-unknown-command"] = warns(ends("^XCHECK", "-ERR\r\n"))
cases["empty-line"] = says("^\r\n", "+OK\r\n")
for _, line in ipairs { "STAT", "LIST", "LIST 1", "RETR 1", "DELE 1", "NOOP",
                        "RSET", "TOP 1 0", "UIDL" } do
  cases[line:match "%u+" .. (line == "LIST 1" and "-1" or "")
        .. "-before-login"] = says("^" .. line .. "\r", "+OK 1 1\r\n", "out")
end
cases["USER-without-name"] = says("^USER\r", "+OK\r\n")
cases["PASS-without-USER"] = says("^PASS", "+OK\r\n")
cases["APOP-without-arguments"] = says("^APOP\r", "+OK\r\n")
cases["login"] = says("^PASS", "-ERR no\r\n")
cases["USER-and-PASS"] = warns(says("^USER", "-ERR no\r\n"))
cases["USER-reveals-nobody"] = warns(says("^USER nobody", "-ERR who\r\n"))
cases["PASS-wrong"] = says("^PASS wrong", "+OK\r\n")
cases["PASS-wrong-stays-out"] = says("^STAT", "+OK 0 0\r\n", "out")
cases["APOP-stamp-format"] = with(greets "+OK <stamp>\r\n",
                                  says("^APOP", "+OK\r\n"))
cases["APOP-stamp-changes"] = with(greets "+OK <1@x>\r\n",
                                   says("^APOP", "+OK\r\n"))
cases["APOP-login"] = warns(says("^APOP", "-ERR no\r\n"))
cases["APOP-wrong"] = says("^APOP", "+OK\r\n")
cases["APOP-not-offered"] = with(says("^APOP", "+OK\r\n"),
                                 { server = { apop = false } })
for _, verb in ipairs { "USER", "PASS", "APOP" } do
  cases[verb .. "-after-login"] = says("^" .. verb .. " x", "+OK\r\n", "in")
end
cases["maildrop-locked"] = warns(changes("^PASS", "^%-ERR", "+OK"))
cases["lock-released"] = with(says("^QUIT", "+OK\r\n", "in"),
                              { waits = true })

-- --------------------------------------------------------- RFC 1939, after it

cases["keyword-case-in-transaction"] = says("^sTaT", "-ERR\r\n")
cases["unknown-command-in-transaction"] = says("^XCHECK", "+OK\r\n")
cases["STAT-format"] = changes("^STAT", "%+OK.*", "+OK 3\r\n")
cases["STAT-nothing-more"] = warns(changes("^STAT", "\r", " more\r"))
cases["LIST-format"] = changes("^LIST\r", "\n2 ", "\n2  ")
cases["LIST-nothing-more"] = warns(changes("^LIST\r", "(\n2 %d+)", "%1 more"))
cases["LIST-numbers"] = changes("^LIST\r", "\n2 ", "\n5 ")
cases["LIST-count-as-STAT"] = changes("^LIST\r", "\n3 %d+\r", "")
cases["LIST-octets-as-STAT"] = warns(changes("^STAT", "3 %d+", "3 7"))
cases["LIST-one-as-LIST"] = changes("^LIST 2", "2 %d+", "2 7")
cases["UIDL-format"] = changes("^UIDL\r", "\n2 %S+", "\n2 " .. ("u"):rep(71))
cases["UIDL-numbers-as-LIST"] = changes("^UIDL\r", "\n3 [^\n]*", "")
cases["UIDL-unique"] = changes("^UIDL\r", "(\n%d+) [^\r]*", "%1 same")
cases["UIDL-one-as-UIDL"] = changes("^UIDL 2", "2 %S+", "2 another")
cases["UIDL-persistent"] = { reply = function(octets, line, state)
  if not line:find "^UIDL" then return octets end
  -- the state is that of one connection
  return (octets:gsub("(\n%d+ [^\r]+)", ("%%1-%p"):format(state)))
end }
cases["NOOP"] = says("^NOOP", "-ERR\r\n", "in")
cases["RSET"] = says("^RSET", "-ERR\r\n", "in")
cases["QUIT-in-transaction"] = says("^QUIT", "-ERR\r\n", "in")
local numbers = { zero = "0", ["past-the-last"] = "4", negative = "%-1",
                  huge = "9999+", ["no-number"] = "abc" }
for _, verb in ipairs { "LIST", "UIDL", "RETR", "TOP", "DELE" } do
  for name, number in pairs(numbers) do
    cases[verb .. "-" .. name] =
      says(("^%s %s[ \r]"):format(verb, number), "+OK 1 1\r\n", "in")
  end
  cases[verb .. "-with-more"] = says("^" .. verb .. " 1 [02] ?%d?\r", "+OK\r\n",
                                     "in")
end
cases["TOP-with-more"] = says("^TOP 1 0 0", "+OK\r\n", "in")
for _, verb in ipairs { "STAT", "NOOP", "RSET" } do
  cases[verb .. "-with-more"] = says("^" .. verb .. " 1", "+OK\r\n", "in")
end
cases["RETR-without-argument"] = says("^RETR\r", "+OK\r\n", "in")
cases["TOP-without-argument"] = says("^TOP\r", "+OK\r\n", "in")
cases["TOP-1-without-argument"] = says("^TOP 1\r", "+OK\r\n", "in")
cases["DELE-without-argument"] = says("^DELE\r", "+OK\r\n", "in")

cases["RETR"] = says("^RETR", "-ERR\r\n", "in")
cases["RETR-size-as-LIST"] = changes("^RETR 2", "a line", "a longer line", 1)
cases["RETR-line-ends"] = changes("^RETR 2", "a line\r", "a line", 1)
cases["RETR-no-bare-CR"] = warns(changes("^RETR 2", "a line", "a\rline", 1))
cases["RETR-terminator"] = changes("^RETR 3", "\n%.\r\n$", "\n.\n")
cases["RETR-dots-stuffed"] = changes("^RETR 1", "\n%.%.dot", "\n.dot")
cases["RETR-again"] = { reply = function(octets, line, state)
  if not line:find "^RETR 2" then return octets end
  state.times = (state.times or 0) + 1
  return state.times > 1 and octets:gsub("a line", "b line", 1) or octets
end }
cases["RETR-keeps-messages"] = { reply = function(octets, line, state)
  -- a fetched message is not there any more
  state.left = (state.left or 9) - (line:find "^RETR" and 1 or 0)
  if line:find "^STAT" then return ("+OK %d 0\r\n"):format(state.left) end
  return octets
end }
cases["TOP-0"] = changes("^TOP 2 0", "\r\n%.\r\n$", "\r\nmore\r\n.\r\n")
cases["TOP-1"] = changes("^TOP 2 1", "a line\r\n", "")
cases["TOP-all"] = changes("^TOP 2 9", "a line\r\n", "", 1)
cases["TOP-negative-lines"] = says("^TOP 1 %-1", "+OK\r\n", "in")
cases["TOP-lines-no-number"] = says("^TOP 1 abc", "+OK\r\n", "in")

-- ------------------------------------------------------------------- odd lines

for _, size in ipairs { 300, 2000, 100000 } do
  cases[("line-of-%d-octets"):format(size)] = says("^XCHECK x", "+OK\r\n")
end
cases["server-survives-long-line"] = says("^QUIT", "-ERR\r\n")
cases["command-of-255-octets"] = ends("^USER xxxx", "-ERR too long\r\n")
cases["NUL-in-a-command"] = says("^QU%zIT", "+OK\r\n")
cases["8-bit-octets-in-a-command"] = says("^QU\xC3", "+OK\r\n")
cases["bare-LF"] = with(says("^XCHECK", ""), { waits = true })
cases["bare-LF"].command = function(line) return line ~= "" and "" or nil end
cases["bare-CR"] = says("^QUIT\rX", "+OK\r\n")
cases["line-in-pieces"] = says("^QUIT", "-ERR\r\n")
cases["half-a-command-then-close"] = says("^QUIT", "-ERR\r\n")
cases["close-before-the-greeting"] = says("^QUIT", "-ERR\r\n")
cases["half-a-command-is-none"] = says("^NOOP", "-ERR\r\n", "in")

-- -------------------------------------------------------------------- RFC 2449

cases["CAPA-format"] = changes("^CAPA", "\nTOP", "\n.\1TOP")
cases["CAPA-once-each"] = warns(changes("^CAPA", "\nTOP\r", "\nTOP\r\nTOP\r"))
cases["CAPA-in-transaction"] = says("^CAPA", "-ERR\r\n", "in")
cases["CAPA-in-both-states"] = { reply = function(octets, line, state)
  if not (line:find "^CAPA" and state.inside) then return octets end
  return (octets:gsub("\nUSER\r", ""))
end }
cases["CAPA-arguments-in-both-states"] = { reply = function(octets, line, state)
  if not (line:find "^CAPA" and state.inside) then return octets end
  return (octets:gsub("\nSASL PLAIN", "\nSASL"))
end }
cases["CAPA-with-argument"] = says("^CAPA x", "+OK\r\n.\r\n")
cases["CAPA-case"] = says("^capa", "-ERR\r\n")
cases["session-survives-CAPA"] = ends("^CAPA", "+OK\r\nTOP\r\n.\r\n")
for _, tag in ipairs { "TOP", "USER", "RESP-CODES", "PIPELINING", "UIDL",
                       "AUTH-RESP-CODE", "STLS", "LANG" } do
  cases[tag .. "-has-no-arguments"] =
    changes("^CAPA", "(\n" .. tag:gsub("-", "%%-") .. ")\r", "%1 x\r")
end
cases["TOP-announced-and-there"] = says("^TOP", "-ERR\r\n", "in")
cases["UIDL-announced-and-there"] = warns(changes("^CAPA", "\nUIDL\r", ""))
cases["USER-announced-and-there"] = warns(says("^USER", "-ERR\r\n"))
cases["LOGIN-DELAY-format"] = changes("^CAPA", "\nTOP",
                                      "\nLOGIN-DELAY soon\r\nTOP")
cases["EXPIRE-format"] = changes("^CAPA", "EXPIRE NEVER", "EXPIRE 3 days")
local function announces(before, after)
  return { reply = function(octets, line, state)
    if not line:find "^CAPA" then return octets end
    return (octets:gsub("\nEXPIRE NEVER", "\n" .. (state.inside and after
                                                  or before)))
  end }
end
cases["LOGIN-DELAY-before-and-after-login"] =
  announces("LOGIN-DELAY 0", "LOGIN-DELAY 1")
cases["EXPIRE-before-and-after-login"] = announces("EXPIRE NEVER", "EXPIRE 9")
cases["LOGIN-DELAY-enforced"] = warns(announces("LOGIN-DELAY 60",
                                                "LOGIN-DELAY 60"))
cases["IMPLEMENTATION-format"] = warns(changes("^CAPA", " lpop3", ""))
cases["SASL-format"] = changes("^CAPA", "SASL PLAIN", "SASL plain")
cases["PIPELINING-in-authorization"] = says("^CAPA\r", "-ERR\r\n")
cases["PIPELINING-in-authorization"].command = function(line, state)
  if line:find "^XCHECK" then state.batch = true end
  if line:find "^CAPA" and state.batch then return "-ERR\r\n" end
end
cases["PIPELINING-in-transaction"] = { command = function(line, state)
  if line:find "^XCHECK" then return "+OK\r\n" end
  state.any = true
end }
cases["PIPELINING-of-RETR"] = { reply = function(octets, line, state)
  -- the batch begins with the second RETR 1
  if not line:find "^RETR" then return octets end
  state.times = (state.times or 0) + 1
  return state.times == 5 and octets:gsub("a line", "b line", 1) or octets
end }
cases["PIPELINING-of-a-login"] = { command = function(line, state)
  if line:find "^STAT" and state.inside then return "-ERR\r\n" end
end }
cases["maildrop-in-use-has-its-code"] =
  warns(changes("^PASS", "%[IN%-USE%] ", ""))

-- -------------------------------------------------------------------- RFC 2595

local function tls(keep)
  return { keep = keep,
    context = core.tls_context { server = true, cert = cert, key = key },
    command = function(line)
      if line:find "^STLS" then return "STLS" end
    end }
end

cases["STLS"] = says("^STLS", "-ERR\r\n")
cases["certificate"] = warns(tls(false))
cases["STLS-announced-and-there"] = says("^STLS", "-ERR\r\n")
cases["STLS-with-argument"] = says("^STLS x", "+OK\r\n")
cases["STLS-goes-on-in-authorization"] = tls(false)
cases["STLS-goes-on-in-authorization"].command = function(line)
  if line:find "^STLS" then return "STLS" end
  if line:find "^STAT" then return "+OK 0 0\r\n" end
end
cases["STLS-has-no-second-greeting"] = tls(true)
cases["STLS-has-no-second-greeting"].command = function(line)
  if line:find "^STLS" then return "STLS" end
  if line:find "^XCHECK" then return "+OK hello again\r\n-ERR\r\n" end
end
cases["CAPA-behind-STLS"] = tls(false)
cases["CAPA-behind-STLS"].command = function(line, state)
  if line:find "^STLS" then
    state.tls = true
    return "STLS"
  end
  if state.tls then return "-ERR\r\n" end
end
cases["STLS-not-announced-under-TLS"] = tls(false)
cases["STLS-not-announced-under-TLS"].command = function(line, state)
  if not line:find "^STLS" then return nil end
  state.times = (state.times or 0) + 1
  return state.times > 1 and "-ERR\r\n" or "STLS"
end
cases["STLS-under-TLS"] = warns(tls(false))
cases["STLS-under-TLS"].command = function(line, state)
  if line:find "^STLS" then
    if state.tls then return "+OK\r\n" end
    state.tls = true
    return "STLS"
  end
end
cases["STLS-injection"] = tls(true)
cases["STLS-in-transaction"] = says("^STLS", "+OK\r\n", "in")
cases["STLS-not-announced-in-transaction"] = { reply = function(octets, line,
                                                                state)
  if not (state.inside and line:find "^CAPA") then return octets end
  return (octets:gsub("\nTOP", "\nSTLS\r\nTOP"))
end }
cases["login-behind-STLS"] = tls(false)
cases["login-behind-STLS"].command = function(line, state)
  if line:find "^STLS" then
    state.tls = true
    return "STLS"
  end
  if line:find "^PASS" and state.tls then return "-ERR\r\n" end
end

cases["PLAIN-under-TLS"] = warns(with(tls(false), {
  tls = "stls", verify = false,
  reply = changes("^CAPA", "SASL PLAIN", "SASL X").reply }))

for name, case in pairs(require "spec.support.bent_extensions" {
  says = says, changes = changes, warns = warns, with = with, ends = ends,
}) do
  cases[name] = case
end

describe("pop3.check finds defects", function()
  teardown(function() dir:__close() end)

  local list = {}
  for name in pairs(cases) do list[#list + 1] = name end
  table.sort(list)
  for _, name in ipairs(list) do
    local case = cases[name]
    it(name, function()
      local found = outcome(name, case)
      assert.equal(case.result or "fail", found.result,
                   found.reason or "no reason")
      assert.is_nil(found.reason:find "the TLS handshake fails")
      assert.truthy(case.waits or not found.reason:find "timeout")
      assert.truthy(#found.evidence > 0 or found.rfc == 3206
                    or name:find "^repl[yi]" or name:find "^response")
    end)
  end
end)

-- The server is far away, which is in check_spec.lua; has no CAPA, which is no
-- fault; takes no space in a password, and then the login is what fails.
local spared = { ["passwords-need-TLS"] = true, ["PLAIN-needs-TLS"] = true,
                 ["PASS-with-spaces"] = true, ["CAPA"] = true }

describe("the list of checks", function()
  it("has each under one name, each with a server that breaks it", function()
    local result = assert(check {
      transport = bend.transport(pop3.server.new(), {}), tls = "none" })
    assert.equal(235, #result.checks)  -- as the README says
    local seen = {}
    for _, c in ipairs(result.checks) do
      assert.is_nil(seen[c.name], c.name)
      seen[c.name] = true
      assert.truthy(cases[c.name] or spared[c.name],
                    "no server breaks " .. c.name)
    end
    for name in pairs(cases) do assert.truthy(seen[name], name) end
  end)
end)
