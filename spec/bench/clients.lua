-- Clients against the C server that answers from memory: the cost of one message of
-- 256 MiB, of many small messages and of many messages of medium size.

local goals = require "spec.bench.goals"
local h = require "spec.bench.harness"
local proc = require "spec.interop.proc"
local readers = require "spec.interop.readers"

local BOX = {
  big = { 1, h.size(268435456, 33554432) },
  medium = { h.size(1000, 100), 102400 },
  small = { h.size(10000, 2000), 4096 },
}

local function specs()
  local t = {}
  for name, box in pairs(BOX) do
    t[#t + 1] = ("%s=%dx%d"):format(name, box[1], box[2])
  end
  return t
end

return function(dir)
  local server <close> = h.blaster(dir, specs())
  local port, rows, box, name, octets = server.port, nil, nil, nil, nil

  local function use(mailbox)
    rows, name, box = {}, mailbox, BOX[mailbox]
    octets = box[1] * box[2]
    io.stderr:write("clients, ", mailbox, "\n")
  end

  local function row(label, cmd, extra)
    local r = { label = label, cmd = cmd, octets = octets }
    for k, v in pairs(extra or {}) do r[k] = v end
    return h.measure(rows, r)
  end

  -- The lines on the wire tell what should have come: one dot more for every
  -- stuffed line, and the final dot line.
  local function c_client(label, depth, ...)
    return row(label, h.loadclient(port, name, "-d", depth, ...) .. " retr", {
      check = function(output)
        local r = h.load_result(output)
        local most = octets + octets // (78 * 40) + 3 * box[1]
        local whole = r.messages == box[1] and r.octets >= octets
          and r.octets <= most
        return whole and octets or r.octets
      end,
    })
  end

  -- curl's own count of octets leaves some out, hence the verification.
  local function curl()
    local words = { "curl", "-q", "-s", "--user", name .. ":" .. h.PASSWORD,
      ("pop3://127.0.0.1:%d/[1-%d]"):format(port, box[1]) }
    local cmd = proc.words(words)
    return row("curl", cmd .. " -o /dev/null",
      { check = false, verify = cmd .. " | wc -c" })
  end

  local function poplib()
    return row("poplib", proc.words { "python3", "spec/bench/poplib_all.py",
      port, name, h.PASSWORD })
  end

  -- mpop writes a Maildir, with LF line ends.
  local function mpop()
    local home = dir .. "/mpop"
    proc.write(dir .. "/mpoprc", readers.mpoprc(
      { port = port, user = name, password = h.PASSWORD }, home, true))
    proc.check("chmod 600 " .. dir .. "/mpoprc")
    local r = row("mpop", ("mpop -q -C %s/mpoprc a"):format(dir), {
      before = ("rm -rf %s && mkdir -p %s/cur %s/new %s/tmp"):format(home, home,
        home, home),
      check = function()
        local lines, lf = proc.check(("find %s/new -type f -exec cat {} +"
          .. " | wc -l -c"):format(home)):match "(%d+)%s+(%d+)"
        return tonumber(lines) + tonumber(lf)
      end,
    })
    proc.rmdir(home)
    return r
  end

  local function ours(label, mode, file)
    return row(label, h.our_client(port, name, mode, file))
  end

  use "big"
  row("raw reader (floor)", h.bin .. "floor tcp " .. octets,
    { check = false, seconds = tonumber })
  c_client("C client", 1)
  c_client("C client, to a file", 1, "-o", dir .. "/saved-by-c")
  os.remove(dir .. "/saved-by-c")
  curl()
  mpop()
  poplib()
  ours("ours, to a sink", "sink")
  ours("ours, saved to a file", "save", dir .. "/saved")
  ours("ours, as a string", "string")
  os.remove(dir .. "/saved")
  h.print(("client: one message of %d MiB"):format(octets >> 20),
    h.rates(rows, "MB/s", octets / 1e6), goals.client_big)

  use "small"
  c_client("C client, lock-step", 1)
  curl()
  poplib()
  ours("ours, lock-step", "lockstep")
  c_client("C client, pipelined", 50)
  mpop()
  ours("ours, retr_many", "pipelined")
  h.print(("client: %d messages of 4 KiB"):format(box[1]),
    h.rates(rows, "messages/s", box[1]), goals.client_small)

  use "medium"
  c_client("C client, pipelined", 50)
  mpop()
  ours("ours, retr_many", "pipelined")
  h.print(("client: %d messages of 100 KiB"):format(box[1]),
    h.rates(rows, "MB/s", octets / 1e6), goals.client_medium)
end
