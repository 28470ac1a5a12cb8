-- Finalizers make objects of pop3.core at every point of client:next where Lua may run
-- them, also while the storage of a large body becomes a string. The objects are used
-- after it. Prints "ok" and the count of objects; an object whose allocator is gone ends
-- the process (under ASan, surely).

local core = require "pop3.core"

local made = {}

local function arm()
  setmetatable({}, { __gc = function()
    made[#made + 1] = core.client()
    arm()
  end })
end

-- A client that waits for the rest of a body, whose storage begins with that body.
local function receiving()
  local c = core.client()
  for _, line in ipairs { "PASS secret", "RETR 1" } do
    c:feed "+OK\r\n"
    c:next()
    c:ask(line)
  end
  c:feed "+OK\r\nSubject: large\r\n"
  c:next()
  return c
end

-- Call f in some calls of C functions: its frames lie deeper in the stack of C.
local function nested(depth, f)
  if depth == 0 then return f() end
  local _ = ("x"):gsub("x", function() nested(depth - 1, f) end)
end

local rest = ("line\r\n"):rep(60000)
for depth = 1, 8 do
  local c = receiving()
  c:feed(rest .. ".\r\n")
  collectgarbage("incremental", 1, 1000, 100)  -- a whole cycle at each point
  arm()
  nested(depth, function()
    local what, octets = c:next()
    assert(what == "body" and octets == "Subject: large\r\n" .. rest)
  end)
  collectgarbage("incremental", 200, 100, 13)
end

for _, c in ipairs(made) do
  c:feed("+OK " .. ("x"):rep(5000) .. "\r\n")
  assert(c:next() == "reply")
  c:close()
end
print("ok", #made)
