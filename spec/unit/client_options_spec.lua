-- Options of pop3.connect for servers that break rules.

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"

local fails, misuse, multi = helper.fails, helper.misuse, helper.multi

local function server(opts)
  local all = { tls = "auto", implicit = true,
                users = { mrose = { password = "secret",
                                    mail = { "A: b\r\n\r\nc\r\n" } } } }
  for name, value in pairs(opts or {}) do all[name] = value end
  return assert(pop3.server.new(all))
end

local function connect(s, opts)
  local all = { transport = s:loopback(), tls = "implicit",
                servername = "localhost", user = "mrose", password = "secret" }
  for name, value in pairs(opts or {}) do all[name] = value end
  return pop3.connect(all)
end

describe("the TLS of a session", function()
  it("can be looked at while there is some", function()
    local s = server { implicit = false }
    local c = assert(pop3.connect { transport = s:loopback(), cafile = s.cafile,
                                    servername = "localhost" })
    assert.is_nil(c:tls_info())
    assert.is_true(c:stls())
    local info = c:tls_info()
    assert.match("^TLSv1%.[23]$", info.version)
    assert.is_string(info.cipher)
    assert.is_false(info.reused)
    assert.is_string(info.peer.fingerprint)
    assert.is_table(info.peer.chain)
    c:quit()
    assert.is_nil(c:tls_info())
  end)
end)

describe("verify as a function", function()
  it("gets the certificate, and nil when it is valid", function()
    local s = server()
    local seen, problem
    local c <close> = assert(connect(s, { cafile = s.cafile,
      verify = function(certificate, what)
        seen, problem = certificate, what
        return true
      end }))
    assert.is_true(c:is_secure())
    assert.is_nil(problem)
    assert.is_string(seen.subject)
    assert.is_string(seen.pin)
    assert.is_string(seen.fingerprint)
    assert.is_string(seen.not_after)
  end)

  it("gets the problem, and decides", function()
    local s = server()
    local answers = { [true] = true, yes = true }
    for answer, good in pairs { [true] = true, yes = true, [false] = false } do
      local problem
      local before = s:count "PASS"
      local c, message, code = connect(s, { verify = function(_, what)
        problem = what
        return answer
      end })
      assert.is_string(problem)
      assert.is_truthy(answers[answer] == (good or nil))
      if good then
        assert.is_true(c:is_secure())
        c:close()
      else
        fails("tls", c, message, code)
        assert.equal(before, s:count "PASS")
      end
    end
  end)

  it("that returns nothing refuses, and one that fails passes its error",
     function()
    local s = server()
    fails("tls", connect(s, { verify = function() end }))
    local ok, err = pcall(connect, s, { verify = function() error "odd" end })
    assert.is_false(ok)
    assert.truthy(tostring(err):find("odd", 1, true))
    assert.equal(0, s:count "PASS")
  end)

  it("works with STLS, and with resumed sessions", function()
    local s = server { implicit = false }
    local asked = 0
    local opts = { tls = "stls", verify = function()
      asked = asked + 1
      return true
    end }
    local c = assert(connect(s, opts))
    c:close()
    opts.resume = c
    local d <close> = assert(connect(s, opts))
    assert.is_true(asked >= 1)
    assert.is_true(d:is_secure())
  end)

  it("is used by the link of the checker and the recorder", function()
    local trust = require "pop3.transport.tls".trust({
      host = "localhost", verify = function() return true end }, "spec", 1)
    local Link = require "pop3.transport.link"
    local object = require "pop3.transport.object"
    local link = Link.over(object(server():loopback()))
    assert.is_true(link:start_tls(trust))
    assert.truthy(link:line(512):find "^%+OK")
    link:close()
  end)
end)

