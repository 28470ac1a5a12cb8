-- Delivery to a command (lua/pop3/sync/pipe.lua).

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"
local tempdir = require "spec.support.tempdir"

local MAIL = "Subject: a\r\n\r\nbody\r\n"

describe("pop3.pipe", function()
  local dir

  before_each(function() dir = tempdir "memory" end)
  after_each(function() getmetatable(dir).__close(dir) end)

  local function deliver(to, mail, handle)
    handle = handle or { number = 1, id = "id1", uid = "uid1" }
    local d = assert(to:begin(handle))
    assert(d:write(mail or MAIL))
    return d:commit()
  end

  it("runs the command with the message as its input", function()
    local to = pop3.pipe("cat > " .. dir.path .. "/got")
    assert(to:open())
    assert.is_true(deliver(to))
    assert.equal("Subject: a\n\nbody\n", dir:read "got")
    local big = (("x"):rep(900) .. "\r\n"):rep(400)
    assert.is_true(deliver(to, big))
    assert.equal(big:gsub("\r\n", "\n"), dir:read "got")
    assert.is_true(deliver(to, ""))
    assert.equal("", dir:read "got")
    to:close()
    to = pop3.pipe("cat > " .. dir.path .. "/got", { eol = "crlf" })
    assert.is_true(deliver(to))
    assert.equal(MAIL, dir:read "got")
  end)

  it("does not mind a command that does not read", function()
    local big = ("x"):rep(1000000)
    assert.is_true(deliver(pop3.pipe "true", big))
    assert.is_true(deliver(pop3.pipe "exec <&-", big))
    assert.is_true(deliver(pop3.pipe("head -c 5 > " .. dir.path .. "/got"), big))
    assert.equal("xxxxx", dir:read "got")
  end)

  it("tells the command which message it is", function()
    local to = pop3.pipe("printf '%s|%s|%s' \"$LPOP3_ID\" \"$LPOP3_UID\" "
                         .. "\"$LPOP3_AGAIN\" > " .. dir.path .. "/got")
    assert.is_true(deliver(to))
    assert.equal("id1|uid1|", dir:read "got")
    local odd = "a b\n$(touch x)`x`\"'\255"
    assert.is_true(deliver(to, MAIL, { number = 1, id = "i", uid = odd,
                                       again = true }))
    assert.equal("i|" .. odd .. "|1", dir:read "got")
    assert.is_true(deliver(to, MAIL, { number = 1, id = "i", again = false }))
    assert.equal("i||", dir:read "got")
  end)

  it("adds header fields only on request", function()
    local to = pop3.pipe("cat > " .. dir.path .. "/got",
                         { fields = { delivered_to = "a@b" } })
    assert.is_true(deliver(to))
    assert.equal("Delivered-To: a@b\nSubject: a\n\nbody\n", dir:read "got")
  end)

  it("knows the meaning of exit statuses", function()
    local meaning = {}
    for status = 0, 255 do meaning[status] = "later" end
    meaning[0], meaning[99] = "done", "done"
    for status = 64, 78 do meaning[status] = "reject" end
    meaning[75], meaning[100], meaning[111] = "later", "reject", "later"
    for status in pairs(meaning) do
      if status < 2 or status > 60 and status < 115 or status > 252 then
        local ok, message, how = deliver(pop3.pipe("exit " .. status))
        if meaning[status] == "done" then
          assert.is_true(ok)
        else
          assert.is_nil(ok)
          assert.equal("pipe: exit status " .. status, message)
          assert.equal(meaning[status] == "reject" and "reject" or nil, how)
        end
      end
    end
    for _, signal in ipairs(helper.heeded { "KILL", "TERM", "PIPE", "HUP" }) do
      local ok, message, how = deliver(pop3.pipe("kill -" .. signal .. " $$"))
      assert.is_nil(ok)
      assert.matches("^pipe: ended by signal %d+$", message)
      assert.equal("unknown", how)
    end
    local ok, message, how = deliver(pop3.pipe "/no/such/mda")
    assert.is_nil(ok)
    assert.matches("^pipe: exit status 127: .*/no/such/mda", message)
    assert.is_nil(how)
  end)

  it("returns the end of the command's output, in one line", function()
    local _, message = deliver(pop3.pipe
      "echo out; printf 'first\\nsecond\\033[1m\\n' >&2; exit 75")
    assert.equal("pipe: exit status 75: out first second [1m", message)
    _, message = deliver(pop3.pipe
      "head -c 300000 /dev/zero | tr '\\0' x; echo the end; exit 1")
    assert.equal("pipe: exit status 1: ", message:sub(1, 21))
    assert.equal("xthe end", message:sub(-8))
    assert.is_true(#message < 1100)
  end)

  it("does not wait for processes that the command leaves", function()
    local to = pop3.pipe("sleep 1000 & echo $! > " .. dir.path .. "/pid")
    assert.is_true(deliver(to))
    local pid = tonumber(dir:read "pid")
    assert.is_truthy(core.process(pid))
    core.kill(pid)
  end)

  it("ends a command when its time is over, with all it started", function()
    -- longer, where the command did not get as far as to write its number
    for _, seconds in ipairs { 0.2, 2, 20, 200 } do
      local to = pop3.pipe("sleep 1000 | sleep 1000 & echo $! > " .. dir.path
        .. "/new; mv " .. dir.path .. "/new " .. dir.path
        .. "/pid; exec >&- 2>&-; wait", { timeout = seconds })
      local ok, message, how = deliver(to)
      assert.is_nil(ok)
      assert.equal(("pipe: ended after %g seconds"):format(seconds), message)
      assert.equal("unknown", how)
      if core.stat(dir.path .. "/pid") then break end
    end
    local pid = tonumber(dir:read "pid")
    assert.is_true(helper.await(function()
      local f <close> = io.open("/proc/" .. pid .. "/stat")
      local state = f and f:read "a":match "%) (%a)"
      return state == "Z" or not state  -- nobody reaps it here
    end))
  end)

  it("waits by the hook, so that others can run", function()
    local waits, to = 0, pop3.pipe "echo a; cat >/dev/null; exit 0"
    to:open { wait = function(fd, mode, seconds)
      assert.equal("number", type(fd))
      assert.equal("r", mode)
      assert.is_true(seconds > 0)
      waits = waits + 1
      return coroutine.yield(fd, seconds)
    end }
    local co = coroutine.wrap(function() return "done", deliver(to) end)
    local what, seconds = co()
    while what ~= "done" do
      core.poll(what, "r", seconds)
      what, seconds = co(true)
    end
    assert.is_true(seconds)
    assert.is_true(waits > 0)
  end)

  it("ends the command when its task is cancelled", function()
    local own = require "pop3.loop.own"
    for _, command in ipairs { "exec sleep 1000", "exec >&- 2>&-; exec sleep 1000" } do
      local loop <close> = assert(own())
      local to = pop3.pipe(command)
      to:open { wait = loop.wait }
      local answer
      local task = loop:spawn(function() answer = { deliver(to) } end)
      loop:spawn(function()
        loop:sleep(0.05)
        task:cancel()
      end)
      loop:run()
      assert.same({ nil, "pipe: interrupted", "timeout" }, answer)
      assert.same({}, helper.children())
    end
  end)

  it("leaves no process and no descriptor", function()
    local before = helper.descriptors()
    local to = pop3.pipe "exit 1"
    for _ = 1, 5 do deliver(to) end
    assert.equal(before, helper.descriptors())
    assert.same({}, helper.children())
  end)

  it("says so when the spool fails, and nothing is run", function()
    local to = pop3.pipe("touch " .. dir.path .. "/ran",
                         { spool = "/nonexistent" })
    local ok, message, how = deliver(to)
    assert.is_nil(ok)
    assert.matches("^pipe: standard input: No such file or directory", message)
    assert.equal("io", how)
    local d = assert(to:begin { number = 1 })
    assert.same({ nil, "/nonexistent: No such file or directory", "io" },
                { d:write(("x"):rep(100000)) })
    d:abort()
    assert.same({}, dir:names())
  end)

  it("refuses misuse at the caller's line", function()
    helper.misuse("the command must be a string", function() pop3.pipe() end)
    helper.misuse("the command must be a string", function() pop3.pipe "a\0b" end)
    helper.misuse("unknown option 'x'", function() pop3.pipe("a", { x = 1 }) end)
  end)
end)
