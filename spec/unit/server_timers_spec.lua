-- The timers of a server, compared with a list that is searched.

local timers = require "pop3.server.timers"

describe("the heap", function()
  it("drops ended entries before their time", function()
    local heap, alive = timers.heap(), {}
    for i = 1, 20000 do
      local thing = { ended = i % 40 ~= 0 }
      if not thing.ended then alive[#alive + 1] = thing end
      heap:add(1e9 + i % 7, thing)
    end
    assert.is_true(heap.n <= 2000)
    local got, last = {}, 0
    repeat
      local at, thing = heap:first(), heap:take(2e9)
      assert.is_true(not at or at >= last)
      last = at
      if thing and not thing.ended then got[thing] = true end
    until not thing
    for _, thing in ipairs(alive) do assert.is_true(got[thing]) end
  end)

  it("gives things back by time, then by age", function()
    math.randomseed(3)
    local heap, list = timers.heap(), {}
    for i = 1, 2000 do
      if math.random(3) < 3 then
        local at = math.random(50)
        heap:add(at, { i })
        list[#list + 1] = { at, i }
      else
        table.sort(list, function(a, b)
          if a[1] ~= b[1] then return a[1] < b[1] end
          return a[2] < b[2]
        end)
        assert.equal(list[1] and list[1][1], heap:first())
        local now = math.random(50)
        local first = list[1] and list[1][1] <= now and table.remove(list, 1)
        local taken = heap:take(now)
        assert.equal(first and first[2] or nil, taken and taken[1])
      end
    end
  end)
end)

describe("the queue", function()
  it("returns entries that were idle for long enough, and no others", function()
    local q = timers.queue(10)
    local a, b, c = { active = 0 }, { active = 1 }, { active = 2 }
    for _, thing in ipairs { a, b, c } do q:add(thing) end
    a.active = 8
    q:remove(c)
    q:remove(c)
    assert.equal(10, q:first(9))
    assert.is_nil(q:take(10))
    assert.equal(11, q:first(10))
    assert.equal(b, q:take(11))
    assert.is_nil(q:take(17))
    assert.equal(a, q:take(18))
    assert.is_nil(q:first(99))
  end)
end)
