-- A run is stopped for longer than the server waits, and then continued.

local helper = require "spec.helper"
local place = require "spec.crash.place"
local report = require "spec.crash.report"
local trace = require "spec.crash.trace"

-- Calls between which something is true that the pause may change.
local points = { sendto = true, recvfrom = true, write = true, link = true,
                 unlink = true, fdatasync = true, fsync = true, syncfs = true }

describe("a run that is stopped past the autologout of the server", function()
  for _, kind in ipairs(helper.some({ "maildir", "mbox", "function" }, 1)) do
    it("keeps the guarantees, into a " .. kind, function()
      local p <close> = place.new(kind, false)
      p:fresh()
      local calls, frozen = {}, 0
      for _, call in ipairs(trace.calls(p:command(), p.dir .. ".log")) do
        if points[call.name] then calls[#calls + 1] = call end
      end
      assert(#calls > 10)
      local chosen = helper.some(calls, 2)
      for _, call in ipairs(chosen) do
        local problems = {}
        p:fresh()
        if trace.freeze(p:command(), call, p.dir .. ".pid", function()
          assert(p.run:advance(700))  -- more than the 600 s of RFC 1939 section 3
        end) then
          frozen = frozen + 1
        end
        p:check_interrupted(problems)
        p:check_recovery(problems)
        assert(#problems == 0, call.text:sub(1, 200) .. "\n"
                               .. table.concat(problems, "\n"))
      end
      report("%s, delete, stopped: %d points, %d of them past the autologout, "
             .. "%d lost, %d doubled", kind, #chosen, frozen, p.lost or 0,
             p.doubled or 0)
    end)
  end
end)
