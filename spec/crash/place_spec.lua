-- The crash specs find faults: a naive delivery must fail them.

local place = require "spec.crash.place"
local trace = require "spec.crash.trace"

describe("the crash specs", function()
  -- Kill the run before the first call after the last one that `match` accepts.
  local function kill_after(p, match)
    p:fresh()
    local calls = trace.calls(p:command(), p.dir .. ".log")
    local at
    for i, call in ipairs(calls) do if match(call) then at = i + 1 end end
    local problems = {}
    p:fresh()
    trace.inject(p:command(), calls[at], "signal=SIGKILL")
    p:check_interrupted(problems)
    p:check_recovery(problems)
    return table.concat(problems, "\n")
  end

  it("find copies of a naive delivery", function()
    local p <close> = place.new("naive", true)
    assert.matches("I2: ", kill_after(p, function(call)
      return call.name == "fsync" and call.text:find("/Maildir/new/", 1, true)
    end))
    assert.is_true(p.doubled > 0)
  end)

  it("find partial messages of a naive delivery", function()
    local p <close> = place.new("naive", true)
    assert.matches("I4: .* is visible", kill_after(p, function(call)
      return call.name == "openat" and call.text:find("/Maildir/new/", 1, true)
    end))
  end)

  it("find nothing in a Maildir at the same points", function()
    local p <close> = place.new("maildir", true)
    assert.equal("", kill_after(p, function(call)
      return call.name == "link"
    end))
    assert.equal("", kill_after(p, function(call)
      return call.name == "openat" and call.text:find("/Maildir/tmp/", 1, true)
    end))
  end)
end)
