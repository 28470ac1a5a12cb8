-- Delivery into an mbox (lua/pop3/sync/mbox.lua).

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"
local tempdir = require "spec.support.tempdir"

local MAIL = "Return-Path: <a@b.example>\r\nSubject: a\r\n\r\nFrom here\r\n"
             .. ">From there\r\n.\r\nend"
local KEPT = "Return-Path: <a@b.example>\nSubject: a\n\n>From here\n"
             .. ">>From there\n.\nend\n\n"

describe("pop3.mbox", function()
  local dir, path

  before_each(function()
    dir = tempdir "memory"
    path = dir.path .. "/inbox"
  end)
  after_each(function() getmetatable(dir).__close(dir) end)

  local function put(octets)
    if octets then dir:write("inbox", octets) else os.remove(path) end
  end

  local function opened(opts)
    local box = pop3.mbox(path, opts)
    assert(box:open())
    return box
  end

  -- Deliveries of a batch that has its marks; `names` are used again.
  local function prepared(box, mails, names)
    local list, handles = {}, {}
    for i, mail in ipairs(mails) do
      local h = { number = i, id = "id" .. i }
      h.name = names and names[i] or box:name(h)
      handles[i] = h
      list[i] = assert(box:begin(h))
      assert(list[i]:write(mail))
    end
    local marks = assert(box:prepare(list))
    for i, h in ipairs(handles) do h.called = marks[i] end
    return list, handles
  end

  local function commit(box, list)
    for _, d in ipairs(list) do assert(d:commit()) end
    assert.is_true(box:sync())
  end

  -- The messages of the mbox without their From_ lines.
  local function messages()
    local text, list = dir:read "inbox", {}
    for line in ("\n" .. text):gmatch "\nFrom [^\n]*" do
      assert.matches("^\nFrom %S+ %a%a%a %a%a%a [ %d]%d %d%d:%d%d:%d%d %d%d%d%d$",
                     line)
    end
    for entry in (text:gsub("\n?\nFrom ", "\0From ") .. "\0"):gmatch "([^%z]*)%z" do
      list[#list + 1] = (entry:gsub("^[^\n]*\n", ""):gsub("\n+$", ""))
    end
    return list
  end

  it("appends a message with its From_ line, quoting and LF", function()
    local box = pop3.mbox(path)
    assert.is_true(box:deliver(MAIL))
    local text = dir:read "inbox"
    assert.equal(KEPT, text:match "^From a@b%.example %u%l%l %u%l%l .- %d%d%d%d\n(.*)$")
    assert.equal(384, core.lstat(path).mode)
    assert.is_true(box:deliver "Subject: b\r\n\r\n")
    assert.equal("Subject: b\n\n\n",
                 dir:read "inbox":sub(#text + 1):match "^From MAILER%-DAEMON .-\n(.*)")
    assert.same({ "inbox" }, dir:names())
  end)

  it("separates entries by one empty line, after any end of the file", function()
    for before, gap in pairs {
      [""] = "", ["x"] = "\n\n", ["x\n"] = "\n", ["x\n\n"] = "", ["\n"] = "",
      ["\n\n"] = "",
    } do
      put(before)
      assert(pop3.mbox(path):deliver "A: b\r\n")
      assert.matches("^From MAILER.-\nA: b\n\n$", dir:read "inbox":sub(#before
                                                                   + #gap + 1))
      assert.equal(before .. gap, dir:read "inbox":sub(1, #before + #gap))
    end
  end)

  it("takes messages of any size with bounded memory", function()
    local box = pop3.mbox(path, { spool = dir.path })
    local line = ("x"):rep(998) .. "\r\n"
    local n, peak = 0, 0
    collectgarbage()
    local start = collectgarbage "count"
    assert(box:deliver(function()
      n = n + 1
      if n % 100 == 0 then peak = math.max(peak, collectgarbage "count") end
      return n <= 16000 and line or nil
    end))
    assert.is_true(peak - start < 4000, peak - start)
    assert.equal(16000 * 999 + 1 + #dir:read "inbox":match "^[^\n]*\n",
                 core.lstat(path).size)
  end)

  it("adds header fields only on request", function()
    assert(pop3.mbox(path, { fields = { received = true, return_path = "x@y" } })
           :deliver "A: b\r\n\r\nc\r\n")
    assert.matches("^From x@y .-\nReturn%-Path: <x@y>\nReceived: by %S+ %(lpop3%)"
      .. " with POP3;\n\t%a+, .- %+0000\nA: b\n\nc\n\n$", dir:read "inbox")
  end)

  it("is locked from prepare to sync, for others as well", function()
    local box = opened()
    local list = prepared(box, { "A: 1\r\n", "A: 2\r\n" })
    assert.matches("^%d+:%S+:%d+:lpop3\n$", dir:read "inbox.lock")
    assert.equal(core.getpid(), tonumber(dir:read "inbox.lock":match "^%d+"))
    local program = ([[
      local core, pop3 = require "pop3.core", require "pop3"
      local file = assert(core.open("%s", "rw"))
      print(file:lock())
      print(pop3.mbox("%s", { lock_timeout = 0 }):deliver "A: x\r\n")
    ]]):format(path, path)
    local busy = path .. ": it is locked by another program"
    assert.equal("false\nnil\t" .. busy .. "\ttimeout\n", helper.run(program))
    -- within this process, too
    assert.same({ nil, busy, "timeout" },
                { pop3.mbox(path, { lock_timeout = 0 }):deliver "A: y\r\n" })
    commit(box, list)
    assert.same({ "inbox" }, dir:names())
    assert.same({ "A: 1", "A: 2" }, messages())
    assert.equal("true\n", helper.run(program):match "^true\n")
    assert(pop3.mbox(path, { lock_timeout = 0 }):deliver "A: y\r\n")
  end)

  it("gives the lock back when all of a batch is given up", function()
    local box = opened()
    local list = prepared(box, { "A: 1\r\n", "A: 2\r\n" })
    list[1]:abort()
    assert.equal("file", core.stat(path .. ".lock"))
    list[2]:abort()
    assert.same({ "inbox" }, dir:names())
    assert.equal("", dir:read "inbox")
    list = prepared(box, { "A: 3\r\n", "A: 4\r\n" })
    assert(list[1]:commit())
    list[2]:abort()
    assert.is_true(box:sync())
    assert.same({ "A: 3" }, messages())
    prepared(box, { "A: 5\r\n" })
    box:close()
    assert.same({ "inbox" }, dir:names())
    -- a gap in a batch is refused: the marks would be wrong
    list = prepared(box, { "A: 6\r\n", "A: 7\r\n" })
    list[1]:abort()
    local ok, message, code = list[2]:commit()
    assert.is_nil(ok)
    assert.matches("a message before it was not written", message)
    assert.equal("io", code)
    assert.same({ "inbox" }, dir:names())
    assert.same({ "A: 3" }, messages())
  end)

  it("waits for locks by the hook", function()
    local waits = 0
    dir:write("inbox.lock", "")
    local box = pop3.mbox(path)
    assert(box:open { wait = function(fd, mode, seconds)
      assert.equal("number", type(fd))
      assert.equal("r", mode)
      assert.is_true(seconds > 0 and seconds <= 1)
      waits = waits + 1
      if waits == 3 then os.remove(path .. ".lock") end
      return nil, "timeout"
    end })
    commit(box, (prepared(box, { "A: 1\r\n" })))
    assert.equal(3, waits)
    assert.same({ "A: 1" }, messages())
  end)

  it("does not wait when its task is cancelled", function()
    local own = require "pop3.loop.own"
    local loop <close> = assert(own())
    dir:write("inbox.lock", "")
    local box, waits, answer = pop3.mbox(path, { lock_timeout = 3600 }), 0, nil
    assert(box:open { wait = function(...)
      waits = waits + 1
      return loop.wait(...)
    end })
    local d = assert(box:begin { name = box:name() })
    local task = loop:spawn(function() answer = { box:prepare { d } } end)
    loop:spawn(function() task:cancel() end)
    loop:run()
    assert.same({ nil, path .. ": it is locked by another program", "timeout" },
                answer)
    assert.is_true(waits < 4)
    d:abort()
    os.remove(path .. ".lock")
  end)

  describe("after a crash", function()
    local mails = { "Subject: 1\r\n\r\none\r\n", "Subject: 2\r\n\r\nFrom two",
                    "Subject: 3\r\n\r\nthree\r\n\r\n" }
    local before = "From x@y Mon Nov 30 19:00:00 2026\nSubject: 0\n\nzero\n\n"
    -- Settle all, and deliver absent messages again; the log, and the answers.
    local function recover(handles, change)
      local log, answers, names, again = {}, {}, {}, {}
      local box = pop3.mbox(path)
      assert(box:open { log = function(e) log[#log + 1] = e end })
      for i, h in ipairs(handles) do
        local answer = assert(box:settle { name = h.name, called = h.called })
        answers[i] = answer
        if answer == "absent" then
          names[#names + 1] = h.name
          again[#again + 1] = mails[i]
        end
      end
      if change then change() end
      if #again > 0 then commit(box, (prepared(box, again, names))) end
      box:close()
      assert.same({ "inbox" }, dir:names())
      return log, answers
    end

    -- The whole file after a batch, and the handles with their marks.
    local function batch(start)
      put(start)
      local box = opened()
      local list, handles = prepared(box, mails)
      commit(box, list)
      return dir:read "inbox", handles
    end

    it("finds whole entries and completes the rest, cut at every octet",
       function()
      for _, start in ipairs { before, before:sub(1, -2), before:sub(1, -3), "" } do
        local text, handles = batch(start)
        for cut in helper.sweep(#start, #text, 12) do
          put(text:sub(1, cut))
          local log, answers = recover(handles)
          assert.same({}, log)
          assert.equal(text, dir:read "inbox", "cut at " .. cut)
          if cut == #text then
            assert.same({ "delivered", "delivered", "delivered" }, answers)
          end
        end
      end
    end)

    it("takes NULs for octets that were never written", function()
      local text, handles = batch(before)
      for cut in helper.sweep(#before, #text, 12) do
        for _, size in ipairs { #text, (cut + #text) // 2 } do
          put(text:sub(1, cut) .. ("\0"):rep(size - cut))
          local log = recover(handles)
          assert.same({}, log)
          assert.equal(text, dir:read "inbox", "NULs from " .. cut)
        end
      end
    end)

    it("leaves a torn entry that others have appended to, and says so",
       function()
      local foreign = "From z@z Mon Nov 30 19:00:01 2026\nSubject: z\n\n"
                      .. ("z"):rep(300) .. "\n\n"
      local text, handles = batch(before)
      local second = math.tointeger(handles[2].called:match "^%d+")
      put(text:sub(1, second + 20) .. foreign)
      local log, answers = recover(handles)
      assert.same({ "delivered", "absent", "absent" }, answers)
      assert.is_true(#log >= 1)
      assert.equal("problem", log[1].what)
      assert.matches("inbox: an incomplete copy at offset " .. second, log[#log].text)
      local found = dir:read "inbox"
      assert.equal(text:sub(1, second + 20) .. foreign,
                   found:sub(1, second + 20 + #foreign))
      assert.equal(text:sub(second + 1), found:sub(second + 20 + #foreign + 1))
    end)

    it("does not cut entries of others where no entry is ours", function()
      local text, handles = batch(before)
      local short = "From z@z Mon Nov 30 19:00:01 2026\nA: z\n\n"
      assert.is_true(#short < #text - #before)
      put(before .. short)
      recover(handles)
      assert.equal(before .. short .. text:sub(#before + 1), dir:read "inbox")
      -- even if they use the same From_ line
      local line = text:sub(#before + 1):match "^From [^\n]*\n"
      put(before .. line .. "A: z\n\n")
      recover(handles)
      assert.equal(before .. line .. "A: z\n\n" .. text:sub(#before + 1),
                   dir:read "inbox")
      -- also between settle and the second attempt
      put(before)
      recover(handles, function() put(before .. short) end)
      assert.equal(before .. short .. text:sub(#before + 1), dir:read "inbox")
    end)

    it("knows its messages when readers have worked on the file", function()
      local text, handles = batch(before)
      -- an earlier message is removed, and fields are added
      local moved = text:sub(#before + 1)
        :gsub("\n(Subject: %d\n)", "\nX-UID: 7\n%1Status: RO\nX-Keywords:  \n\t\n")
      put(moved)
      local log, answers = recover(handles)
      assert.same({ "delivered", "delivered", "delivered" }, answers)
      assert.same({}, log)
      assert.equal(moved, dir:read "inbox")
      assert.equal(3, #messages())
      -- the user has removed one of ours, which is fetched again
      put((moved:gsub("From [^\n]*\nX%-UID: 7\nSubject: 2.-two\n\n", "")))
      log, answers = recover(handles)
      assert.same({ "delivered", "absent", "delivered" }, answers)
      assert.equal(3, #messages())
    end)

    it("does not take one message for another with equal octets", function()
      put(before)
      local twin = "Subject: t\r\n\r\ntwin\r\n"
      mails = { twin, twin, twin }
      finally(function()
        mails = { "Subject: 1\r\n\r\none\r\n", "Subject: 2\r\n\r\nFrom two",
                  "Subject: 3\r\n\r\nthree\r\n\r\n" }
      end)
      local text, handles = batch(before)
      for cut in helper.sweep(#before, #text, 12) do
        put(text:sub(1, cut))
        recover(handles)
        assert.equal(text, dir:read "inbox", "cut at " .. cut)
      end
      -- a reader has noted something in each, or in what was before them
      put((text:gsub("\nSubject: t\n", "\nStatus: O\nSubject: t\n")))
      local _, answers = recover(handles)
      assert.same({ "delivered", "delivered", "delivered" }, answers)
      put(text:sub(#before + 1))
      _, answers = recover(handles)
      assert.same({ "delivered", "delivered", "delivered" }, answers)
    end)

    it("has nothing to find without a mark or without a file", function()
      local box = opened()
      assert.equal("absent", box:settle { name = "1.a" })
      assert.equal("absent", box:settle { name = "1.a", called = "0:5:abcd:0:abcd:abcd" })
      assert.same({}, dir:names())
      local ok, message = box:settle { name = "1.a", called = "rubbish" }
      assert.is_nil(ok)
      assert.equal(path .. ": not a mark of an mbox: rubbish", message)
    end)

    it("breaks the lock of its dead process, and no other", function()
      local program = ([[
        local core, pop3 = require "pop3.core", require "pop3"
        local box = pop3.mbox("%s")
        box:open()
        local d = box:begin { name = box:name() }
        d:write "A: b\r\n"
        assert(box:prepare { d })
        core.kill(core.getpid())
      ]]):format(path)
      dir:write("program.lua", program)
      local function die()
        os.execute("lua5.4 " .. dir.path .. "/program.lua 2>/dev/null")
      end
      die()
      assert.equal("file", core.stat(path .. ".lock"))
      assert(pop3.mbox(path, { lock_timeout = 0 }):deliver "A: 1\r\n")
      assert.is_nil(core.stat(path .. ".lock"))
      die()
      opened()  -- is enough, when there is nothing to deliver
      assert.is_nil(core.stat(path .. ".lock"))
      die()
      local dead = dir:read "inbox.lock"
      local pid = core.getpid()
      local began = core.process(pid)
      for _, text in ipairs {
        "", "0", "1:", dead:gsub(":lpop3", ""), dead:gsub(":[^:]*:", ":other:"),
        ("%d:%s:%d:lpop3\n"):format(pid, core.hostname(), began),
        dead .. "more",
      } do
        dir:write("inbox.lock", text)
        opened()
        local ok, message = pop3.mbox(path, { lock_timeout = 0 }):deliver "A: 2\r\n"
        assert.is_nil(ok, text)
        assert.matches("locked by another program", message)
        assert.equal(text, dir:read "inbox.lock")
      end
      -- the number of the process is in use again
      dir:write("inbox.lock", ("%d:%s:%d:lpop3\n")
        :format(pid, core.hostname(), began + 1))
      assert(pop3.mbox(path, { lock_timeout = 0 }):deliver "A: 3\r\n")
    end)
  end)

  describe("when a system call fails", function()
    it("cuts off a partial entry of a full disk", function()
      local out = helper.run(([[
        local pop3 = require "pop3"
        local box = pop3.mbox("%s")
        assert(box:deliver "A: 1\r\n")
        print(select(3, box:deliver(("x"):rep(80000))))
        local box = pop3.mbox("%s")
        box:open()
        local list = {}
        for i = 1, 3 do
          list[i] = assert(box:begin { name = box:name(), id = i })
          assert(list[i]:write(("x"):rep(30000) .. "\r\n"))
        end
        assert(box:prepare(list))
        print(list[1]:commit(), (list[2]:commit()), (list[3]:commit()))
        print(box:sync())
      ]]):format(path, path), "ulimit -f 100; trap '' XFSZ;")
      assert.equal("io\ntrue\tnil\tnil\ntrue\n", out)
      assert.same({ "A: 1", ("x"):rep(30000) }, messages())
      assert.same({ "inbox" }, dir:names())
    end)

    it("says so", function()
      for _, case in ipairs {
        { "syncdir", nil, "x: Input/output error", "io", "EIO" },
        { "open", nil, "x: Input/output error", "io", "EIO" },
      } do
        local real = core[case[1]]
        local box = opened()
        core[case[1]] = function() return table.unpack(case, 2, 5) end
        local ok, message, code = box:deliver "A: b\r\n"
        core[case[1]] = real
        assert.is_nil(ok)
        assert.equal("x: Input/output error", message)
        assert.equal("io", code)
        assert.is_nil(core.stat(path .. ".lock"))
      end
      local box = pop3.mbox(dir.path .. "/missing/inbox", { lock_timeout = 0 })
      assert.matches("No such file or directory",
                     select(2, box:deliver "A: b\r\n"))
    end)

    it("does without PATH.lock where it may not make one", function()
      local spool = core.spool
      core.spool = function(d, n)
        local file = spool(d, n)
        if n ~= 0 then return file end
        return setmetatable({ write = function() return nil end },
                            { __close = function() end })
      end
      local open = core.open
      core.open = function(name, ...)
        if name:find "%.lock" then
          return nil, "Permission denied", "io", "EACCES"
        end
        return open(name, ...)
      end
      local ok, message = pop3.mbox(path):deliver "A: 1\r\n"
      core.open = open
      -- and makes it by a name where the system has no nameless files
      local box = opened()
      local list = prepared(box, { "A: 2\r\n" })
      assert.same({ "inbox", "inbox.lock" }, dir:names())
      commit(box, list)
      core.spool = spool
      assert.is_true(ok, message)
      assert.same({ "A: 1", "A: 2" }, messages())
      assert.same({ "inbox" }, dir:names())
    end)
  end)

  it("must be a file, and is made only if it may be", function()
    assert(core.mkdir(path))
    assert.same({ nil, path .. ": not a regular file", "io" },
                { pop3.mbox(path):deliver "A: b\r\n" })
    os.remove(path)
    assert.same({ nil, path .. ": there is no mbox", "io" },
                { pop3.mbox(path, { create = false }):deliver "A: b\r\n" })
    helper.misuse("the path must be a string", function() pop3.mbox() end)
    helper.misuse("unknown option 'made'", function()
      pop3.mbox(path, { made = true })
    end)
    helper.misuse("must be a function", function()
      local box = pop3.mbox(path)
      box:deliver(3)
    end)
  end)

  it("cuts nothing after another run has taken the account over", function()
    put "From a@b Thu Jan  1 00:00:00 2026\nSubject: old\n\nold\n\n"
    local first = opened()
    local _, handles = prepared(first, { MAIL })
    first:close()
    local before = dir:read "inbox"
    local function settled(state)
      local box = pop3.mbox(path)
      assert(box:open { state = state })
      assert.equal("absent", box:settle(handles[1]))
      return box
    end
    local first_box = settled()
    commit(first_box, (prepared(first_box, { MAIL }, { handles[1].name })))
    local whole = dir:read "inbox"  -- with the entry as it will be
    for size = #before + 1, #whole - 1 do
      put(whole:sub(1, size))
      local fenced = { holds = function() return nil, "taken over", "fenced" end }
      local old = pop3.mbox(path)
      assert(old:open { state = fenced })
      if old:settle(handles[1]) == "absent" then
        local new = settled { holds = function() return true end }
        commit(new, (prepared(new, { MAIL }, { handles[1].name })))
        assert.equal(whole, dir:read "inbox")
        local d = assert(old:begin { number = 1, id = "id1", name = handles[1].name })
        assert(d:write(MAIL))
        local ok, _, code = old:prepare { d }
        assert.is_nil(ok)
        assert.equal("fenced", code)
        d:abort()
      end
      old:close()
      assert.equal(whole, dir:read "inbox")
    end
  end)
end)
