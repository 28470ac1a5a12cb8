-- The order of writes, fsync and DELE of a run, by one trace.

local core = require "pop3.core"
local helper = require "spec.helper"
local order = require "spec.crash.order"
local place = require "spec.crash.place"
local trace = require "spec.crash.trace"

-- The calls of a run in which the call number `without` is left out. The Maildir
-- itself is there; its directories are not, unless `made` is false.
local function calls_of(p, without, made)
  p:fresh()
  if p.kind == "maildir" and made ~= false then
    assert(core.mkdir(p.dir .. "/Maildir"))
  end
  return trace.calls(p:command() .. " " .. (without or ""), p.dir .. ".log")
end

local durable = { fsync = true, fdatasync = true, syncfs = true }

-- How many calls make something durable in one run.
local function count(p)
  local n = 0
  for _, c in ipairs(calls_of(p)) do if durable[c.name] then n = n + 1 end end
  return n
end

describe("the order of system calls", function()
  for _, case in ipairs { { "maildir", 2 }, { "maildir", 5 }, { "mbox", 3 } } do
    local kind, messages = case[1], case[2]
    local title = (", %d messages into a %s"):format(messages, kind)

    it("is right" .. title, function()
      local p <close> = place.new(kind, false, place.mail(messages))
      assert.same({}, order.problems(p, calls_of(p)))
      assert.same({}, order.problems(p, calls_of(p, nil, false)))
    end)

    it("is wrong without one of the calls that make durable" .. title, function()
      local p <close> = place.new(kind, false, place.mail(messages))
      local last = count(p)
      assert.is_true(last >= 6)
      -- the last one records only that the server has deleted the messages
      for n in helper.sweep(1, last - 1, 3) do
        assert.is_true(#order.problems(p, calls_of(p, n)) > 0,
                       "without call " .. n)
      end
    end)
  end

  it("is wrong without the name of a new Maildir", function()
    local p <close> = place.new("maildir", false, place.mail(2))
    for n = 3, 4 do
      assert.is_true(#order.problems(p, calls_of(p, n, false)) > 0)
    end
  end)
end)
