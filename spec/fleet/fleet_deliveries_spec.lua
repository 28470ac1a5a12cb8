-- Deliveries of a fleet that are not a Maildir, when a worker is frozen past its lease
-- and continued later: a table and an mbox get each message exactly once; a function, a
-- command and an LMTP server get one repeat at the most, and the repeat is announced.

local core = require "pop3.core"
local fleets = require "spec.support.fleet"
local helper = require "spec.helper"
local pop3 = require "pop3"
local postgres = require "spec.support.postgres"

local points = { "taken", "intend", "intended", "begin", "commit", "committed",
                 "sync", "synced", "record", "recorded", "DELE", "quit", "release" }

local function read(path)
  local file = io.open(path, "rb")
  if not file then return "" end
  local octets = file:read "a"
  file:close()
  return octets
end

-- Subject → how often, in octets.
local function subjects(octets)
  local found = {}
  for i = 1, 3 do found[i] = select(2, octets:gsub("Subject: u1 " .. i .. "\r?\n", "")) end
  return found
end

postgres.describe("a delivery of a worker that is frozen", function(server)
  -- Freeze at each point; `into` makes the delivery of a place, `judge` checks it.
  local function try(chosen, into, judge)
    for _, point in ipairs(helper.some(chosen, 4)) do
      local place <close> = fleets.place(server():database(), {
        users = 1, mail = 3, server = { preset = "courier" },
        accounts = { keep = false } })
      place.opts.fleet = { into = into(place) }
      local worker = place:fork { freeze = point }
      if worker:await() then
        place:expire()
        place:run()
        worker:go_on()
        assert.equal(0, worker:wait(), point)
      end
      place:make_due()
      local runs = place:run()
      assert.equal("ok", runs.u1.kind, point .. ": " .. tostring(runs.u1.text))
      judge(place, point)
      assert.equal(0, #place.run_of_server:mailbox "u1", point)
      assert.same({}, place:query "select 1 from pop3_seen where state <> 'delivered'")
    end
  end

  it("into a table comes exactly once", function()
    try(points, function() return pop3.inbox {} end, function(place, point)
      local inbox <close> = pop3.inbox { url = place.url }
      local all = {}
      for i, message in ipairs(assert(inbox:take(10))) do
        all[i] = assert(message:octets())
      end
      assert.same({ 1, 1, 1 }, subjects(table.concat(all)), point)
    end)
  end)

  it("into an mbox comes exactly once", function()
    -- while a frozen worker holds the lock of the file, others cannot deliver
    try(points, function(place)
      return pop3.mbox(place.mail .. "/mbox", { lock_timeout = 0.05 })
    end, function(place, point)
      assert.same({ 1, 1, 1 }, subjects(read(place.mail .. "/mbox")), point)
    end)
  end)

  -- Of each message one delivery without a warning at the most, and two in all.
  local function told(place, point)
    local first, all = { 0, 0, 0 }, { 0, 0, 0 }
    for i, again in read(place.mail .. "/calls"):gmatch "u1 (%d) (%a+)\n" do
      i = math.tointeger(i)
      all[i] = all[i] + 1
      if again == "false" then first[i] = first[i] + 1 end
    end
    for i = 1, 3 do
      assert.is_true(all[i] >= 1 and all[i] <= 2, point)
      assert.is_true(first[i] <= 1, point)
    end
  end

  it("to a function is repeated once at the most, with a warning", function()
    try(points, function(place)
      return function(octets, handle)
        local file <close> = assert(core.open(place.mail .. "/calls", "ac"))
        assert(file:write(("%s %s\n"):format(octets:match "Subject: (%w+ %d+)",
                                             tostring(handle.again or false))))
        return file:flush()
      end
    end, told)
  end)

  it("to a command is repeated once at the most, with a warning", function()
    try(points, function(place)
      return { pipe = ("again=false; [ \"$LPOP3_AGAIN\" ] && again=true\n"
        .. "printf '%%s %%s\\n' \"$(sed -n 's/^Subject: //p')\" $again >> %s/calls")
        :format(place.mail) }
    end, told)
  end)
end)
