-- Servers that break a rule of RFC 5034, 6856, 3206, of deletions, or of all
-- replies: for spec/unit/check_faults_spec.lua, by the name of the check.

local core = require "pop3.core"

local sasl = core.sasl

return function(ways)
  local says, changes, warns, with, ends = ways.says, ways.changes, ways.warns,
                                           ways.with, ways.ends
  local cases = {}

  -- ------------------------------------------------------------------ RFC 5034

  cases["AUTH-without-argument"] = says("^AUTH\r", "+OK\r\nno mech\r\n.\r\n")
  cases["AUTH-unknown-mechanism"] = says("^AUTH X", "+OK\r\n")
  cases["AUTH-with-more"] = says("^AUTH PLAIN %S+ %S+\r", "+OK\r\n")
  cases["AUTH-cancel"] = says("^%*\r", "+OK\r\n")
  cases["session-survives-AUTH-cancel"] = warns(ends("^%*\r", "-ERR\r\n"))
  cases["AUTH-not-base64"] = says("^!not", "+OK\r\n")
  cases["AUTH-initial-not-base64"] = says("^AUTH PLAIN !!", "+OK\r\n")
  cases["AUTH-initial-empty"] = says("^AUTH PLAIN =", "+OK\r\n")
  cases["AUTH-initial-to-server-first"] = warns(says("^AUTH CRAM%-MD5 %S+\r",
                                                     "+ PDFAeD4=\r\n"))
  cases["AUTH-stays-out"] = says("^STAT", "+OK 0 0\r\n", "out")
  cases["AUTH-after-login"] = says("^AUTH", "+ \r\n", "in")
  cases["PLAIN-empty-challenge"] = warns(says("^AUTH PLAIN\r", "+ eA==\r\n"))
  cases["PLAIN-with-initial-response"] = says("^AUTH PLAIN %S", "-ERR no\r\n")
  for _, mech in ipairs(require "pop3.check.login".mechs) do
    cases[mech .. "-login"] = says("^AUTH " .. mech:gsub("-", "%%-") .. "\r",
                                   "-ERR no\r\n")
  end
  -- a server that lets SCRAM's client in without its own proof
  cases["SCRAM-SHA-256-login"] = { command = function(line, state)
    if line:find "^AUTH SCRAM" then
      state.scram = true
      return "+ \r\n"
    elseif state.scram then
      return "+OK\r\n"
    end
  end }
  cases["CRAM-MD5-challenge"] = says("^AUTH CRAM", "+ eA==\r\n")
  cases["CRAM-MD5-challenge-changes"] = says("^AUTH CRAM", "+ PDFAeD4=\r\n")
  for _, hash in ipairs { "SHA-1", "SHA-256", "SHA-512" } do
    local verifier = {}
    verifier.salt, verifier.iterations = "salt", 100
    verifier.stored_key, verifier.server_key =
      sasl.verifier(hash:lower():gsub("-", ""), "secret word", "salt", 100)
    cases["SCRAM-" .. hash .. "-iterations"] = warns {
      server = { users = { mrose = { password = "secret word", mail = { "x" },
        scram = { ["SCRAM-" .. hash] = verifier } } } } }
  end
  cases["PLAIN-wrong"] = says("^AUTH PLAIN %S", "+OK\r\n")

  -- ------------------------------------------------------------------ RFC 3206

  for verb, pattern in pairs { PASS = "^PASS wrong", APOP = "^APOP",
                               AUTH = "^AUTH PLAIN %S" } do
    cases["AUTH-code-of-" .. verb] = changes(pattern, "%[AUTH%] ", "")
  end
  for code, name in pairs { ["IN-USE"] = "IN-USE", UTF8 = "UTF8",
                            ["LOGIN-DELAY/5"] = "LOGIN-DELAY" } do
    cases[name .. "-code-where-it-belongs"] =
      changes("^greeting", "%+OK", "+OK [" .. code .. "]")
  end
  cases["RESP-CODES-announced"] = warns { reply = function(octets, line)
    if line == "greeting" then return (octets:gsub("%+OK", "+OK [IN-USE]")) end
    return (octets:gsub("\nRESP%-CODES\r", ""))
  end }
  cases["AUTH-code-where-it-belongs"] = changes("^greeting", "%+OK",
                                                "+OK [AUTH]")
  cases["SYS-code-format"] = changes("^greeting", "%+OK", "-ERR [SYS/OTHER]")
  cases["response-code-format"] = changes("^greeting", "%+OK", "+OK [a b]")
  cases["response-codes-known"] = warns(changes("^greeting", "%+OK",
                                                "+OK [NEW]"))

  -- ------------------------------------------------------------------ RFC 6856

  cases["UTF8-arguments"] = changes("^CAPA", "\nUTF8\r", "\nUTF8 x\r")
  cases["UTF8-before-login"] = warns(says("^UTF8", "-ERR\r\n"))
  cases["UTF8-with-argument"] = says("^UTF8 x", "+OK\r\n")
  cases["UTF8-after-login"] = says("^UTF8", "+OK\r\n", "in")
  cases["UTF8-then-login"] = { command = function(line, state)
    if line:find "^UTF8" then state.utf8 = true end
    if line:find "^PASS" and state.utf8 then return "-ERR\r\n" end
  end }
  cases["UTF8-then-STLS"] = { command = function(line, state)
    if line:find "^UTF8" then state.utf8 = true end
    if line:find "^STLS" and state.utf8 then return false end
  end }
  cases["header-is-ASCII-without-UTF8"] = changes("^RETR 1", "Subject: one",
                                                  "Subject: \xC3\xA9")
  cases["LANG-list"] = warns(says("^LANG\r", "-ERR\r\n"))
  cases["LANG-choice"] = says("^LANG en\r", "+OK\r\n")
  cases["LANG-preferred"] = warns(says("^LANG %*", "-ERR\r\n"))
  cases["LANG-unknown"] = says("^LANG q", "+OK qxx hello\r\n")
  cases["LANG-in-transaction"] = says("^LANG", "-ERR\r\n", "in")

  -- ----------------------------------------------------------------- deletions

  cases["DELE"] = says("^DELE", "-ERR\r\n", "in")
  for _, line in ipairs { "DELE 1", "LIST 1", "RETR 1", "UIDL 1", "TOP 1 0" } do
    local marked = says("^DELE", nil)
    marked.command = function(command, state)
      if state.marked and command:find("^" .. line .. "\r") then
        return "+OK 1 1\r\n"
      end
      state.marked = state.marked or command:find "^DELE"
    end
    cases[line:match "%u+" .. "-of-a-deleted-message"] = marked
  end
  -- a server that takes no notice of DELE
  local deaf = says("^DELE 1\r", "+OK\r\n", "in")
  cases["STAT-without-the-deleted"] = deaf
  cases["LIST-without-the-deleted"] = deaf
  cases["UIDL-without-the-deleted"] = deaf
  cases["QUIT-deletes"] = deaf
  cases["QUIT-deletes-the-right-one"] = deaf
  cases["RSET-restores"] = says("^RSET", "+OK\r\n", "in")
  cases["RSET-then-QUIT-deletes-nothing"] = says("^RSET", "+OK\r\n", "in")
  cases["lost-link-deletes-nothing"] = { reply = function(octets, line, state)
    -- as if the session had ended by QUIT
    if line:find "^DELE" then state.deleted = true end
    return octets
  end, at_end = "QUIT\r\n" }

  -- --------------------------------------------------------------- all replies

  cases["reply-length"] = changes("^greeting", "\r", ("x"):rep(600) .. "\r")
  cases["reply-line-end"] = changes("^greeting", "\r", "")
  cases["reply-terminator"] = with(changes("^LIST\r", "\n%.\r\n$", "\n.\n"),
                                   { also = "LIST-format" })
  cases["reply-status-in-upper-case"] = changes("^greeting", "%+OK", "+Ok")
  cases["reply-status"] = changes("^greeting", "%+OK", "220")
  cases["reply-text-is-ASCII"] = warns(changes("^greeting", "\r", " \xC3\xA9\r"))
  return with(cases, {})
end
