-- Fetching into a Maildir, beside other programs that do it: processor time and
-- wall time, on a disk and in memory; then a run with nothing new.

local core = require "pop3.core"
local fetchers = require "spec.interop.fetchers"
local h = require "spec.bench.harness"
local proc = require "spec.interop.proc"

local BOXES = {
  { "4 KiB", h.size(10000, 500), 4096 },
  { "100 KiB", h.size(1000, 50), 102400 },
}

-- A program that needs a process for each message is given a tenth of them.
local slow = { getmail = true, fetchmail = true }

local function count_of(dir)
  local n = 0
  for _, sub in ipairs { "/Maildir/new", "/Maildir/cur", "/files" } do
    n = n + #(core.readdir(dir .. sub) or {})
  end
  return n
end

local function row(rows, label, place, port, count, again)
  local command = fetchers.programs[place.name](place.dir, port, true)
  -- fetchmail exits with 1 when there is nothing new
  proc.write(place.dir .. "/run", ("(%s)\ns=$?; [ $s = 1 ] && s=0; exit $s\n")
                                  :format(command))
  local before = ("rm -rf %s/Maildir/new %s/files %s/state* %s/uids %s/uidls "
    .. "%s/cache %s/ids %s/getmail/oldmail*; mkdir -m 700 -p %s/Maildir/new "
    .. "%s/files; chown --reference=%s %s/Maildir/new; sync"):gsub("%%s", place.dir)
  local r = h.measure(rows, {
    label = label, cmd = "sh " .. place.dir .. "/run", check = false,
    before = not again and before or nil, count = count,
  })
  if not r.failed and count_of(place.dir) ~= count then
    r.failed = ("delivered %d messages, not %d"):format(count_of(place.dir), count)
  end
  return r
end

local function print_rows(title, rows)
  print(("\n%s\n%-28s %8s %10s %9s %12s %9s %9s"):format(title, "", "messages",
    "cpu s", "wall s", "us cpu/msg", "cpu ratio", "peak MiB"))
  local ours = rows[1]
  for _, r in ipairs(rows) do
    if r.failed then
      print(("%-28s FAILED: %s"):format(r.label, r.failed))
    else
      local each = r.cpu / r.count
      print(("%-28s %8d %10.3f %9.3f %12.1f %9.2f %9.1f"):format(r.label, r.count,
        r.cpu, r.wall, each * 1e6, each / (ours.cpu / ours.count), r.rss))
    end
  end
  io.stdout:flush()
end

return function(dir)
  local timeout = h.timeout
  h.timeout = 600
  local disk = ".build/bench/sync"
  proc.check("mkdir -p " .. disk)
  disk = proc.check("readlink -f " .. disk):match "[^\n]+"
  local roots = { { "on a disk", disk }, { "in memory", dir .. "/sync" } }
  local boxes = {}
  for i, box in ipairs(BOXES) do
    boxes[i] = ("mrose=%dx%d"):format(box[2], box[3])
    boxes[#BOXES + i] = ("mrose=%dx%d"):format(box[2] // 10, box[3])
  end
  for _, root in ipairs(roots) do
    for i, box in ipairs(BOXES) do
      local all <close> = h.blaster(dir, { boxes[i] })
      local tenth <close> = h.blaster(dir, { boxes[#BOXES + i] })
      local rows = {}
      io.stderr:write("sync, ", box[1], ", ", root[1], "\n")
      for _, name in ipairs(fetchers.names) do
        local count = slow[name] and box[2] // 10 or box[2]
        local port = slow[name] and tenth.port or all.port
        proc.check("mkdir -p " .. root[2])
        local place <close> = fetchers.place(name, root[2])
        row(rows, name, place, port, count)
        if i == 1 and not rows[#rows].failed then
          row(rows, name .. ", nothing new", place, port, count, true)
        end
      end
      print_rows(("Into a Maildir %s, messages of %s"):format(root[1], box[1]),
                 rows)
    end
    proc.check("rm -rf " .. root[2])
  end
  h.timeout = timeout
end
