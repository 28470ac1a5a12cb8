-- A run into an mbox is killed, or a system call of it fails, at each system call
-- (`make crash`).

local cases = require "spec.crash.kill"
local helper = require "spec.helper"

for _, keep in ipairs(helper.some({ true, false }, 1)) do
  describe("a run into an mbox, keep = " .. tostring(keep), function()
    for _, case in ipairs(cases("mbox", keep)) do it(case.title, case.run) end
  end)
end
