-- Messages into files, which appear whole or not at all.

local core = require "pop3.core"
local helper = require "spec.helper"

local fails, multi = helper.fails, helper.multi

local BODY = "A: b\r\n\r\n.one\r\ntwo\0\255\nthree\r\n"
local REPLY = multi("", BODY)
local NOOP = { "NOOP", "+OK" }

local dir

before_each(function() dir = helper.directory() end)
after_each(function() getmetatable(dir).__close(dir) end)

local function session(reply, ...)
  return helper.login({ { "RETR 1", reply or REPLY }, NOOP }, ...)
end

describe("save", function()
  it("writes the message's exact octets and returns how many", function()
    for _, chunk in ipairs { 1, 7, 1000 } do
      local s = session(nil, { chunk = chunk })
      assert.same({ #BODY }, { s:save(1, dir.path .. "/mail.eml") })
      assert.same({ "mail.eml" }, dir:names())
      assert.are.equal(BODY, dir:read "mail.eml")
      assert.is_true(s:noop())
    end
  end)

  it("writes an empty message as an empty file", function()
    local s = session "+OK\r\n.\r\n"
    assert.are.equal(0, s:save(1, dir.path .. "/empty"))
    assert.are.equal("", dir:read "empty")
  end)

  it("replaces a file", function()
    dir:write("mail", ("old and long"):rep(1000))
    assert.are.equal(#BODY, session():save(1, dir.path .. "/mail"))
    assert.are.equal(BODY, dir:read "mail")
    assert.same({ "mail" }, dir:names())
  end)

  it("keeps the old file when it fails", function()
    dir:write("mail", "old")
    fails("err", session("-ERR no"):save(1, dir.path .. "/mail"))
    fails("closed", session { "+OK\r\nab", helper.CLOSED }
                    :save(1, dir.path .. "/mail"))
    assert.are.equal("old", dir:read "mail")
    assert.same({ "mail" }, dir:names())
  end)

  it("takes a path without a directory", function()
    local name = "client_save_spec.tmp"
    local s = session()
    local octets = s:save(1, name)
    os.remove(name)
    assert.are.equal(#BODY, octets)
  end)

  it("takes any name", function()
    for _, name in ipairs { "a b", "-x", "\u{e9}", "a'b\"c", "%s%d" } do
      assert.are.equal(#BODY, session():save(1, dir.path .. "/" .. name))
      assert.are.equal(BODY, dir:read(name))
    end
  end)

  it("closes every file that it opens", function()
    local before = helper.descriptors()
    session():save(1, dir.path .. "/a")
    session("-ERR"):save(1, dir.path .. "/b")
    session { "+OK\r\nab", helper.CLOSED } :save(1, dir.path .. "/c")
    assert.are.equal(before, #core.readdir "/proc/self/fd")
  end)
end)

describe("save leaves no file", function()
  after_each(function() assert.same({}, dir:names()) end)

  it("when the link is lost at any octet", function()
    for stop = 0, #REPLY - 1 do
      for code, ending in pairs { closed = "closed", timeout = "timeout" } do
        local s = session(nil, { stop = helper.LOGIN_OCTETS + stop,
                                 ending = ending })
        fails(code, s:save(1, dir.path .. "/mail"))
        assert.same({}, dir:names())
        assert.are.equal("closed", s:state())
      end
    end
  end)

  it("when the server answers -ERR", function()
    local s = session "-ERR [X] no such message"
    local _, reply = fails("err", s:save(1, dir.path .. "/mail"))
    assert.same({ text = "no such message", code = "X" }, reply)
    assert.is_true(s:noop())
  end)

  it("when the message is too long", function()
    local s = session(nil, nil, { limits = { message = #BODY - 1 } })
    fails("limit", s:save(1, dir.path .. "/mail"))
    assert.is_true(s:noop())
  end)

  it("when the server sends a malformed reply", function()
    fails("proto", session "what?":save(1, dir.path .. "/mail"))
  end)

  it("when the session is in the wrong state or has ended", function()
    local s = helper.connect(helper.peer { "+OK", { "QUIT", "+OK" } })
    fails("state", s:save(1, dir.path .. "/mail"))
    s:quit()
    fails("closed", s:save(1, dir.path .. "/mail"))
  end)

  it("when the directory is not there; nothing is sent", function()
    local s, peer = session()
    local message = fails("io", s:save(1, dir.path .. "/none/mail"))
    assert.is_truthy(message:find("No such file", 1, true))
    assert.are.equal(2, #peer.got)
  end)

  it("when the wait raises an error", function()
    local s, peer = session()
    peer.receive = function() error "cancelled" end
    assert.is_false(pcall(s.save, s, 1, dir.path .. "/mail"))
  end)
end)

describe("save", function()
  it("to a name of a directory or device is code io; nothing is sent", function()
    core.mkdir(dir.path .. "/sub")
    local s, peer = session()
    for _, path in ipairs { dir.path .. "/sub", dir.path .. "/sub/",
                            dir.path, "/dev/null" } do
      fails("io", s:save(1, path))
    end
    assert.same({ "sub" }, dir:names())
    assert.same({}, core.readdir(dir.path .. "/sub"))
    assert.are.equal("other", (core.stat "/dev/null"))
    assert.are.equal(2, #peer.got)
  end)

  it("to a name that becomes a directory meanwhile is code io", function()
    local s = helper.login { { "RETR 1", function()
      core.mkdir(dir.path .. "/mail")
      return REPLY
    end }, NOOP }
    fails("io", s:save(1, dir.path .. "/mail"))
    assert.same({ "mail" }, dir:names())
    assert.is_true(s:noop())
  end)

  it("below a file is code io", function()
    dir:write("file", "")
    fails("io", session():save(1, dir.path .. "/file/mail"))
    assert.same({ "file" }, dir:names())
  end)

  it("on a full disk is code io, leaves nothing, and the session stays in "
     .. "step", function()
    local out = helper.run(([[
      package.path = package.path .. ";./?.lua"
      local core = require "pop3.core"
      local helper = require "spec.helper"
      local dir = %q
      local reply = helper.multi("", (("x"):rep(70) .. "\r\n"):rep(2000))
      for _, chunk in ipairs { 100, 100000 } do
        local s = helper.login({ { "RETR 1", reply }, { "NOOP", "+OK" },
                                 { "RETR 1", helper.multi("", "small\r\n") } },
                               { chunk = chunk })
        local ok, message, code = s:save(1, dir .. "/mail")
        print(ok, code, (message:gsub(dir:gsub("%%p", "%%%%%%0"), "DIR")))
        print(#core.readdir(dir))
        print(s:noop(), s:save(1, dir .. "/small"))
        os.remove(dir .. "/small")
      end
    ]]):format(dir.path), "trap '' XFSZ; ulimit -f 64;")
    assert.are.equal(("nil\tio\tRETR 1: transport: DIR/mail: File too large\n"
                      .. "0\ntrue\t7\n"):rep(2), out)
  end)
end)
