-- The output of pop3 fetch: reports, progress, metrics, failures in a row.

local dkjson = require "dkjson"
local failures = require "pop3.command.fetch.failures"
local helper = require "spec.helper"
local new_metrics = require "pop3.command.fetch.metrics"
local new_progress = require "pop3.command.fetch.progress"
local new_report = require "pop3.command.fetch.report"
local outcome = require "pop3.account.outcome"

-- A file in memory.
local function memory()
  return { text = "", flush = function() end,
           write = function(self, ...)
             self.text = self.text .. table.concat { ... }
           end }
end

-- What a report prints of a run: standard output, standard error.
local function printed(opts, run)
  local all = { out = memory(), err = memory() }
  for name, value in pairs(opts) do all[name] = value end
  local report = new_report(all)
  run(report)
  report:idle()
  return all.out.text, all.err.text
end

local DELIVERED = { what = "delivered", number = 3, uid = "u3", id = "i3",
                    octets = 1234 }

local function good_run(report)
  report:event("work", DELIVERED)
  report:event("work", { what = "deleted", number = 3, uid = "u3" })
  report:progress("work", 1, 1, { size = 1234 })
  report:finish("work", outcome.of_result { new = 1, deleted = 1, failed = 0,
    aside = 0, octets = 1234, problems = {}, quit = "confirmed" }, false)
end

local function bad_run(report)
  report:finish("work", outcome.of_connect("PASS: h:995: no \27[31m", "auth"),
                false)
end

