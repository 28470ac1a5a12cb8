-- No message, log line, reply or error holds a password or an APOP digest,
-- whatever the server does with it.

local helper = require "spec.helper"

local fails = helper.fails

local SECRET = "hunter2 is it"
local STAMP = "<1896.697170952@dbc.mtview.ca.us>"
local DIGEST = "c4c9334bac560ecc979e58001b3e22fb"

-- All text in a value, keys too.
local function text_of(value, seen)
  if type(value) ~= "table" then return tostring(value) end
  seen = seen or {}
  if seen[value] then return "" end
  seen[value] = true
  local out = {}
  for k, v in pairs(value) do
    out[#out + 1] = text_of(k, seen) .. "\n" .. text_of(v, seen)
  end
  return table.concat(out, "\n")
end

-- Nothing secret in any of these.
local function clean(...)
  local text = text_of { ... }
  for _, secret in ipairs { SECRET, DIGEST, "hunter2", "tanstaaf" } do
    assert.is_nil(text:find(secret, 1, true), text)
  end
end

-- A session with a log. Returns it, its log and the peer.
local function session(script, peer_opts, opts)
  local log = {}
  local all = { log = function(from, line) log[#log + 1] = from .. " " .. line end }
  for k, v in pairs(opts or {}) do all[k] = v end
  local peer = helper.peer(script, peer_opts)
  return assert(helper.connect(peer, all)), log, peer
end

local USER = { mechs = { "USER" } }

describe("a password", function()
  local echoes = {
    "-ERR no such password: %s", "-ERR [%s] bad", "-ERR %s%s", "-ERR x%sx%s",
    "-ERR PASS %s refused", "-ERR [AUTH] %s",
  }
  for _, echo in ipairs(echoes) do
    local octets = echo:gsub("%%s", SECRET) .. "\r\n"
    it("is masked where its refusal repeats it: " .. echo, function()
      for split = 1, #octets - 1 do
        local s, log = session({ "+OK", helper.USER,
                                 { "PASS " .. SECRET, { octets } } },
                               { split = 10 + split })
        local message, reply = fails("auth", s:login("mrose", SECRET, USER))
        clean(message, reply, log)
        assert.is_truthy(message:find("***", 1, true))
        assert.are.equal("C PASS ***", log[4])
        assert.is_truthy(log[5]:find("***", 1, true))
      end
    end)
  end

  it("is masked in a reply to a later command", function()
    local s, log = session { "+OK", helper.USER, { "PASS " .. SECRET, "+OK" },
                             { "STAT", "-ERR after PASS " .. SECRET },
                             { "NOOP", "+OK " .. SECRET },
                             { "XFOO", "+OK " .. SECRET .. " again" },
                             { "LIST", "-ERR " .. SECRET },
                             { "RETR 1", "-ERR " .. SECRET },
                             { "RETR 1", "-ERR " .. SECRET },
                             { "QUIT", "-ERR " .. SECRET } }
    assert.is_true(s:login("mrose", SECRET, USER))
    clean(s:stat())
    clean(s:noop())
    assert.are.equal("*** again", s:command "XFOO")
    clean(s:list())
    clean(s:retr(1))
    clean(s:retr(1, function(...) clean(...) return true end))
    clean(s:quit())
    clean(log)
  end)

  it("is masked in a malformed reply", function()
    for _, line in ipairs { SECRET, "500 PASS " .. SECRET, "+OK" .. SECRET } do
      local s, log = session { "+OK", helper.USER,
                               { "PASS " .. SECRET, line } }
      local message = fails("proto", s:login("mrose", SECRET, USER))
      clean(message, log)
      assert.is_truthy(message:find("***", 1, true))
    end
  end)

  it("is not shown when the line that repeats it never ends", function()
    local s, log = session({ "+OK", helper.USER,
                             { "PASS " .. SECRET,
                               { "-ERR " .. SECRET:rep(5000) } } })
    clean(fails("limit", s:login("mrose", SECRET, USER)))
    clean(log)
  end)

  it("of a failed attempt is masked after a good one", function()
    local s, log = session { "+OK", helper.USER, { "PASS tanstaaf", "-ERR" },
                             helper.USER, helper.PASS,
                             { "NOOP", "-ERR tanstaaf" } }
    fails("auth", s:login("mrose", "tanstaaf", USER))
    assert.is_true(s:login("mrose", "secret", USER))
    clean(s:noop())
    clean(log)
  end)

  it("of one letter hides the text of its refusal, and no other text", function()
    local s, log = session { "+OK", helper.USER, { "PASS e", "-ERR not e" },
                             { "LANG en", "+OK yes" } }
    local _, reply = fails("auth", s:login("mrose", "e", USER))
    assert.are.equal("***", reply.text)
    assert.are.equal("-ERR ***", log[5]:sub(3))
    assert.are.equal("yes", s:command "LANG en")
  end)

  it("does not hide a response code that has a meaning", function()
    local s = session { "+OK", helper.USER, { "PASS USE", "-ERR [IN-USE] x" } }
    local _, reply = fails("err", s:login("mrose", "USE", USER))
    assert.are.equal("IN-USE", reply.code)
  end)

  it("does not hide numbers that contain it", function()
    local s = session { "+OK", helper.USER, { "PASS 12345", "+OK" },
                        { "STAT", "+OK 1 12345" }, { "UIDL 1", "+OK 1 12345" },
                        { "LIST 1", "+OK 1 12345" },
                        { "UIDL", "+OK\r\n1 12345\r\n.\r\n" } }
    assert.is_true(s:login("mrose", "12345", USER))
    assert.same({ 1, 12345 }, { s:stat() })
    assert.are.equal("12345", s:uidl(1))
    assert.are.equal(12345, s:list(1))
    assert.same({ "12345" }, (s:uidl()))
  end)

  it("is masked when it is sent by command", function()
    local s, log = session { "+OK", helper.USER,
                             { "pass " .. SECRET, "-ERR " .. SECRET } }
    s:command "USER mrose"
    clean(s:command("pass " .. SECRET))
    clean(log)
    assert.are.equal("C pass ***", log[4])
  end)

  it("is in no message when the link fails", function()
    for _, ending in ipairs { "closed", "timeout", "connection reset" }
    do
      local peer = helper.peer({ "+OK", helper.USER, { "~PASS", "+OK" } },
                               { stop = 10, ending = ending })
      clean(helper.connect(peer, { user = "mrose", password = SECRET,
                                   mechs = { "USER" } }))
    end
  end)

  it("is not stored in the session or its name", function()
    local s = session { "+OK", helper.USER, { "PASS " .. SECRET, "+OK" } }
    assert.is_true(s:login("mrose", SECRET, USER))
    clean(tostring(s))
    clean(text_of(s, { [s.link] = true }))  -- the link has the peer
  end)
end)

describe("an APOP digest", function()
  it("is masked in the log and where the server repeats it", function()
    local reply_octets = "-ERR [AUTH] APOP mrose " .. DIGEST .. " is wrong\r\n"
    for split = 1, #reply_octets - 1 do
      local greeting = "+OK " .. STAMP .. "\r\n"
      local s, log = session({ greeting, { "APOP mrose " .. DIGEST,
                                           { reply_octets } } },
                             { split = #greeting + split })
      local message, reply = fails("auth", s:login("mrose", "tanstaaf",
                                                   { mechs = { "APOP" } }))
      clean(message, reply, log)
      assert.are.equal("APOP mrose *** is wrong", reply.text)
      assert.are.equal("C APOP mrose ***", log[2])
    end
  end)
end)

describe("the log", function()
  it("has each command and status line, in order, and no bodies", function()
    local s, log = session { "+OK ready", helper.USER, helper.PASS,
                             { "STAT", "+OK 1 6" },
                             { "RETR 1", helper.multi("6 octets", "body\r\n") },
                             { "DELE 2", "-ERR [X] none" }, { "QUIT", "+OK" } }
    s:login("mrose", "secret", USER)
    s:stat()
    s:retr(1)
    s:dele(2)
    s:quit()
    assert.same({ "S +OK ready", "C USER mrose", "S +OK", "C PASS ***", "S +OK",
                  "C STAT", "S +OK 1 6", "C RETR 1", "S +OK 6 octets",
                  "C DELE 2", "S -ERR [X] none", "C QUIT", "S +OK" }, log)
  end)

  it("has a sent command when no reply came", function()
    local s, log = session { "+OK", { "CAPA", { helper.SILENCE } } }
    fails("timeout", s:capa())
    assert.same({ "S +OK", "C CAPA" }, log)
  end)

  it("that raises an error passes it on, and the session stays in step",
     function()
    local raise
    local s = session({ "+OK", { "CAPA", "+OK\r\nTOP\r\n.\r\n" },
                        { "LANG", helper.multi("", "en English\r\n") } }, nil, {
      log = function() if raise then error("disk full", 0) end end })
    raise = true
    local ok, err = pcall(s.capa, s)
    assert.same({ false, "disk full" }, { ok, err })
    raise = false
    assert.same({ { tag = "en", description = "English" } }, (s:lang()))
  end)
end)
