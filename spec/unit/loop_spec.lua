-- The wait hook under event loops that we did not write: two sessions at once
-- in one thread, each waiting only for itself.

local pop3 = require "pop3"
local helper = require "spec.helper"

local function have(name)
  local path = package.path
  package.path = path .. ";/usr/share/lua/5.1/?.lua;/usr/share/lua/5.3/?.lua"
  local ok, lib = pcall(require, name)
  package.path = path
  return ok and lib
end

local function start()
  local mail = {}
  for i = 1, 20 do mail[i] = "Subject: " .. i .. "\r\n\r\nbody\r\n" end
  local server = pop3.server.new { tls = "auto", users = {
    a = { password = "pw", mail = mail }, b = { password = "pw", mail = mail },
  } }
  local ended = false
  function server.on.STAT(session)
    while session.user == "a" and not ended do session:sleep(0.01) end
    return server.default.STAT(session)
  end
  function server.on.disconnect(session)
    ended = ended or session.user == "b"
  end
  return server:fork()
end

-- Fetch all of one user's mail; STAT of user "a" takes until "b" has ended.
local function session(run, hook, user, order, tls)
  local s = assert(pop3.connect { host = "127.0.0.1", port = run.port,
    tls = tls, cafile = run.cafile, user = user, password = "pw",
    wait = hook, timeout = helper.PATIENCE })
  assert.equal(20, (s:stat()))
  local numbers, came = {}, {}
  for i = 1, 20 do numbers[i] = i end
  assert.equal(20, s:retr_many(numbers, function(n, octets)
    came[n] = octets
  end))
  for i = 1, 20 do
    assert.equal("Subject: " .. i .. "\r\n\r\nbody\r\n", came[i])
  end
  assert.is_true(s:quit())
  order[#order + 1] = user
end

-- A session whose server says nothing ends by its timeout.
local function silence(hook)
  local core = require "pop3.core"
  local mine, its = core.socketpair()
  local number = mine:detach()
  local ok, _, code = pop3.connect { transport = number, wait = hook,
                                     timeout = 0.02 }
  assert.is_nil(ok)
  assert.equal("timeout", code)
  its:close()
end

describe("pop3.loop", function()
  it("knows the documented loops and no others", function()
    assert.is_nil(pop3.loop.nothing)
  end)

  for _, name in ipairs { "copas", "cqueues", "luv" } do
    local lib = have(name)
    local test = lib and it or pending
    if not lib then io.stderr:write("SKIPPED: no ", name, " here\n") end

    for _, tls in ipairs { "none", "stls" } do
    test(name .. " runs two sessions side by side, TLS " .. tls, function()
      local run <close> = start()
      local hook, order = pop3.loop[name], {}
      if name == "copas" then
        lib.addthread(function() session(run, hook, "a", order, tls) end)
        lib.addthread(function() session(run, hook, "b", order, tls) end)
        while #order < 2 do lib.step(1) end
      elseif name == "cqueues" then
        local cq = lib.new()
        cq:wrap(function() session(run, hook, "a", order, tls) end)
        cq:wrap(function() session(run, hook, "b", order, tls) end)
        assert(cq:loop())
      else
        for _, user in ipairs { "a", "b" } do
          local co = coroutine.create(session)
          assert(coroutine.resume(co, run, hook, user, order, tls))
        end
        lib.run()
      end
      assert.same({ "b", "a" }, order)
    end)
    end

    if name ~= "copas" then
      test(name .. " ends a wait by its timeout", function()
        if name == "cqueues" then
          local cq = lib.new()
          local err
          cq:wrap(function()
            local ok, e = pcall(silence, pop3.loop.cqueues)
            err = not ok and e
          end)
          assert(cq:loop())
          assert.is_falsy(err)
        else
          silence(pop3.loop.luv)
        end
      end)
    end
  end
end)
