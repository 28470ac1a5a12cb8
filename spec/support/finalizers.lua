-- A finalizer closes an object while one of its methods runs: of every type of
-- pop3.core, every method, with arguments of several kinds, at every point where
-- Lua may run finalizers. Nothing but pop3.core is loaded, so that a full
-- collection at each of these points takes little time. Prints "ok" and counts; a
-- use after free ends the process (under ASan, surely).
--
--    lua5.4 spec/support/finalizers.lua DIRECTORY [SHARE [SEED]]

local core = require "pop3.core"
local objects = require "spec.support.core_objects"

local arguments, message, methods_of = objects.arguments, objects.message,
                                       objects.methods_of

-- ------------------------------------------------------------- the finalizers

-- Close the object at the k-th point from now on where Lua runs finalizers.
-- Returns a function that tells whether that came.
local function arm(object, k)
  local done = false
  local function again()
    setmetatable({}, { __gc = function()
      k = k - 1
      if k > 0 then return again() end
      if done then return end
      done = true
      if object.close then pcall(object.close, object)
      else getmetatable(object).__gc(object) end
    end })
  end
  again()
  return function()
    local was = done
    done = true
    return was
  end
end

local calls, points = 0, 0

local function try(maker, name, n)
  for k = 1, 40 do
    local object = maker()
    assert(object, name)
    local args = arguments()[n]
    local method = object[name]
    if type(method) ~= "function" then return end
    collectgarbage("incremental", 1, 1000, 100)  -- a whole cycle at each point
    collectgarbage()
    local closed = arm(object, k)
    pcall(method, object, table.unpack(args))
    local was = closed()
    collectgarbage("incremental", 200, 100, 13)
    calls = calls + 1
    -- closed or not, tostring and close must not crash
    pcall(tostring, object)
    if object.close then pcall(object.close, object) end
    if not was then return end
    points = points + 1
  end
end

local some = tonumber(arg[2])
if some then math.randomseed(tonumber(arg[3])) end

local count = #arguments()
for name, list in pairs(objects.makers) do
  for _, maker in ipairs(list) do
    for _, method in ipairs(methods_of(name)) do
      if method ~= "kill" then
        for n = 1, count do
          if not some or math.random() < some then try(maker, method, n) end
        end
      end
    end
  end
end

-- A message's getters, and functions of the module on it.
for field in pairs(core.message.getters) do
  for k = 1, 40 do
    local m = message()
    collectgarbage("incremental", 1, 1000, 100)
    collectgarbage()
    local closed = arm(m, k)
    pcall(function() return m[field] end)
    local was = closed()
    collectgarbage("incremental", 200, 100, 13)
    if not was then break end
    points = points + 1
  end
end

print(("ok %d %d"):format(calls, points))
