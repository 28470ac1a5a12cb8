-- Faults as text.

local fault = require "pop3.server.fault"
local read = require "pop3.server.fault.text"

describe("a fault as text", function()
  it("has words, tables and flags", function()
    for text, made in pairs {
      ["verb=UIDL cut.lines=1"] = { verb = "UIDL", cut = { lines = 1 } },
      [" verb=RETR  args=^2$ times=3 delay=0.5 "] =
        { verb = "RETR", args = "^2$", times = 3, delay = 0.5 },
      ["verb=RETR args=2 stall"] = { verb = "RETR", args = "2", stall = true },
      ["cut.bytes=5 cut.how=rst"] = { cut = { bytes = 5, how = "rst" } },
      ["no_terminator=true"] = { no_terminator = true },
      ["hook=connect reply=-ERR"] = { hook = "connect", reply = "-ERR" },
      ['reply="-ERR [SYS/TEMP] not now" verb=STAT'] =
        { reply = "-ERR [SYS/TEMP] not now", verb = "STAT" },
      ['append="a\\r\\n\\"\\\\b"'] = { append = 'a\r\n"\\b' },
      ['append="" verb=X'] = { append = "", verb = "X" },
      ["append=10"] = { append = "10" },
    } do
      assert.same(made, read(text), text)
      fault.new(made, 1)
    end
  end)

  it("reports mistakes", function()
    for text, message in pairs {
      ['reply="-ERR'] = "a quote has no end",
      ["=3"] = "'=3' is not name=value",
      ["verb=RETR -ERR"] = "'-ERR' is not name=value",
      ["delay=1 delay.x=1"] = "'delay.x' conflicts with 'delay'",
      ["cut=1 cut.lines=1"] = "'cut.lines' conflicts with 'cut'",
    } do
      assert.same({ nil, message }, { read(text) }, text)
    end
  end)

  it("leaves the rest to the check of the fault", function()
    for text, message in pairs {
      ["wat=1"] = "wat", ["delay=soon"] = "delay", ["cut.wat=1"] = "wat",
      ["times=-1 stall"] = "times", ["when=x stall"] = "when",
      ["verb=UIDL uids=none"] = "uids", [""] = "no effect",
    } do
      local ok, err = pcall(fault.new, assert(read(text)), 1)
      assert.is_false(ok)
      assert.is_truthy(err:find(message, 1, true), err)
    end
  end)
end)