describe("fingerprint", function()
  it("is that of the whole certificate, beside the check of the chain or alone", function()
    local s = server()
    local print
    connect(s, { verify = function(certificate)
      print = certificate.fingerprint
      return true
    end }):close()
    local other = ("0"):rep(64)
    for _, given in ipairs { print, print:upper(), { other, print } } do
      connect(s, { cafile = s.cafile, fingerprint = given }):close()
      connect(s, { verify = false, fingerprint = given }):close()
    end
    fails("tls", connect(s, { cafile = s.cafile, fingerprint = other }))
    fails("tls", connect(s, { verify = false, fingerprint = { other } }))
    fails("tls", connect(s, { fingerprint = print }))  -- the chain is not valid
  end)

  it("of a wrong form is misuse, as a pin", function()
    for text, opts in pairs {
      ["a fingerprint must be"] = { fingerprint = "abc" },
      ["a pin must be"] = { pin = "abc" },
      ["security_level"] = { security_level = 17 },
    } do
      opts.host = "h"
      misuse("connect: ", function() local _ = pop3.connect(opts) end)
      local err = misuse(text, function() local _ = pop3.connect(opts) end)
      assert.is_nil(err:find("tls: ", 1, true))
    end
  end)
end)

describe("min_version, ciphers and security_level", function()
  it("let an old server be reached when asked to", function()
    local s = server { tls = { auto = true, max_version = "TLSv1" } }
    local function try(opts)
      opts.verify = false
      return connect(s, opts)
    end
    assert(try { min_version = "TLSv1" }):close()
    assert(try { min_version = "TLSv1", security_level = 0 }):close()
    fails("tls", try {})
    fails("tls", try { min_version = "TLSv1.2" })
    fails("tls", try { min_version = "TLSv1", security_level = 2 })
  end)

  it("let a server with a weak key be reached when asked to", function()
    local s = server { tls = "weak-key" }
    for level, good in pairs { [0] = true, [1] = true, [2] = false,
                               [3] = false } do
      local c, message, code = connect(s, { cafile = s.cafile,
                                            security_level = level })
      if good then c:close() else fails("tls", c, message, code) end
    end
    fails("tls", connect(s, { cafile = s.cafile }))
  end)

  it("do not help with a server that wants a client certificate: the error says so", function()
    for version, alert in pairs { ["TLSv1.2"] = "handshake failure",
                                  ["TLSv1.3"] = "certificate required" } do
      local s = server { tls = { auto = true, client_cert = "required",
                                 max_version = version } }
      local message = fails("tls", connect(s, { cafile = s.cafile }))
      assert.truthy(message:find(alert, 1, true), message)
    end
  end)

  it("choose the cipher", function()
    local s = server()
    connect(s, { verify = false, ciphers = "TLS_AES_128_GCM_SHA256" }):close()
    local message = fails("tls", connect(s, { verify = false,
                                              ciphers = "NONE-SUCH" }))
    assert.truthy(message:find("NONE-SUCH", 1, true))
    fails("tls", connect(s, { crlfile = "/none" }))
  end)
end)

describe('tls = "stls?"', function()
  local function try(opts, client)
    opts.implicit = false
    local s = server(opts)
    local all = { tls = "stls?", cafile = s.cafile }
    for name, value in pairs(client or {}) do all[name] = value end
    return s, connect(s, all)
  end

  it("uses STLS where the server has it", function()
    local s, c = try {}
    assert.is_true(c:is_secure())
    assert.equal(1, s:count "STLS")
    c:close()
  end)

  it("goes on without TLS where STLS is missing or refused", function()
    local s, c = try { tls = false }
    assert.is_false(c:is_secure())
    assert.equal(0, s:count "STLS")
    c:close()
    s, c = try { faults = { { verb = "STLS", reply = "-ERR not now" } } }
    assert.is_false(c:is_secure())
    assert.equal(1, s:count "STLS")
    c:close()
    s, c = try { capa = false }
    assert.is_false(c:is_secure())
    assert.equal(0, s:count "STLS")
    c:close()
  end)

  it("fails for a certificate that is not valid, and for injected octets",
     function()
    local s, c, message, code = try({}, { cafile = false or nil,
                                          servername = "mail.example" })
    fails("tls", c, message, code)
    assert.equal(0, s:count "PASS")
    s, c, message, code = try { faults = {
      { verb = "STLS", append = "+OK injected\r\n" } } }
    fails("tls", c, message, code)
    assert.equal(0, s:count "PASS")
  end)

  it("keeps a password from an open connection to a foreign host", function()
    local peer = helper.peer({ "+OK", { "CAPA", "-ERR" } }, { foreign = true })
    local message = fails("auth", pop3.connect {
      transport = peer, servername = "h", tls = "stls?", user = "mrose",
      password = "secret" })
    assert.truthy(message:find("without TLS", 1, true))
  end)

  it("is never a default", function()
    assert.equal("stls", (require "pop3.client.url" "pop://h").tls)
    assert.equal(110, require "pop3.util.address".default_port "stls?")
  end)
end)

