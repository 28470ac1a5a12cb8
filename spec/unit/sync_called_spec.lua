-- The record of pop3.sync about a message that may have been delivered.

local fetching = require "spec.support.fetching"
local inbox = require "spec.support.inbox"
local pop3 = require "pop3"

describe("a message that may have been delivered", function()
  -- Runs with a delivery that answers in turn what is in the list; what
  -- `handle.again` was at each attempt.
  local function attempts(answers)
    local place <close> = fetching.place(1)
    local again, n = {}, 0
    local function commit(handle)
      n = n + 1
      again[n] = handle.again
      local answer = answers[n] or { true }
      return answer[1], answer[2], answer[3]
    end
    for _ = 1, #answers + 1 do
      place:run { into = inbox { calls = true, commit = commit }, keep = true }
    end
    return again
  end

  it("says so at the next attempt", function()
    assert.same({ false, true }, attempts { { nil, "lost", "unknown" } })
  end)

  it("says so until it is delivered, after any number of runs", function()
    assert.same({ false, true, true, true }, attempts {
      { nil, "lost", "unknown" }, { nil, "busy" }, { nil, "busy" },
    })
  end)

  it("does not say so after a failure that is certain", function()
    assert.same({ false, false }, attempts { { nil, "busy" } })
  end)

  it("does not say so when no delivery was called", function()
    local place <close> = fetching.place(1)
    local again = {}
    local function commit(handle)
      again[#again + 1] = handle.again
      if #again == 1 then return nil, "the server is down", "connect" end
      return true
    end
    local opts = { into = inbox { calls = true, commit = commit } }
    assert.is_nil((place:sync(opts)))
    assert.equal(0, place:run(opts).again)
    assert.same({ false, false }, again)
  end)

  it("is set aside after as many attempts as any other", function()
    local place <close> = fetching.place(1)
    local n = 0
    for _ = 1, 4 do
      place:run { keep = true, attempts = 2, into = inbox { calls = true,
        commit = function()
          n = n + 1
          return nil, "lost", "unknown"
        end } }
    end
    assert.equal(2, n)
  end)
end)

describe("sync: a message that some recipients have", function()
  local lmtp = require "spec.support.lmtp"
  -- Each run is one of a new process: the delivery is made again.
  local function run(place, answer)
    local server = lmtp { answer = answer }
    local into = pop3.lmtp { host = server.host, port = server.port,
                             to = { "a@b", "c@d", "e@f" } }
    local open = into.open
    function into:open() return open(self, { wait = server:hook() }) end
    local result = place:run { into = into }
    server:close()
    local got = {}
    for _, m in ipairs(server.mail) do got[#got + 1] = m.to end
    return result, table.concat(got, " ")
  end

  it("goes to the others only, also in another process", function()
    local place <close> = fetching.place(1)
    local result, got = run(place, function(w, line)
      if w == "RCPT" and line:find "c@d" then return "450 later" end
      if w == "message" and line == "e@f" then return "452 full" end
    end)
    assert.equal(1, result.failed)
    assert.equal("a@b", got)
    result, got = run(place, function(w, line)
      if w == "message" and line == "e@f" then return "452 full" end
    end)
    assert.equal(1, result.failed)
    assert.equal("c@d", got)
    result, got = run(place, function(w)
      if w == "MAIL" then return "450 nothing now" end
    end)
    assert.equal(1, result.failed)
    assert.equal("", got)
    result, got = run(place)
    assert.equal(1, result.new)
    assert.equal("e@f", got)
  end)

  it("goes to the others when it was set aside", function()
    local place <close> = fetching.place(1)
    local result = run(place, function(w, line)
      if w == "message" and line == "e@f" then return "552 too big" end
    end)
    assert.equal(1, result.aside)
    local sync = place.run
    function place:run(opts)
      opts.retry = true
      return sync(self, opts)
    end
    local _, got = run(place)
    assert.equal("e@f", got)
  end)
end)
