-- Examples that our client must pass with every real server.
--
--   carried(peer, sent, options)
--
-- 'peer()' is the running server, 'sent' the messages in its maildrop, LF line
-- ends, in order. options.short_list: the server's LIST leaves out the CRLF
-- that it adds to a message without a final line end.

local busted = require "busted"
local assert = require "luassert"
local pop3 = require "pop3"
local corpus = require "spec.interop.corpus"
local helper = require "spec.helper"
local peers = require "spec.interop.peers"
local proc = require "spec.interop.proc"

local it = busted.it

local M = {}

function M.connect(peer)
  return assert(pop3.connect {
    host = "127.0.0.1", port = peer.port, tls = "none", timeout = helper.PATIENCE,
    user = peers.USER, password = peers.PASSWORD,
  })
end

-- Octets are compared without luassert, which would print all of them.
local function same(n, wanted, got, message)
  if got == wanted then return end
  local at, g = 1, got or ""
  while g:byte(at) == wanted:byte(at) and at <= #wanted do at = at + 1 end
  error(("message %d: %d octets, not %d (%s); they part at %d: %q, not %q")
    :format(n, #g, #wanted, tostring(message), at, g:sub(at, at + 40),
      wanted:sub(at, at + 40)), 2)
end

M.same = same

function M.examples(peer, sent, options)
  local wanted = {}
  for i, octets in ipairs(sent) do wanted[i] = corpus.crlf(octets) end

  local function announced(i)
    if options.short_list and sent[i]:sub(-1) ~= "\n" then
      return #wanted[i] - 2
    end
    return #wanted[i]
  end

  it("announces the size that retr then returns", function()
    local s <close> = M.connect(peer())
    local count, total = assert(s:stat())
    local sizes, n = assert(s:list())
    assert.equal(#wanted, count)
    assert.equal(#wanted, n)
    local sum = 0
    for i = 1, #wanted do
      assert.equal(announced(i), sizes[i], "size of message " .. i)
      sum = sum + sizes[i]
    end
    assert.equal(sum, total)
    assert.equal(announced(7), s:list(7))
    for i = 1, #wanted do
      local octets, message = s:retr(i)
      same(i, wanted[i], octets, message)
    end
    assert.is_true(s:quit())
  end)

  it("brings all by retr_many", function()
    local s <close> = M.connect(peer())
    local numbers, at = {}, 0
    for i = 1, #wanted do numbers[i] = i end
    local came = assert(s:retr_many(numbers, function(n, octets, message)
      at = at + 1
      assert.equal(at, n)
      same(n, wanted[n], octets, message)
    end))
    assert.equal(#wanted, came)
    assert.is_true(s:quit())
  end)

  it("brings all to a sink, in pieces", function()
    local s <close> = M.connect(peer())
    for i = 1, #wanted do
      local pieces = {}
      local octets = assert(s:retr(i, function(chunk)
        pieces[#pieces + 1] = chunk
        return 1
      end))
      same(i, wanted[i], table.concat(pieces))
      assert.equal(#wanted[i], octets)
    end
  end)

  it("saves to files", function()
    proc.in_tmpdir(function(dir)
      local s <close> = M.connect(peer())
      for i = 1, #wanted, 17 do
        local path = dir .. "/" .. i
        assert.equal(#wanted[i], assert(s:save(i, path)))
        same(i, wanted[i], proc.read(path))
      end
    end)
  end)

  it("reads the header alone by top 0", function()
    local s <close> = M.connect(peer())
    for i = 1, #wanted, 3 do
      local header = wanted[i]:match "^.-\r\n\r\n" or wanted[i]
      -- a peer may or may not send the empty line (RFC 1939 says it does)
      same(i, header, assert(s:top(i, 0)))
    end
  end)

  it("gives the same unique-ids in the next session", function()
    local first = M.connect(peer())
    local uids, n = assert(first:uidl())
    assert.equal(#wanted, n)
    assert.equal(uids[5], first:uidl(5))
    assert.is_true(first:quit())
    local seen = {}
    for i = 1, n do
      assert.is_nil(seen[uids[i]], "unique-id given twice")
      seen[uids[i]] = true
    end
    local second <close> = M.connect(peer())
    assert.same(uids, (assert(second:uidl())))
  end)
end

-- These change the maildrop, so they come last. 'left()' counts the files on disk.
function M.deletions(peer, total, left)
  it("deletes nothing without QUIT", function()
    local s = M.connect(peer())
    for n = 1, 10 do assert.is_true(s:dele(n)) end
    assert.equal(total - 10, (s:stat()))
    s:close()
    assert.equal(total, left())
    local again <close> = M.connect(peer())
    assert.equal(total, (again:stat()))
  end)

  it("deletes nothing that rset took back", function()
    local s <close> = M.connect(peer())
    assert.is_true(s:dele(1))
    assert.is_true(s:rset())
    assert.is_true(s:quit())
    assert.equal(total, left())
  end)

  it("deletes with QUIT, and only marked messages", function()
    local s <close> = M.connect(peer())
    local uids = assert(s:uidl())
    local gone = { [1] = true, [3] = true, [total] = true }
    for n in pairs(gone) do assert.is_true(s:dele(n)) end
    assert.is_true(s:quit())
    assert.equal(total - 3, left())
    local kept = {}
    for n = 1, total do
      if not gone[n] then kept[#kept + 1] = uids[n] end
    end
    local again <close> = M.connect(peer())
    assert.same(kept, (assert(again:uidl())))
  end)
end

return M