describe("the report of pop3 fetch", function()
  it("is silent when all is well", function()
    assert.same({ "", "" }, { printed({}, good_run) })
  end)

  it("has one line for each failure, safe for a terminal", function()
    assert.same({ "", "pop3: fetch: work: PASS: h:995: no \u{241B}[31m\n" },
                { printed({}, bad_run) })
  end)

  it("does not report a failure that is to be quiet", function()
    assert.same({ "", "" }, { printed({}, function(report)
      report:finish("work", outcome.failed("x", "timeout", true), true)
    end) })
  end)

  it("has one line for each message with --verbose", function()
    assert.same({ "work: message 3 (u3), 1234 octets, delivered\n"
                  .. "work: message 3 (u3) deleted\n"
                  .. "work: 1 new, 1 deleted\n", "" },
                { printed({ verbose = true }, good_run) })
    assert.same({ "work: message 3 (u3), 1234 octets, would be delivered\n"
                  .. "work: message 3 (u3) would be deleted\n", "" },
                { printed({ dry_run = true }, good_run) })
    local out = printed({ verbose = true }, function(report)
      report:event("a\nb", { what = "failed", number = 1, uid = "\27x",
                             text = "disk\nfull" })
      report:event("a", { what = "problem", text = "torn entry" })
    end)
    assert.equal("a\u{240A}b: message 1 (\u{241B}x) not delivered: "
                 .. "disk\u{240A}full\na: torn entry\n", out)
  end)

  it("is JSON, one object a line", function()
    local out, err = printed({ json = true }, function(report)
      good_run(report)
      bad_run(report)
      report:event("work", { what = "failed", uid = "\xFF", text = "x" })
    end)
    assert.equal("pop3: fetch: work: PASS: h:995: no \u{241B}[31m\n", err)
    local list = {}
    for line in out:gmatch "[^\n]+" do
      local value = assert(dkjson.decode(line))
      assert.is_number(value.time)
      value.time = nil
      list[#list + 1] = value
    end
    assert.same({ account = "work", event = "delivered", number = 3,
                  uid = "u3", id = "i3", octets = 1234 }, list[1])
    assert.same({ account = "work", event = "end", status = 0, new = 1,
                  deleted = 1, failed = 0, aside = 0, octets = 1234,
                  quit = "confirmed" }, list[3])
    assert.same({ account = "work", event = "end", status = 3, code = "auth",
                  text = "PASS: h:995: no \27[31m" }, list[4])
    assert.same({ base64 = "/w==" }, list[5].uid)
    assert.equal(5, #list)
  end)

  it("removes the progress bar before it prints", function()
    local _, err = printed({ bar = true }, function(report)
      report:progress("a", 1, 2, { size = 10 })
      bad_run(report)
      report:event("a", DELIVERED)
      report:progress("a", 2, 2, { size = 1 })
    end)
    assert.match("^\r%[##########          %] 1/2 messages, 10 B, [^\r]*"
      .. "\27%[K\r\27%[Kpop3: fetch: work: [^\n]*\n", err)
  end)
end)

describe("the progress bar", function()
  it("shows messages, octets, rate and time left, of all accounts", function()
    local out, time = memory(), 0
    local bar = new_progress(out, function() return time end)
    time = 10
    bar:update("a", 1, 4, 2048)
    assert.equal("[#####               ] 1/4 messages, 2.0 KiB, 204 B/s, "
                 .. "0:30 left", bar:line())
    bar:update("b", 10, 16, 3 << 20)
    assert.equal("[###########         ] 11/20 messages, 3.0 MiB, "
                 .. "307.4 KiB/s, 0:09 left", bar:line())
    time = 10000
    bar:update("a", 2, 10004, 0)
    assert.match(", 12/10020 messages, 3.0 MiB, 314 B/s, 2316:40:00 left$",
                 ", " .. bar:line():match "%d+/.*")
    bar:update("a", 10004, 10004, 0)
    bar:update("b", 16, 16, 0)
    assert.match("^%[####################%] 10020/10020 .* 0:00 left$",
                 bar:line())
    bar:reset()
    assert.equal("\r\27[K", out.text:sub(-4))
    bar:update("a", 1, 2, 7)
    assert.match("1/2 messages, 7 B", bar:line())
  end)

  it("is drawn ten times a second at most", function()
    local out, time = memory(), 0
    local bar = new_progress(out, function() return time end)
    for i = 1, 1000 do
      time = i / 1000
      bar:update("a", i, 1000, 1)
    end
    assert.is_true(select(2, out.text:gsub("\r", "")) <= 11)
  end)
end)

describe("an outcome", function()
  local function status(o) return o.status end

  it("is temporary, or a person must act", function()
    for code, want in pairs { connect = 75, timeout = 75, closed = 75,
                              proto = 75, limit = 75, tls = 3, auth = 3,
                              io = 3, state = 3 } do
      assert.equal(want, status(outcome.of_connect("x", code)), code)
    end
    for code, want in pairs { ["IN-USE"] = 75, ["LOGIN-DELAY"] = 75,
                              ["SYS/TEMP"] = 75, ["SYS/PERM"] = 3,
                              ["SYS/PERM/X"] = 3 } do
      assert.equal(want, status(outcome.of_connect("x", "err",
                                                   { code = code })), code)
    end
    assert.equal(75, status(outcome.of_sync("x", "state", nil,
                                            { temporary = true })))
    assert.equal(3, status(outcome.of_sync("x", "io", nil, {})))
    assert.equal(3, status(outcome.of_sync("x", "state")))
  end)

  it("of a run names the first problem", function()
    local function of(fields)
      local result = { new = 0, failed = 0, aside = 0, problems = {},
                       quit = "confirmed" }
      for name, value in pairs(fields) do result[name] = value end
      local o = outcome.of_result(result)
      return o.status, o.text
    end
    assert.equal(0, (of {}))
    assert.same({ 75, "1 message not delivered: message 4: no (and 1 more)" },
      { of { failed = 1, problems = { { number = 4, text = "no" }, {} } } })
    assert.same({ 3, "2 messages set aside" }, { of { aside = 2, failed = 1 } })
    assert.same({ 75, "QUIT was refused: locked" },
      { of { quit = "refused", problems = { { text = "locked" } } } })
    assert.same({ 75, "QUIT was not confirmed" }, { of { quit = "unknown" } })
    assert.same({ 75, "1 problem: torn" },
                { of { problems = { { text = "torn" } } } })
  end)

  it("of several accounts is the worst", function()
    assert.equal(0, outcome.worst {})
    assert.equal(0, outcome.worst { 0, 0 })
    assert.equal(75, outcome.worst { 0, 75, 0 })
    assert.equal(3, outcome.worst { 75, 3, 75, 0 })
  end)
end)

describe("the metrics", function()
  it("are in the text format of Prometheus, and replaced whole", function()
    local dir <close> = helper.directory()
    local metrics = new_metrics(dir.path .. "/m.prom")
    metrics:add('a"\\\n', { status = 0, result = { new = 2, octets = 10,
      pending = 1 } }, 1.5)
    metrics:add('a"\\\n', { status = 75 }, 0.25)
    metrics:add("b", { status = 3 }, 1)
    assert(metrics:write())
    local text = dir:read "m.prom"
    for _, line in ipairs {
      "# TYPE lpop3_fetch_messages_total counter",
      'lpop3_fetch_messages_total{account="a\\"\\\\\\n"} 2',
      'lpop3_fetch_messages_total{account="b"} 0',
      "# TYPE lpop3_fetch_status gauge",
      'lpop3_fetch_status{account="a\\"\\\\\\n"} 75',
      'lpop3_fetch_status{account="b"} 3',
      'lpop3_fetch_pending{account="a\\"\\\\\\n"} 1',
      'lpop3_fetch_run_seconds{account="a\\"\\\\\\n"} 0.250',
      'lpop3_fetch_failures{account="a\\"\\\\\\n"} 1',
    } do
      assert.is_truthy(("\n" .. text):find("\n" .. line .. "\n", 1, true), line)
    end
    assert.is_nil(text:find('last_success_timestamp_seconds{account="b"}', 1,
                            true))
    -- each line is a comment or a sample
    for line in text:gmatch "[^\n]+" do
      assert.is_truthy(line:find "^# %u+ [%l%d_]+ " or
        line:find '^[%l%d_]+{account="[^\n]*"} [%d.]+$', line)
    end
    assert.same({ "m.prom" }, dir:names())
    local ok, err = new_metrics(dir.path .. "/none/x"):write()
    assert.is_nil(ok)
    assert.match("/none/x", err)
  end)
end)

describe("failures in a row", function()
  it("are counted in a file, until a success", function()
    local dir <close> = helper.directory()
    local bad = outcome.failed("x", "timeout", true)
    local good = { status = 0 }
    local function note(o) return (failures.note(dir.path, "a/b", o, 3)) end
    assert.is_false(note(good))
    assert.same({}, dir:names())          -- a success writes nothing
    assert.same({ true, true, false, false },
                { note(bad), note(bad), note(bad), note(bad) })
    assert.equal(4, failures.count(dir.path, "a/b"))
    assert.is_false(note(good))
    assert.same({}, dir:names())
    assert.is_true(note(bad))
    -- trouble that needs a person is never quiet
    assert.is_false(note(outcome.failed("x", "auth", false)))
    assert.equal(0, failures.count(dir.path, "a/b"))
    -- a file that cannot be read or written makes nothing quiet
    dir:write("a%2Fb.failures", "rubbish")
    assert.is_true(note(bad))
    local quiet, err = failures.note(dir.path .. "/none", "a", bad, 3)
    assert.is_false(quiet)
    assert.is_string(err)
  end)
end)
