-- What pop3.sync remembers of a message that may have been delivered.

local fetching = require "spec.support.fetching"
local inbox = require "spec.support.inbox"

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

  it("says so until it is delivered, whatever happens meanwhile", function()
    assert.same({ false, true, true, true }, attempts {
      { nil, "lost", "unknown" }, { nil, "busy" }, { nil, "busy" },
    })
  end)

  it("does not say so after a failure that is certain", function()
    assert.same({ false, false }, attempts { { nil, "busy" } })
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
