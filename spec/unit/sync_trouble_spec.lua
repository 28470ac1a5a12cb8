-- pop3.sync: callbacks that fail, deliveries that are locked, sessions that end early.

local fetching = require "spec.support.fetching"
local helper = require "spec.helper"
local inbox = require "spec.support.inbox"
local pop3 = require "pop3"
local state = require "pop3.sync.state"

local function boom()
  error "boom"
end

describe("sync: a callback that raises an error", function()
  for _, name in ipairs { "progress", "log" } do
    it("leaves nothing open: " .. name, function()
      local place <close> = fetching.place(3)
      local ok, message = pcall(place.sync, place, { [name] = boom })
      assert.is_false(ok)
      assert.matches("boom", message)
      local result = place:run()  -- neither the session nor the state is in use
      assert.equal(3, #place.inbox.list)
      assert.equal(0, result.failed)
    end)
  end

  it("keeps the message that `keep` cannot tell", function()
    local place <close> = fetching.place(3)
    local result = place:run { keep = function(handle)
      if handle.number == 2 then boom() end
      return false
    end }
    assert.equal(3, result.new)
    assert.equal(2, result.deleted)
    assert.equal(1, #result.problems)
    assert.equal(2, result.problems[1].number)
    assert.matches("^the option keep failed: .*boom", result.problems[1].text)
    assert.equal(2, place:run({ keep = function() return true end }).new + 2)
  end)

  for _, name in ipairs { "open", "name", "begin", "settle", "prepare", "sync",
                          "close" } do
    it("is a failure of the delivery: into." .. name, function()
      local place <close> = fetching.place(3)
      local box = inbox()
      local method = box[name]
      box[name] = boom
      local result, message, _, _, partial = place:sync { into = box }
      result = result or partial
      local told = message and message:find "boom"
      for _, problem in ipairs(result.problems) do
        told = told or problem.text:find "boom"
      end
      if name ~= "settle" then assert.truthy(told) end
      box[name] = method
      place:run { into = box }
      local count = 0
      for _ in pairs(box.mail) do count = count + 1 end
      assert.equal(3, count)
    end)
  end

  it("ends with its coroutine", function()
    local place <close> = fetching.place(3)
    local co = coroutine.create(function()
      place:sync { into = function() coroutine.yield() return true end }
    end)
    assert(coroutine.resume(co))
    assert.equal("suspended", coroutine.status(co))
    assert(coroutine.close(co))
    place:run()
  end)
end)

describe("sync: a place that is busy", function()
  it("is a temporary failure: an mbox that another program has locked", function()
    local place <close> = fetching.place(3)
    local path = place.dir.path .. "/mbox"
    local box = pop3.mbox(path, { lock_timeout = 0 })
    assert(io.open(path .. ".lock", "w")):close()
    local result, message, code, _, partial = place:sync { into = box }
    assert.is_nil(result)
    assert.equal(path .. ": it is locked by another program", message)
    assert.equal("timeout", code)
    assert.is_true(partial.temporary)
    assert.equal(0, partial.failed)
    os.remove(path .. ".lock")
    assert.equal(3, place:run({ into = box }).new)
  end)

  it("is a temporary failure: an LMTP server that is down", function()
    local place <close> = fetching.place(3)
    local path = place.dir.path .. "/no-socket"
    local into = pop3.lmtp { path = path, to = { "ann@example" } }
    for _ = 1, 7 do  -- more often than `attempts`
      local result, _, code, _, partial = place:sync { into = into }
      assert.is_nil(result)
      assert.equal("connect", code)
      assert.is_true(partial.temporary)
      assert.equal(0, partial.failed)
    end
    place:run()
    assert.equal(3, #place.inbox.list)
  end)
end)

describe("sync: a message that is set aside", function()
  it("is kept, also when the connection is lost after it came", function()
    local place <close> = fetching.place(5)
    local opts = { set_aside = place.dir.path .. "/aside" }
    function opts.into(_, handle)
      if handle.number == 1 then return nil, "no", "reject" end
      return true
    end
    place.server:fault { verb = "RETR", nth = 3, times = 1,
                         cut = { bytes = 20 } }
    assert.is_nil((place:sync(opts)))
    local result = place:run(opts)
    assert.equal(1, result.aside)
    local names = pop3.core.readdir(opts.set_aside)
    assert.equal(1, #names)
    local file <close> = io.open(opts.set_aside .. "/" .. names[1], "rb")
    assert.equal(fetching.mail(1)[1], file:read "a")
  end)

  it("is given up when it breaks every connection", function()
    local place <close> = fetching.place(3)
    local opts = { attempts = 2, set_aside = place.dir.path .. "/aside" }
    function place.server.on.RETR(session, n)
      if n == 2 then return session:hangup() end
      return place.server.default.RETR(session, n)
    end
    place:sync(opts)
    place:sync(opts)
    place:run(opts)
    assert.equal(2, #place.inbox.list)
  end)
end)

describe("sync: purge_after", function()
  local function options(place, more)
    local opts = { keep = false, purge_after = 2,
                   reconnect = function() return place:connect() end }
    for name, value in pairs(more or {}) do opts[name] = value end
    return opts
  end

  it("tries no message twice in a run", function()
    local place <close> = fetching.place(9)
    local calls = {}
    local result = place:run(options(place, { purge_after = 1,
      into = function(octets, handle)
        calls[handle.uid] = (calls[handle.uid] or 0) + 1
        return not octets:find "message [147]\r" or nil, "no"
      end }))
    for _, count in pairs(calls) do assert.equal(1, count) end
    assert.equal(3, result.failed)
    assert.equal(6, result.deleted)
    assert.equal(3, result.pending)
  end)

  it("ends where the server deletes nothing", function()
    for _, preset in ipairs { "cyrus", "citadel" } do
      local place <close> = fetching.place(7, { preset = preset })
      place.server.on.update = function() return nil, "disk full" end
      local result = place:run(options(place))
      assert.equal(7, result.new)
      assert.equal(7, result.deleted)
      assert.is_true(place:count "QUIT" <= 6)
      local before = place:count "RETR"
      place:run(options(place))
      assert.equal(before, place:count "RETR")
    end
  end)

  it("ends where QUIT is refused", function()
    local place <close> = fetching.place(7)
    place.server:fault { verb = "QUIT", reply = "-ERR [SYS/TEMP] not now" }
    local result = place:run(options(place))
    assert.equal("refused", result.quit)
    assert.equal(7, result.new)
    assert.is_true(place:count "QUIT" <= 6)
  end)

  it("deletes all that the filter does not want", function()
    local place <close> = fetching.place(7)
    local asked = 0
    place:run(options(place, { keep = true, filter = function()
      asked = asked + 1
      return "delete"
    end }))
    assert.same({}, place.server:mailbox "mrose")
    assert.equal(7, asked)
  end)
end)

describe("sync: the filter", function()
  local function deletes() return "delete" end

  it("deletes in a later run the messages that this one could not delete", function()
    local place <close> = fetching.place(3)
    place.server:fault { verb = "DELE", times = 1, cut = { bytes = 0 } }
    assert.is_nil((place:sync { filter = deletes }))
    assert.equal(3, #place.server:mailbox "mrose")
    place:run { filter = deletes }
    assert.same({}, place.server:mailbox "mrose")
    assert.equal(0, place:count "RETR")
  end)

  it("does not delete other mail of that id and size unread", function()
    local mail = fetching.mail(3)
    local place <close> = fetching.place(mail, { uidl = { "a", "b", "c" } })
    place.server:fault { verb = "DELE", times = 1, cut = { bytes = 0 } }
    assert.is_nil((place:sync { filter = deletes }))
    local other = {}
    for i, octets in ipairs(mail) do other[i] = octets:gsub("message", "massage") end
    place:replace(other, { uidl = { "a", "b", "c" } })
    place:run { filter = function() return "fetch" end }
    assert.same(other, place.inbox.list)
    assert.equal(3, #place.server:mailbox "mrose")
  end)

  it("is not asked again when only the size is another", function()
    local place <close> = fetching.place(3)
    local asked = 0
    local function skip()
      asked = asked + 1
      return "skip"
    end
    place:run { filter = skip }
    place.server:fault { verb = "LIST", wrong_size = 7 }
    assert.equal(0, place:run({ filter = skip }).skipped)
    assert.equal(3, asked)
  end)
end)

describe("sync: an extra reply among pipelined ones", function()
  local COUNT = 12

  -- Messages of one size, or of several, and the replies to RETR of them.
  local function messages(equal)
    local mail = {}
    for i = 1, COUNT do
      mail[i] = ("Subject: %02d\r\n\r\n%s\r\n"):format(i, equal and "x"
                                                        or ("x"):rep(i % 3))
    end
    return mail
  end

  local positions = {}
  for n = 1, COUNT do positions[n] = n end

  local strays = {
    ["-ERR"] = function() return "-ERR [SYS/TEMP] busy\r\n" end,
    ["+OK"] = function() return "+OK\r\n" end,
    ["the reply before"] = function(mail, n)
      return "+OK\r\n" .. mail[math.max(n - 1, 1)] .. ".\r\n"
    end,
    ["the reply to the next"] = function(mail, n)
      return "+OK\r\n" .. mail[math.min(n + 1, COUNT)] .. ".\r\n"
    end,
    ["the reply to the first"] = function(mail)
      return "+OK\r\n" .. mail[1] .. ".\r\n"
    end,
    ["a size"] = function(mail) return ("+OK 5 %d\r\n"):format(#mail[5]) end,
  }

  -- Every message is in the inbox under its own unique-id, and what was deleted was
  -- delivered.
  local function check(place, mail, label)
    for i, octets in ipairs(place.inbox.list) do
      local number = tonumber(place.inbox.handles[i].uid:match "%d+")
      assert.equal(mail[number], octets, label)
    end
    local there = {}
    for _, octets in ipairs(place.inbox.list) do there[octets] = true end
    for _, octets in ipairs(place.server:mailbox "mrose") do there[octets] = true end
    for i = 1, COUNT do assert.truthy(there[mail[i]], label .. " lost " .. i) end
  end

  for name, stray in pairs(strays) do
    for _, equal in ipairs { true, false } do
      it(("is no message: %s, %s sizes"):format(name, equal and "equal" or "other"),
         function()
        for _, n in ipairs(helper.some(positions, 1)) do
          for _, keep in ipairs { true, false } do
            local label = ("%s after %d"):format(name, n)
            local mail, uidl = messages(equal), {}
            for i = 1, COUNT do uidl[i] = "id-" .. i end
            local place <close> = fetching.place(mail, { uidl = uidl })
            place.server:fault { verb = "RETR", nth = n, times = 1,
                                 append = stray(mail, n + 1) }
            place:sync { keep = keep }
            check(place, mail, label)
            place.server:clear_faults()
            for _ = 1, 3 do place:sync { keep = keep } end
            check(place, mail, label)
            assert.equal(COUNT, #place.inbox.list, label)
            if not keep then
              assert.same({}, place.server:mailbox "mrose", label)
            end
          end
        end
      end)
    end
  end

  it("is noticed by sizes where the connection is lost", function()
    for _, equal in ipairs { true, false } do
      for _, n in ipairs(helper.some({ 1, 2, 3, 4, 5, 6, 7, 8 }, 2)) do
        local mail, uidl = messages(equal), {}
        for i = 1, COUNT do uidl[i] = "id-" .. i end
        local place <close> = fetching.place(mail, { uidl = uidl })
        local before = mail[math.max(n - 1, 1)]
        place.server:fault { verb = "RETR", nth = n, times = 1,
                             append = "+OK\r\n" .. before .. ".\r\n" }
        place.server:fault { verb = "LIST", nth = 2, times = 1, cut = { bytes = 0 } }
        place:sync { keep = false }
        check(place, mail, tostring(n))
        place.server:clear_faults()
        for _ = 1, 3 do place:sync { keep = false } end
        check(place, mail, tostring(n))
        assert.same({}, place.server:mailbox "mrose")
      end
    end
  end)
end)

describe("sync: a server that pipelines but refuses LIST of one message", function()
  it("is believed by its whole listing", function()
    for _, reply in ipairs { "-ERR no argument here", "+OK 4711", "+OK" } do
      local place <close> = fetching.place(20)
      local list = place.server.default.LIST
      function place.server.on.LIST(session, n)
        if not n then return list(session, n) end
        return { raw = reply .. "\r\n" }
      end
      local result = place:run { keep = false }
      assert.equal(20, result.new)
      assert.equal(20, result.deleted)
      assert.equal(20, place:count "RETR")
    end
  end)
end)

describe("sync: a pipelined reply that is missing", function()
  local faults = {
    ["no terminator"] = { no_terminator = true },
    ["no body"] = { reply = "+OK" },
    ["an empty line"] = { reply = "" },
  }
  for name, fault in pairs(faults) do
    it("gives no message the octets of another: " .. name, function()
      for nth = 1, 7 do
        for _, keep in ipairs { true, false } do
          for _, calls in ipairs { true, false } do
            local mail = fetching.mail(7)
            local place <close> = fetching.place(mail)
            place.inbox = inbox { calls = calls }
            local f = { verb = "RETR", nth = nth, times = 1 }
            for key, value in pairs(fault) do f[key] = value end
            place.server:fault(f)
            local result, _, _, _, partial = place:sync { keep = keep }
            assert.is_nil(result)
            assert.is_true(partial.temporary)
            place:run { keep = keep }
            table.sort(mail)
            table.sort(place.inbox.list)
            assert.same(mail, place.inbox.list)
          end
        end
      end
    end)
  end

  it("and an extra line: neither becomes a part of a message", function()
    for nth = 1, 7 do
      for _, append in ipairs { "+OK\r\n", "+OK 12 octets\r\n" } do
        local mail = fetching.mail(7)
        local place <close> = fetching.place(mail)
        place.server:fault { verb = "RETR", nth = nth, times = 1,
                             append = append }
        place:sync { keep = false }
        place:run { keep = false }
        table.sort(mail)
        table.sort(place.inbox.list)
        assert.same(mail, place.inbox.list)
      end
    end
  end)

  it("is not found with a server of inexact sizes", function()
    for _, calls in ipairs { true, false } do
      local mail = fetching.mail(100)
      local place <close> = fetching.place(mail)
      place.inbox = inbox { calls = calls }
      place.server:fault { verb = "LIST", wrong_size = 3 }
      assert.equal(100, place:run({ keep = false }).new)
      assert.same(mail, place.inbox.list)
      assert.same({}, place.server:mailbox "mrose")
    end
  end)
end)

describe("sync: the beginning of a large message", function()
  local big = "Subject: big\r\n\r\n" .. ("line\r\n"):rep(200)
  local begin = { max_size = 100, partial = 2 }
  local first = "Subject: big\r\n\r\nline\r\nline\r\n"

  -- A run whose state is out of order once messages are delivered, as if it had
  -- been killed then.
  local function interrupted(place, opts)
    local file = state.file(place.state)
    local all = { state = setmetatable({
      done = function(_, list, lazily)
        if #list == 0 then return file:done(list, lazily) end
        return nil, "killed", "io"
      end,
    }, { __index = function(_, name)
      return function(_, ...) return file[name](file, ...) end
    end }) }
    for name, value in pairs(opts) do all[name] = value end
    local result, message = place:sync(all)
    assert.is_nil(result)
    assert.equal("killed", message)
  end

  it("is not taken for all of it after a crash", function()
    local place <close> = fetching.place { big }
    interrupted(place, begin)
    assert.same({ first }, place.inbox.list)
    place:run { max_size = 100, partial = 2, keep = false }
    assert.same({ first }, place.inbox.list)
    assert.same({ big }, place.server:mailbox "mrose")
    place:run { keep = false }
    assert.same({ first, big }, place.inbox.list)
    assert.same({}, place.server:mailbox "mrose")
  end)

  it("comes once, also when the whole message fails meanwhile", function()
    for _, fail in ipairs { "refused", "killed" } do
      local place <close> = fetching.place { big }
      place:run(begin)
      if fail == "refused" then
        place.server:fault { verb = "RETR", times = 1, reply = "-ERR no" }
        place:run()
      else
        place.server:fault { verb = "RETR", times = 1, cut = { bytes = 9 } }
        place:sync()
      end
      place:run(begin)
      assert.same({ first }, place.inbox.list)
      place:run()
      assert.same({ first, big }, place.inbox.list)
      place:run(begin)
      assert.equal(2, #place.inbox.list)
    end
  end)

  it("is settled as all of it when that was under way", function()
    local place <close> = fetching.place { big }
    place:run(begin)
    interrupted(place, {})
    assert.same(big, place.inbox.list[2])
    place:run { keep = false }
    assert.equal(2, #place.inbox.list)
    place:run { keep = false }
    assert.same({}, place.server:mailbox "mrose")
  end)
end)

describe("sync: a seed", function()
  it("records many messages in pieces", function()
    local place <close> = fetching.place(2500)
    assert.equal(2498, place:run({ seed = { newest = 2 } }).skipped)
    local before = place:octets_of_state()
    assert.equal(0, place:run().new)
    assert.equal(before, place:octets_of_state())
    assert.equal(2, place:count "RETR")
  end)
end)

describe("sync: messages that share a unique-id", function()
  -- They have one size and one header, too.
  local function alike(count)
    local mail, uidl = {}, {}
    for i = 1, count do
      mail[i] = ("Subject: one\r\n\r\n%03d\r\n"):format(i)
      uidl[i] = i % 3 == 0 and "u" .. i or i % 2 == 0 and "x" or "y"
    end
    return mail, uidl
  end

  local function all_came(place, mail, opts)
    for _ = 1, 3 do
      place:sync(opts)
      place:run(opts)
    end
    table.sort(place.inbox.list)
    assert.same(mail, place.inbox.list)
    assert.same({}, place.server:mailbox "mrose")
  end

  for _, calls in ipairs { true, false } do
    local kind = calls and "calls" or "a place"
    it("are not deleted unread in several sessions: " .. kind, function()
      local mail, uidl = alike(12)
      local place <close> = fetching.place(mail, { uidl = uidl })
      place.inbox = inbox { calls = calls }
      all_came(place, mail, { keep = false, purge_after = 2,
                              reconnect = function() return place:connect() end })
    end)

    it("are not deleted unread in several runs: " .. kind, function()
      local mail, uidl = alike(12)
      local place <close> = fetching.place(mail, { uidl = uidl })
      place.inbox = inbox { calls = calls }
      for _ = 1, 6 do place:run { keep = false, max_messages = 2 } end
      all_came(place, mail, { keep = false })
    end)

    it("are not deleted unread when QUIT is cut off: " .. kind, function()
      for _, verb in ipairs { "QUIT", "DELE", "RETR" } do
        for nth = 1, verb == "QUIT" and 1 or 9 do
          local mail, uidl = alike(12)
          local place <close> = fetching.place(mail, { uidl = uidl })
          place.inbox = inbox { calls = calls }
          place.server:fault { verb = verb, nth = nth, times = 1,
                               cut = { bytes = 0 } }
          place:sync { keep = false, max_messages = 5 }
          all_came(place, mail, { keep = false })
        end
      end
    end)
  end

  it("are all fetched, newest first and some in each run", function()
    local mail, uidl = alike(12)
    local place <close> = fetching.place(mail, { uidl = uidl })
    for _ = 1, 6 do place:run { order = "newest", max_messages = 2 } end
    table.sort(place.inbox.list)
    assert.same(mail, place.inbox.list)
  end)

  it("or have no unique-id are not deleted unread", function()
    local mail = alike(12)
    local place <close> = fetching.place(mail)
    function place.server.on.UIDL(session) return session:err "no" end
    all_came(place, mail, { keep = false, purge_after = 2,
                            reconnect = function() return place:connect() end })
  end)

  it("or have no unique-id are all fetched when one failed", function()
    for nth = 1, 12 do
      local mail = alike(12)
      local place <close> = fetching.place(mail)
      function place.server.on.UIDL(session) return session:err "no" end
      place.server:fault { verb = "RETR", nth = nth, times = 1,
                           reply = "-ERR no" }
      place:run { order = "newest" }
      place:run { order = "newest" }
      table.sort(place.inbox.list)
      assert.same(mail, place.inbox.list)
    end
  end)

  it("are not taken for one whose delivery failed", function()
    local mail = { "A: 1\r\n\r\nx\r\n", "A: 1\r\n\r\nx\r\n" }
    local place <close> = fetching.place(mail, { uidl = { "x", "x" } })
    local refuse = true
    place.inbox = inbox { commit = function()
      return not refuse or nil, "not now"
    end }
    place:run { keep = false }
    assert.same(mail, place.server:mailbox "mrose")
    refuse = false
    place:run { keep = false }
    assert.same({ mail[1] }, place.inbox.list)  -- equal octets are one message
    assert.same({}, place.server:mailbox "mrose")
  end)
end)
