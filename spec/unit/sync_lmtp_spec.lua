-- Delivery by LMTP (lua/pop3/sync/lmtp.lua).

local core = require "pop3.core"
local helper = require "spec.helper"
local lmtp = require "spec.support.lmtp"
local pop3 = require "pop3"

local MAIL = "Subject: a\r\n\r\n.dot\r\n..\r\nend\r\n"

describe("pop3.lmtp", function()
  local server

  after_each(function()
    if server then server:close() end
    server = nil
  end)

  local function into(opts, more)
    server = lmtp(opts)
    local all = { host = server.host, port = server.port,
                  to = { "me@b.example" } }
    for name, value in pairs(more or {}) do all[name] = value end
    local made = pop3.lmtp(all)
    assert(made:open { wait = server:hook() })
    return made
  end

  local function deliver(to, mail, id, mark)
    local d = assert(to:begin { number = 1, id = id or "id1", uid = "u",
                                mark = mark })
    assert(d:write(mail or MAIL))
    return d:commit()
  end

  it("transmits messages over one connection", function()
    local to = into()
    assert.is_true(deliver(to))
    assert.is_true(deliver(to, "A: b\r\n\r\nno end of line", "id2"))
    assert.is_true(deliver(to, "", "id3"))
    to:close()
    server:work()
    assert.equal(1, server.connections)
    assert.same({
      { to = "me@b.example", text = MAIL },
      { to = "me@b.example", text = "A: b\r\n\r\nno end of line\r\n" },
      { to = "me@b.example", text = "" },
    }, server.mail)
    assert.same({
      "LHLO " .. core.hostname(),
      "MAIL FROM:<> SIZE=" .. #MAIL .. " BODY=8BITMIME",
      "RCPT TO:<me@b.example>", "DATA",
    }, { table.unpack(server.log, 1, 4) })
    assert.equal("QUIT", server.log[#server.log])
  end)

  it("uses only the extensions that the server has", function()
    for extensions, line in pairs {
      [{}] = "", [{ "SIZE" }] = " SIZE=" .. #MAIL,
      [{ "8bitmime", "X" }] = " BODY=8BITMIME",
    } do
      local to = into({ extensions = extensions }, { from = "a@b" })
      assert.is_true(deliver(to))
      assert.equal("MAIL FROM:<a@b>" .. line, server.log[2])
      server:close()
    end
  end)

  it("reads replies that come in pieces", function()
    for slice = 1, 12 do
      local to = into({ slice = slice }, { to = { "a@b", "c@d" } })
      assert.is_true(deliver(to))
      assert.equal(2, #server.mail)
      to:close()
      server:close()
    end
  end)

  it("waits for a server that hears it late", function()
    local to = into()
    local work, calls = server.work, 0
    function server.work(self)
      calls = calls + 1
      if calls % 2 == 0 then work(self) end
    end
    assert.is_true(deliver(to))
    assert.equal(1, #server.mail)
  end)

  it("transmits big messages from the spool", function()
    local to = into()
    local mail = "A: b\r\n\r\n" .. (("x"):rep(70) .. "\r\n.\r\n"):rep(2000)
    assert.is_true(deliver(to, mail))
    assert.equal(mail, server.mail[1].text)
  end)

  it("adds header fields only on request", function()
    local to = into(nil, { fields = { received = true } })
    assert.is_true(deliver(to))
    assert.matches("^Received: by .- with POP3 id id1;\r\n\t.-\r\nSubject: a",
                   server.mail[1].text)
  end)

  it("tells later from never by the replies", function()
    for _, what in ipairs { "MAIL", "RCPT", "DATA", "message" } do
      for reply, how in pairs { ["451 4.3.0 not now"] = false,
                                ["552 5.2.2 too big"] = "reject" } do
        local bad = true
        local to = into { answer = function(w) return w == what and bad and reply end }
        local ok, message, got = deliver(to)
        assert.is_nil(ok)
        assert.matches(reply:gsub("%p", "%%%0"), message)
        assert.matches("127.0.0.1:" .. server.port, message, 1, true)
        assert.equal(how or nil, got, what)
        assert.same({}, server.mail)
        bad = false
        assert.is_true(deliver(to))  -- the connection is of use still
        assert.equal(1, server.connections)
        server:close()
      end
    end
  end)

  it("does not blame the message for a server that does not talk", function()
    for what, reply in pairs { greeting = "554 go away", LHLO = "500 what?" } do
      for _, said in ipairs { reply, "421 busy", "close", "rubbish" } do
        local to = into { answer = function(w) return w == what and said end }
        local ok, message, how = deliver(to)
        assert.is_nil(ok)
        assert.equal(said == reply and "io" or "connect", how, message)
        assert.is_nil(message:find "%c")
        server:close()
      end
    end
    local to = into()
    server:close()
    local _, message, how = deliver(to)
    assert.equal("connect", how)
    assert.matches("^connect: 127%.0%.0%.1:%d+: .*refused", message)
  end)

  it("makes a new connection after 421 or a lost one", function()
    for _, what in ipairs { "MAIL", "RCPT", "DATA" } do
      for _, reply in ipairs { "421 4.3.2 shutting down", "close" } do
        local times = 0
        local to = into { answer = function(w)
          times = w == what and times + 1 or times
          return w == what and times == 2 and reply
        end }
        assert.is_true(deliver(to))
        assert.is_true(deliver(to, MAIL, "id2"))
        assert.equal(2, server.connections, what)
        assert.equal(2, #server.mail)
        server:close()
      end
    end
  end)

  it("does not try again when the message may have arrived", function()
    for reply, result in pairs { close = "unknown",
                                 ["421 4.3.2 shutting down"] = false } do
      local bad = true
      local to = into { answer = function(w)
        return w == "message" and bad and reply
      end }
      local ok, message, how = deliver(to)
      assert.is_nil(ok)
      assert.equal(result or nil, how)
      assert.is_string(message)
      assert.equal(1, server.connections)
      bad = false
      assert.is_true(deliver(to))
      assert.equal(2, server.connections)
      server:close()
    end
  end)

  it("delivers to each recipient once", function()
    local bad = "452 4.2.2 full"
    local to = into({ answer = function(w, line)
      if w == "RCPT" and line:find "c@d" then return bad end
      if w == "message" and line == "e@f" then return bad end
    end }, { to = { "a@b", "c@d", "e@f" } })
    local ok, message, how, mark = deliver(to)
    assert.is_nil(ok)
    assert.is_nil(how)
    assert.matches("452 4.2.2 full", message)
    assert.equal("delivered to a@b", mark)
    bad = nil
    assert.is_true(deliver(to, nil, nil, mark))
    local got = {}
    for i, m in ipairs(server.mail) do got[i] = m.to end
    assert.same({ "a@b", "c@d", "e@f" }, got)
    -- another message goes to all
    assert.is_true(deliver(to, MAIL, "id2"))
    assert.equal(6, #server.mail)
    -- 4xx goes before 5xx: the message is tried again
    bad = "550 5.1.1 nobody"
    to = into({ answer = function(w, line)
      if w == "RCPT" and line:find "c@d" then return bad end
      if w == "message" and line == "e@f" then return "450 later" end
    end }, { to = { "a@b", "c@d", "e@f" } })
    ok, message, how = deliver(to)
    assert.is_nil(ok)
    assert.is_nil(how)
    assert.matches("450 later", message)
  end)

  it("gives up when the server is silent", function()
    for _, what in ipairs { "greeting", "LHLO", "MAIL", "DATA", "message" } do
      local to = into { answer = function(w) return w == what and "silence" end }
      local ok, message = deliver(to)
      assert.is_nil(ok)
      assert.matches("timeout", message)
      server:close()
    end
  end)

  it("works over a Unix socket", function()
    local dir <close> = helper.directory()
    local path = dir.path .. "/lmtp"
    server = lmtp()
    server.listener:close()
    server.port = nil
    server.listener = assert(require "socket.unix".stream())
    assert(server.listener:bind(path))
    assert(server.listener:listen())
    server.listener:settimeout(0)
    local to = pop3.lmtp { path = path, to = { "me@b.example" } }
    to:open { wait = server:hook() }
    assert.is_true(deliver(to))
    assert.equal(MAIL, server.mail[1].text)
    to:close()
    to = pop3.lmtp { path = path .. "x", to = { "me@b.example" } }
    local _, message, how = deliver(to)
    assert.matches("lmtpx: No such file or directory", message)
    assert.equal("connect", how)
  end)

  it("says so when the spool fails", function()
    local to = into(nil, { spool = "/nonexistent" })
    local d = assert(to:begin { number = 1, id = "x" })
    local ok, message, how = d:write(("x"):rep(100000))
    assert.is_nil(ok)
    assert.matches("/nonexistent: No such file", message)
    assert.equal("io", how)
    d:abort()
  end)

  it("refuses misuse at the caller's line", function()
    helper.misuse("either host and port, or path", function()
      pop3.lmtp { to = { "a@b" } }
    end)
    helper.misuse("either host and port, or path", function()
      pop3.lmtp { to = { "a@b" }, host = "x", port = 24, path = "/x" }
    end)
    helper.misuse("must name a recipient", function()
      pop3.lmtp { path = "/x", to = {} }
    end)
    for _, bad in ipairs { "a b", "<a@b>", "a\r\nDATA" } do
      helper.misuse("a recipient", function()
        pop3.lmtp { path = "/x", to = { bad } }
      end)
      helper.misuse("the sender", function()
        pop3.lmtp { path = "/x", to = { "a@b" }, from = bad }
      end)
    end
  end)
end)
