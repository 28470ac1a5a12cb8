-- A test program that a signal ends counts as a failure: bash writes a line about the
-- signal where spec/run reads the time, and spec/run once began again then.

local tempdir = require "spec.support.tempdir"

describe("spec/run", function()
  it("counts a program that a signal ends as one failure", function()
    local dir <close> = tempdir()
    local program = dir.path .. "/program"
    dir:write("program", "#!/bin/sh\nkill -SEGV $$\n")
    assert(os.execute("chmod +x " .. program))
    local pipe = assert(io.popen("spec/run " .. program .. " 2>&1"))
    local text = pipe:read "a"
    assert.is_nil((pipe:close()))
    assert.is_truthy(text:find("FAILED .-" .. program:gsub("%p", "%%%0")))
    assert.is_truthy(text:find "\n0 passed, 1 failed, 0 pending\n$")
    assert.are.equal(1, select(2, text:gsub("test files, ", "")))
  end)
end)
