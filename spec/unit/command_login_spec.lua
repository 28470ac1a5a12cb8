-- `pop3 login`, against the test server and its faults.

local core = require "pop3.core"
local columns = require "pop3.command.columns"
local dkjson = require "dkjson"
local fetch_command = require "spec.support.fetch_command"
local helper = require "spec.helper"
local pop3 = require "pop3"

local USERS = { mrose = { password = "secret", token = "a.token",
                          mail = { "A: b\r\n\r\nc\r\n" } } }

local function server(opts)
  local all = { users = USERS }
  for name, value in pairs(opts) do all[name] = value end
  return pop3.server.new(all):fork()
end

-- Runs with a server: `run(words...)` gives status, output, errors.
local function with(opts, use)
  local there <close> = server(opts)
  local place <close> = fetch_command.place { POP3_PASSWORD = "secret" }
  return use(function(url, ...)
    url = url:gsub("PORT", math.tointeger(there.port))
    local words = { url, ... }
    if there.cafile then
      words[#words + 1] = "--cafile"
      words[#words + 1] = there.cafile
    end
    return place.main("login", table.unpack(words))
  end, place, there)
end

local function has(text, ...)
  for _, part in ipairs { ... } do
    assert.is_truthy(text:find(part, 1, true), part .. "\nis not in\n" .. text)
  end
end

describe("pop3 login", function()
  it("shows TLS, certificate, capabilities, mechanisms and the maildrop", function()
    for _, implicit in ipairs { true, false } do
      with({ tls = "auto", implicit = implicit, mechs = { "SCRAM-SHA-256", "PLAIN" } },
           function(run)
        local status, out, err = run((implicit and "pops" or "pop")
                                     .. "://mrose@localhost:PORT")
        assert.same({ 0, "" }, { status, err })
        has(out, "TLSv1.3", "CN=localhost", "CN=lpop3 test CA", "days left",
            "capabilities  ", "mechanisms    SCRAM-SHA-256 (used)\n",
            "\n              PLAIN\n", "\n              USER\n",
            "login         mrose by SCRAM-SHA-256",
            "mailbox       1 message, 11 octets")
      end)
    end
  end)

  it("shows the server alone without a user", function()
    with({ tls = "auto", implicit = true }, function(run, place)
      place.env.POP3_PASSWORD = nil
      local status, out, err = run "pops://localhost:PORT"
      assert.same({ 0, "" }, { status, err })
      has(out, "greeting      +OK", "mechanisms    USER")
      assert.is_nil(out:find("\nlogin", 1, true))
    end)
  end)

  it("prints JSON", function()
    with({ tls = "auto", implicit = true }, function(run)
      local status, out = run("mrose@localhost:PORT", "--json")
      assert.equal(0, status)
      local all = assert(dkjson.decode(out))
      assert.equal("USER", all.mechanism)
      assert.equal(1, all.messages)
      assert.equal("TLSv1.3", all.tls.version)
      assert.equal("CN=localhost", all.certificate.subject)
      assert.same({ "localhost", "127.0.0.1", "0:0:0:0:0:0:0:1" },
                  all.certificate.names)
      assert.same({ { name = "USER" } }, all.mechanisms)
      assert.is_nil(out:find("secret", 1, true))
      status, out = run("mrose@localhost:PORT", "--json", "--mech", "XOAUTH2")
      assert.equal(3, status)
      all = assert(dkjson.decode(out))
      assert.equal("auth", all.failure.code)
      assert.equal(1, #all.advice)
    end)
  end)

  it("fits into the width of the terminal", function()
    with({ tls = "auto", implicit = true }, function(run, place)
      for _, width in ipairs { 60, 80, 132 } do
        place.columns = width
        for _, words in ipairs { { "mrose@localhost:PORT" },
                                 { "mrose@localhost:PORT", "--mech", "APOP" } } do
          local _, out, err = run(table.unpack(words))
          local said = err:gsub("^pop3:[^\n]*\n", "")
          for line in (out .. said):gsub("\27%[%d*m", ""):gmatch "[^\n]+" do
            assert.is_true(columns.of(line) <= width, line)
          end
        end
      end
    end)
  end)

  it("names the defect of a certificate", function()
    for kind, texts in pairs {
      expired = { "has expired on ", "EXPIRED" },
      ["wrong-host"] = { "not for localhost: use that name" },
      ["self-signed"] = { "is self-signed", "issuer      itself" },
      ["not-yet-valid"] = { "is valid only from " },
    } do
      with({ tls = kind, implicit = true }, function(run, place, there)
        local status, out, err = run "pops://mrose@localhost:PORT"
        assert.equal(3, status)
        has(out, "\n  problem     ", "\ncertificate   CN=")
        has(out .. err, table.unpack(texts))
        has(err, "pop3: login: connect: localhost:", "certificate refused", "\n- ",
            "--fingerprint with its SHA-256")
        assert.equal(0, there:count "USER")
        local print = out:match "SHA%-256 +(%x+)\n"
        status, out = run("pops://mrose@localhost:PORT", "--fingerprint", print)
        assert.equal(0, status, out)
        has(out, "\n  problem     ", "login         mrose by")
        status, out, err = run("pops://mrose@localhost:PORT", "--fingerprint",
                               ("0"):rep(64))
        assert.equal(3, status, out)
        for wanted, expected in pairs { [print] = 0, [("0"):rep(64)] = 3 } do
          assert.equal(expected, (place.main("list", "pops://mrose@localhost:"
            .. math.tointeger(there.port), "--fingerprint", wanted)))
        end
        has(err, "another certificate than the one that --fingerprint names")
        assert.equal(0, (run("pops://mrose@localhost:PORT", "--no-verify")))
      end)
    end
    with({ tls = "auto", implicit = true }, function(_, place, there)
      local status, _, err = place.main("login", "mrose@localhost:" .. there.port)
      assert.equal(3, status)
      has(err, 'The issuer is not trusted here: "CN=lpop3 test CA"')
    end)
  end)

  it("names the protocol of the port", function()
    with({ tls = "auto", implicit = true }, function(run, _, there)
      for _, words in ipairs { { "pop://mrose@localhost:PORT" },
                               { "pops://mrose@localhost:PORT", "--tls", "none" } } do
        local status, _, err = run(words[1], "--timeout", "1",
                                   table.unpack(words, 2))
        assert.equal(3, status)
        has(err, "speaks TLS at once on this port: use pops://localhost:"
                 .. math.tointeger(there.port))
      end
    end)
    with({ tls = "auto" }, function(run)
      local status, _, err = run "pops://mrose@localhost:PORT"
      assert.equal(3, status)
      has(err, "without TLS at first on this port, and has STLS: use pop://localhost:")
    end)
    with({}, function(run)
      local status, _, err = run "pops://mrose@localhost:PORT"
      assert.equal(3, status)
      has(err, "does not offer STLS")
      status, _, err = run "pop://mrose@localhost:PORT"
      assert.equal(3, status)
      has(err, "Try pops:// on port 995")
    end)
    for text, line in pairs { ["like IMAP"] = "* OK IMAP4rev1 ready",
                              ["like SMTP or FTP"] = "220 mx ESMTP",
                              ["like SSH"] = "SSH-2.0-OpenSSH_9" } do
      with({ faults = { { hook = "connect", reply = line } } }, function(run)
        local status, _, err = run("pop://mrose@localhost:PORT", "--tls", "none")
        assert.equal(3, status, err)
        has(err, text)
      end)
    end
  end)

  it("says why the host cannot be reached", function()
    local place <close> = fetch_command.place { POP3_PASSWORD = "x" }
    local status, out, err = place.main("login", "u@no-such-host.invalid")
    assert.equal(75, status)
    has(out, "server        no-such-host.invalid:995, TLS at once")
    has(err, "The name does not resolve")
    local socket <close> = assert(core.fd(assert(require "socket".bind("127.0.0.1", 0))
                                          :getfd()))
    local port = select(3, socket:name())
    socket:close()
    status, out, err = place.main("login", "u@127.0.0.1:" .. port)
    assert.is_nil(out:find("greeting", 1, true))
    assert.equal(75, status)
    has(err, "Nothing listens on port " .. port)
    with({ faults = { { hook = "connect", cut = { bytes = 0 } } } }, function(run)
      local why = select(3, run("pop://u@localhost:PORT", "--tls", "none"))
      has(why, "closed the connection")
    end)
  end)

  it("says why a login was refused", function()
    with({ apop = true, mechs = { "PLAIN" } }, function(run, place)
      place.env.POP3_PASSWORD = "wrong"
      local status, out, err = run("pop://mrose@localhost:PORT", "--tls", "none")
      assert.equal(3, status)
      has(out, "mechanisms    PLAIN\n", "TLS           none")
      has(err, "[AUTH]", "does not accept this user with this secret")
      assert.is_nil(err:find "wrong")
    end)
    for code, text in pairs { ["IN-USE"] = "has the mailbox open",
                              ["LOGIN-DELAY"] = "between two logins",
                              ["SYS/TEMP"] = "temporary failure",
                              ["SYS/PERM"] = "administrator" } do
      with({ faults = { { verb = "PASS", reply = "-ERR [" .. code .. "] no" } } },
           function(run)
        local status, _, err = run("pop://mrose@localhost:PORT", "--tls", "none")
        assert.equal(code == "SYS/PERM" and 3 or 75, status)
        has(err, "[" .. code .. "]", text)
      end)
    end
  end)

  it("says which mechanisms cannot be used, and why", function()
    with({ mechs = { "PLAIN", "OAUTHBEARER" }, capa = { authorization = {
           "SASL NTLM OAUTHBEARER PLAIN" } } }, function(run)
      local status, out, err = run("pop://mrose@localhost:PORT", "--tls", "none",
                                   "--mech", "SCRAM-SHA-256")
      assert.equal(3, status, out)
      has(out, "OAUTHBEARER - it needs a token", "NTLM - not supported")
      has(err, "--mech names")
      status, out = run("pop://mrose@localhost:PORT", "--tls", "none",
                        "--token-command", "echo a.token")
      assert.equal(0, status)
      has(out, "OAUTHBEARER (used)")
    end)
  end)

  it("does not send a password without TLS to another machine", function()
    local diagnosis = require "pop3.command.mailbox.diagnosis"
    local list = diagnosis.of_login({ code = "auth", message = "m" },
      { { name = "USER", why = "a cleartext password would cross" } }, {})
    has(list[1], "--insecure")
  end)

  it("makes the server's text harmless", function()
    with({ faults = { { hook = "connect", reply = "+OK \27]0;x\7 hi\u{202E}" } } },
         function(run)
      local _, out, err = run("pop://mrose@localhost:PORT", "--tls", "none")
      assert.is_nil((out .. err):find "[\0-\9\11-\31]")
      assert.is_nil((out .. err):find("\u{202E}", 1, true))
    end)
  end)

  it("goes through a proxy", function()
    with({ tls = "auto", implicit = true }, function(run, place)
      local status, _, err = run("mrose@localhost:PORT", "--proxy",
                                 "socks5://127.0.0.1:1")
      assert.equal(75, status)
      has(err, "refused")
      place.env.POP3_PROXY = "http://a:b@127.0.0.1:1"
      status, _, err = run "mrose@localhost:PORT"
      assert.equal(75, status)
      assert.is_nil(err:find("a:b", 1, true))
    end)
  end)
end)

if os.getenv "LPOP3_SANITIZED" then return end

local command = require "spec.support.command"

describe("the prompt for a password", function()
  -- Types a line as soon as something asks for it, and returns the output.
  local function typing(words, line)
    local dir <close> = helper.directory()
    local program = [[
import os, pty, sys
words = sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    for name in ('POP3_PASSWORD', 'NETRC'): os.environ.pop(name, None)
    os.environ['HOME'] = '/nonexistent'
    os.execvp(words[0], words)
seen = b''
typed = False
while True:
    try: part = os.read(fd, 4096)
    except OSError: break
    if not part: break
    seen += part
    if not typed and b'Password for ' in seen and seen.endswith(b': '):
        typed = True
        os.write(fd, sys.argv[1].encode())
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.buffer.write(b'%d\n' % status + seen)
]]
    local line_words = { "python3", dir:write("type.py", program), line }
    for word in command.program:gmatch "%S+" do line_words[#line_words + 1] = word end
    table.move(words, 1, #words, #line_words + 1, line_words)
    for i, word in ipairs(line_words) do
      line_words[i] = helper.quote(word)
    end
    local pipe <close> = assert(io.popen(table.concat(line_words, " ")))
    local status, text = pipe:read "a":match "^(-?%d+)\n(.*)$"
    return tonumber(status), text
  end

  it("does not show the typed secret", function()
    with({}, function(_, _, there)
      local url = "pop://mrose@127.0.0.1:" .. math.tointeger(there.port)
      local status, text = typing({ "list", url, "--tls", "none" }, "secret\n")
      assert.equal(0, status, text)
      has(text, "Password for mrose@127.0.0.1:", "     1      11  ")
      assert.is_nil(text:find("secret", 1, true))
      status, text = typing({ "list", url, "--tls", "none" }, "\n")
      assert.equal(3, status)
      has(text, "there is no password", "nothing was typed")
      status, text = typing({ "list", url, "--tls", "none" }, "sec\3")
      assert.equal(3, status)
      has(text, "interrupted")
      status, text = typing({ "list", url, "--tls", "none" }, "\4")
      assert.equal(3, status)
      has(text, "nothing was typed")
    end)
  end)
end)
