-- A run into a function, killed and hindered at each system call (`make crash`).

local cases = require "spec.crash.kill"

for _, keep in ipairs { true, false } do
  describe("a run into a function, keep = " .. tostring(keep), function()
    for _, case in ipairs(cases("function", keep)) do it(case.title, case.run) end
  end)
end
