-- Peak memory of clients for one message of 1 GiB.

local goals = require "spec.bench.goals"
local h = require "spec.bench.harness"
local proc = require "spec.interop.proc"

return function(dir)
  local octets = h.size(1 << 30, 1 << 27)
  local server <close> = h.blaster(dir, { "huge=1x" .. octets })
  local rows, file = {}, dir .. "/huge"
  io.stderr:write "memory\n"

  local function row(label, cmd, check)
    h.measure(rows, { label = label, cmd = cmd, octets = octets, check = check })
  end

  row("curl, saved to a file", proc.words { "curl", "-q", "-s", "--user",
    "huge:" .. h.PASSWORD, "-o", file,
    ("pop3://127.0.0.1:%d/1"):format(server.port) },
    function() return h.last_number(proc.check("wc -c <" .. file)) end)
  row("ours, to a sink", h.our_client(server.port, "huge", "sink"))
  row("ours, saved to a file", h.our_client(server.port, "huge", "save", file))
  os.remove(file)
  h.print(("client: peak memory for one message of %d MiB"):format(octets >> 20),
    h.rates(rows, "MB/s", octets / 1e6), goals.memory)
end
