-- pop3.sync fetching from servers that we did not write: Dovecot, popa3d, Courier.

local core = require "pop3.core"
local corpus = require "spec.interop.corpus"
local courier = require "spec.interop.courier"
local peers = require "spec.interop.peers"
local pop3 = require "pop3"
local proc = require "spec.interop.proc"
local tempdir = require "spec.support.tempdir"

local COUNT = 40

-- The octets of all messages in a Maildir, sorted.
local function contents(path)
  local list = {}
  for _, sub in ipairs { "/new/", "/cur/" } do
    for _, name in ipairs(core.readdir(path .. sub)) do
      list[#list + 1] = proc.read(path .. sub .. name)
    end
  end
  table.sort(list)
  return list
end

local function connect(server)
  return assert(pop3.connect { host = "127.0.0.1", port = server.port,
    tls = "none", user = peers.USER, password = peers.PASSWORD })
end

-- What RETR returns of each message, sorted.
local function retrieved(server)
  local s <close> = connect(server)
  local list = {}
  for m in assert(s:messages()) do list[#list + 1] = assert(m:retr()) end
  s:quit()
  table.sort(list)
  return list
end

local servers = {
  { "Dovecot", peers.no_dovecot(), peers.dovecot },
  { "popa3d", peers.no_popa3d(), peers.popa3d, { from_lines = true } },
  { "Courier", courier.missing(), courier.start },
}

for _, row in ipairs(servers) do
  local name, missing, start, opts = table.unpack(row, 1, 4)
  describe("pop3.sync from " .. name, function()
    if missing then return peers.skip(missing) end
    local server
    lazy_setup(function()
      server = start { [peers.USER] = corpus.varied(4711, COUNT, opts) }
    end)
    lazy_teardown(function() if server then server:stop() end end)

    it("fetches all, each once, and deletes fetched messages", function()
      local dir <close> = tempdir()
      local box, state = dir.path .. "/Maildir", dir.path .. "/state"
      local function sync(keep)
        local result, message = pop3.sync(connect(server), {
          into = pop3.maildir(box), state = state, keep = keep,
          account = "mrose" })
        assert(result, message)
        assert.same({}, result.problems)
        return { result.new, result.deleted, result.quit }
      end
      local want = retrieved(server)
      assert.equal(COUNT, #want)
      assert.same({ COUNT, 0, "confirmed" }, sync(true))
      assert.same(want, contents(box))
      assert.same({ 0, 0, "confirmed" }, sync(true))
      assert.same({ 0, COUNT, "confirmed" }, sync(false))
      -- Courier may confirm QUIT and keep some that a session before has renamed
      local deleted
      for _ = 1, 5 do
        local new
        new, deleted = table.unpack(sync(false))
        assert.equal(0, new)
        if deleted == 0 then break end
      end
      assert.equal(0, deleted)
      assert.same(want, contents(box))
      assert.same({}, retrieved(server))
    end)
  end)
end
