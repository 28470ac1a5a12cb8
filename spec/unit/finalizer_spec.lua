-- Finalizers that use and close objects of pop3.core while methods of these run.

local core = require "pop3.core"
local helper = require "spec.helper"
local tempdir = require "spec.support.tempdir"

-- In a new directory: methods are called with any string as a path.
local function run(script, ...)
  local dir <close> = tempdir()
  local words = { "root=$PWD; cd", dir.path, "&& LUA_PATH=\"$root/?.lua;;\" lua5.4",
                  "$root/" .. script, dir.path, ... }
  local pipe = assert(io.popen(table.concat(words, " ") .. " 2>&1"))
  local text = pipe:read "a"
  return pipe:close() == true, text
end

describe("a finalizer that closes an object", function()
  it("may run at any point of any method of any type", function()
    -- more of them under LPOP3_ALL=1
    local share = helper.all and "0.3" or "0.004"
    local seed = tostring(helper.random(1 << 30))
    local ok, text = run("spec/support/finalizers.lua", share, seed)
    assert.is_true(ok, text)
    assert.matches("^ok %d+ %d+\n$", text)
  end)

  it("may be older than the object when the state closes", function()
    local ok, text = run "spec/support/at_exit.lua"
    assert.is_true(ok, text)
    assert.equal("ok\n", text)
  end)
end)

describe("an object that a finalizer makes", function()
  it("outlives what ran while it was made", function()
    local ok, text = run "spec/support/made_in_finalizers.lua"
    assert.is_true(ok, text)
    assert.matches("^ok\t%d+\n$", text)
  end)
end)

describe("an object in use", function()
  -- Call fn while a method of the object runs.
  local function within(object, fn)
    local list = setmetatable({}, { __index = function(_, i)
      if i > 1 then return nil end
      fn(object)
      return "line"
    end, __len = function() return 1 end })
    object:reply(true, "text", nil, list)
  end

  local function server()
    local s = core.server()
    s:reply(true, "ready")
    s:enter "authorization"
    return s
  end

  it("refuses its other methods", function()
    local s, err = server(), nil
    within(s, function(object)
      err = select(2, pcall(object.feed, object, "CAPA\r\n"))
    end)
    assert.matches("in use", err)
    assert.equal(0, s:unread())
    s:feed "CAPA\r\n"
    assert.equal("CAPA", s:next())
  end)

  it("is closed when the method returns", function()
    local s = server()
    within(s, function(object)
      object:close()
      assert.matches("open", tostring(core.server()))
    end)
    assert.matches("closed", tostring(s))
    assert.has_error(function() s:feed "x" end)
  end)

  it("is not in use after an error of the method", function()
    local c = core.client()
    assert.has_error(function() c:feed() end)
    assert.has_error(function() c:feed {} end)
    c:feed "+OK ready\r\n"
    assert.equal("reply", c:next())
    local s = server()
    assert.has_error(function() within(s, error) end)
    s:feed "CAPA\r\n"
    assert.equal("CAPA", s:next())
  end)

  it("is closed after an error, too", function()
    local s = server()
    assert.has_error(function()
      within(s, function(object)
        object:close()
        error "after it"
      end)
    end)
    assert.has_error(function() s:feed "CAPA\r\n" end)
    assert.matches("closed", tostring(s))
  end)

  it("is not in use after an error in another coroutine", function()
    local c = core.client()
    local co = coroutine.create(function() c:feed() end)
    assert.is_false(coroutine.resume(co))
    c:feed "+OK "
    co = coroutine.create(function()
      pcall(c.feed, c)
      coroutine.yield()
    end)
    assert.is_true(coroutine.resume(co))
    c:feed "rea"
    co = coroutine.wrap(function() pcall(c.feed, c) end)
    co()
    co = nil
    collectgarbage()
    c:feed "dy\r\n"
    assert.equal("reply", c:next())
    assert.is_nil(co)
  end)

  it("is in use for all coroutines", function()
    local s, err = server(), nil
    within(s, function(object)
      local co = coroutine.wrap(function()
        err = select(2, pcall(object.feed, object, "x"))
        object:close()
      end)
      co()
    end)
    assert.matches("in use", err)
    assert.matches("closed", tostring(s))
  end)

  it("of another type is refused as before", function()
    assert.error_matches(function() core.server().feed(core.client(), "x") end,
                         "pop3.server.engine expected")
    assert.error_matches(function() core.server().feed(nil, "x") end,
                         "pop3.server.engine expected")
    assert.error_matches(function() core.server().feed(io.stdout, "x") end,
                         "pop3.server.engine expected")
  end)

  it("of another type is no engine for a descriptor", function()
    local near, far = core.socketpair()
    for _, it in ipairs { io.stdout, core.poller(), core.journal(100), far, 1,
                          "x", {}, false } do
      for _, method in ipairs { "recv", "send" } do
        assert.error_matches(function() near[method](near, it) end,
                             "engine expected, got ")
      end
    end
    local engine = core.server()
    engine:close()
    assert.error_matches(function() near:recv(engine) end, "engine is closed")
    for _, it in ipairs { io.stdout, core.poller(), engine } do
      assert.error_matches(function() near.getfd(it) end, "pop3.fd expected")
      assert.error_matches(function() core.types["pop3.poller"].wait(near, {}) end,
                           "pop3.poller expected")
    end
    near:close()
    far:close()
  end)
end)