describe("pipeline and ignore", function()
  it("keep the client from false capabilities", function()
    for _, opts in ipairs { { pipeline = false }, { ignore = { "PIPELINING" } },
                            { ignore = { "pipelining" } } } do
      local script = { { "CAPA", multi("", "PIPELINING\r\nTOP\r\n") } }
      if opts.pipeline == false then script = {} end
      for n = 1, 5 do
        script[#script + 1] = { "RETR " .. n, multi("", "x\r\n") }
      end
      local s, peer = helper.login(script, nil, opts)
      assert.equal(5, s:retr_many({ 1, 2, 3, 4, 5 }, function() end))
      assert.equal(1, peer.most)
    end
  end)

  it("exclude a mechanism", function()
    local peer = helper.peer { "+OK",
      { "CAPA", multi("", "SASL CRAM-MD5 PLAIN\r\nTOP\r\n") },
      { "~^AUTH PLAIN", "+OK" } }
    local s = assert(helper.connect(peer, { user = "mrose", password = "secret",
                                            ignore = { "sasl cram-md5", "TOP" } }))
    assert.equal("transaction", s:state())
    peer = helper.peer { "+OK", { "CAPA", multi("", "SASL CRAM-MD5\r\nTOP\r\n") } }
    s = assert(helper.connect(peer, { ignore = { "SASL", "TOP" } }))
    assert.same({}, s:capa())
    assert.is_false(s:supports "TOP")
  end)

  it("must be names of capabilities", function()
    misuse("ignore", function()
      local _ = pop3.connect { host = "h", ignore = { 1 } }
    end)
  end)
end)

describe("retry", function()
  local function try(fault, retry, timeout)
    local s = server { tls = false, implicit = false }
    s:fault(fault)
    local run = s:fork()
    local waits = {}
    local c, message, code, reply = pop3.connect {
      host = "127.0.0.1", port = run.port, tls = "none", user = "mrose",
      password = "secret", retry = retry, timeout = timeout,
      wait = function(fd, mode, seconds)
        if seconds == 7 then
          waits[#waits + 1] = seconds
          return nil, "timeout"
        end
        return core.poll(fd, mode, seconds)
      end }
    local sessions = run:count "USER"
    run:stop()
    return waits, sessions, c, message, code, reply
  end

  it("connects again after a temporary failure", function()
    for _, code in ipairs { "IN-USE", "LOGIN-DELAY", "SYS/TEMP" } do
      local waits, sessions, c = try(
        { verb = "PASS", times = 2, reply = "-ERR [" .. code .. "] later" },
        { attempts = 3, wait = 7 })
      assert.equal("transaction", c:state())
      assert.same({ 7, 7 }, waits)
      assert.equal(3, sessions)
      c:close()
    end
    local waits, _, c = try({ hook = "connect", times = 1,
                              reply = "-ERR [SYS/TEMP] full" }, { wait = 7 })
    assert.equal("transaction", c:state())
    assert.equal(1, #waits)
    c:close()
  end)

  it("stops after that number of attempts, and at once after other failures", function()
    local waits, sessions, c, message, code, reply = try(
      { verb = "PASS", reply = "-ERR [IN-USE] later" }, { attempts = 2, wait = 7 })
    fails("err", c, message, code, reply)
    assert.equal("IN-USE", reply.code)
    assert.equal(1, #waits)
    assert.equal(2, sessions)
    waits, sessions, c, message, code, reply = try(
      { verb = "PASS", reply = "-ERR no" }, { attempts = 5, wait = 7 })
    fails("auth", c, message, code, reply)
    assert.equal(0, #waits)
    assert.equal(1, sessions)
    waits, sessions = try({ verb = "PASS", reply = "-ERR [IN-USE] later" })
    assert.equal(0, #waits)
    assert.equal(1, sessions)
  end)

  it("does not go beyond timeout.total", function()
    local waits, sessions, c, message, code, reply = try(
      { verb = "PASS", reply = "-ERR [IN-USE] later" },
      { attempts = 100, wait = 90 }, { total = 60 })
    fails("err", c, message, code, reply)
    assert.equal(0, #waits)
    assert.equal(1, sessions)
  end)

  it("is checked", function()
    for text, opts in pairs {
      ["retry: attempts"] = { host = "h", retry = { attempts = 0 } },
      ["retry: wait"] = { host = "h", retry = { wait = -1 } },
      ["unknown option 'often'"] = { host = "h", retry = { often = 1 } },
      ["with a transport"] = { transport = helper.peer { "+OK" }, retry = {} },
    } do
      misuse(text, function() local _ = pop3.connect(opts) end)
    end
  end)
end)

describe("cancel", function()
  it("ends a call that waits in another coroutine", function()
    local ours, theirs = core.socketpair()
    helper.say(theirs, "+OK\r\n")
    local waiting
    local s = assert(helper.connect(ours:detach(), {
      wait = function(fd, mode, seconds)
        if coroutine.isyieldable() then
          waiting = { fd, mode }
          coroutine.yield()
          -- the descriptor wakes up
          assert(core.poll(fd, mode, 30))
          return true
        end
        return core.poll(fd, mode, seconds)
      end }))
    local co = coroutine.create(function() return s:capa() end)
    assert(coroutine.resume(co))
    assert.is_table(waiting)
    s:cancel()
    local _, value, message, code = coroutine.resume(co)
    fails("closed", value, message, code)
    assert.truthy(message:find("cancelled", 1, true))
    assert.equal("closed", s:state())
    fails("closed", s:noop())
    theirs:close()
  end)

  it("of an idle session closes it, and says why", function()
    local s, peer = helper.login {}
    s:cancel "the user left"
    assert.equal("closed", s:state())
    assert.equal(1, peer.closed)
    s:cancel()
    fails("closed", s:noop())
  end)

  it("differs from close, which a callback may call, too", function()
    for _, log in ipairs { false, function() end } do
      for _, sink in ipairs { false, function() return true end } do
        local s
        s = helper.login({ { "RETR 1", { "+OK\r\n", "A: b\r\n", ".\r\n" } } }, {}, {
          log = log or nil,
          progress = function(label)
            if label == "RETR 1" then s:close() end
          end })
        fails("closed", s:retr(1, sink or nil))
        assert.equal("closed", s:state())
      end
    end
  end)

  it("ends a call that waits in another coroutine, as close does", function()
    local stalling = require "pop3.server".new { users = { mrose = {
      password = "secret" } } }
    stalling:fault { verb = "STAT", stall = true }
    local run <close> = stalling:fork()
    local s = assert(pop3.connect { host = "127.0.0.1", port = run.port, tls = "none",
      user = "mrose", password = "secret", wait = helper.yield_or_poll })
    local co = coroutine.create(function() return s:stat() end)
    assert(coroutine.resume(co))
    s:close()
    local ran, value, message, code = coroutine.resume(co)
    assert.is_true(ran)
    fails("closed", value, message, code)
  end)

  it("works in the callback progress, which gets octets", function()
    local body = ("x"):rep(98) .. "\r\n"
    local told, s = {}, nil
    local function progress(command, octets)
      told[#told + 1] = { command, octets }
      if s and octets >= 500 and command == "RETR 2" then s:cancel "enough" end
    end
    s = helper.login({ { "RETR 1", multi("", body:rep(10)) },
                       { "RETR 2", multi("", body:rep(10)) } }, { chunk = 100 },
                     { progress = progress })
    assert.equal(1000, #s:retr(1))
    assert.same({ "RETR 1", 100 }, told[#told - 10])
    assert.same({ "RETR 1", 1009 }, told[#told])
    local message = fails("closed", s:retr(2))
    assert.truthy(message:find("enough", 1, true), message)
    assert.same({ "RETR 2", 500 }, told[#told])
    assert.equal("closed", s:state())
  end)
end)
