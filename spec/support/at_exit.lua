-- When a state closes, Lua finalizes the newest objects first. The finalizer of an
-- object that is older than all of pop3.core then uses objects that are finalized
-- already: every method of every object, and every function that takes an object.
-- Prints "ok"; a use after free ends the process.
--
--    lua5.4 spec/support/at_exit.lua DIRECTORY

local all, core, objects

-- It must be the oldest object with a finalizer.
local _ = setmetatable({}, { __gc = function()
  for name, list in pairs(all) do
    for _, object in ipairs(list) do
      for _, method in ipairs(objects.methods_of(name)) do
        if method ~= "kill" then
          for _, arguments in ipairs(objects.arguments()) do
            pcall(object[method], object, table.unpack(arguments))
          end
        end
      end
      pcall(core.tls, { context = object, name = "x" })
      pcall(core.tls, { session = object, verify = false })
      pcall(core.server, { journal = object })
      pcall(core.spawn, ":", object, {})
      pcall(core.message.reader, object)
      pcall(core.message.text, object)
      pcall(tostring, object)
    end
  end
  for name, list in pairs(objects.makers) do
    if name ~= "pop3.command" then
      for _, maker in ipairs(list) do
        local ok, object = pcall(maker)
        if ok and object then pcall(tostring, object) end
      end
    end
  end
  for field in pairs(core.message.getters) do
    pcall(function() return objects.message()[field] end)
  end
  print "ok"
  io.stdout:flush()
end })

core = require "pop3.core"
objects = require "spec.support.core_objects"

all = {}
for name, list in pairs(objects.makers) do
  all[name] = {}
  for i, maker in ipairs(list) do all[name][i] = maker() end
end
