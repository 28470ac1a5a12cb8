--- Methods of a client session that fetch messages.
-- @submodule pop3.session
-- @alias methods

local argument = require "pop3.util.argument"
local atomic_file = require "pop3.util.atomic_file"
local commands = require "pop3.client.command"
local pipeline = require "pop3.client.pipeline"

local ask, event, fail, fetch, octets_of, unfinished =
  commands.ask, commands.event, commands.fail, commands.fetch,
  commands.octets_of, commands.unfinished

local methods = {}

--- Fetch a message (RETR): its exact octets, without dot-stuffing, with its CRLFs.
-- If a server sends bare LFs, only a pause of 5 seconds shows the end of a message with
-- fewer than two lines. The message is returned; every later command fails with code
-- "proto", since the rest of the message could be taken for its reply.
-- @tparam integer n a message number
-- @tparam[opt] function sink an LTN12 sink. It gets chunks of up to 64 KiB, then
-- nil; or nil and a message when the fetch failed. When it refuses a chunk, the rest
-- is read and dropped, up to `limits.drain`
-- @treturn string|integer the octets; with a sink, their count; or nil, message,
-- code, reply
-- @usage
-- local octets = assert(s:retr(1))
-- local sink = require "ltn12".sink.file(io.open("mail.eml", "wb"))
-- assert(s:retr(1, sink) == #octets)
function methods:retr(n, sink)
  n = argument.number(n, 1)
  if sink ~= nil then argument.callable(sink, "the sink", 1) end
  local line = "RETR " .. n
  return octets_of(self, line, line, sink)
end

--- Fetch the header of a message and the first lines of its body (TOP).
-- @tparam integer n a message number
-- @tparam integer lines of the body, 0 or more
-- @tparam[opt] function sink an LTN12 sink, as for `retr`
-- @treturn string|integer the octets; with a sink, their count; or nil, message,
-- code, reply
-- @usage
-- print(s:top(1, 5))                      -- header, 5 lines
function methods:top(n, lines, sink)
  n = argument.number(n, 1)
  lines = argument.count(lines, "lines", 1)
  if sink ~= nil then argument.callable(sink, "the sink", 1) end
  local line = ("TOP %d %d"):format(n, lines)
  return octets_of(self, line, line, sink)
end

--- Fetch a message into a file (RETR). The file appears whole or not at all. It
-- replaces a regular file of that name; a directory, a symbolic link, a FIFO, a
-- socket or a device is not replaced.
-- @tparam integer n a message number
-- @tparam string path
-- @treturn integer octets; or nil, message, code, reply: "io" when the file cannot
-- be written, after which the session can be used
-- @usage
-- print(s:save(1, "mail.eml"))            -- octets
function methods:save(n, path)
  n = argument.number(n, 1)
  argument.path(path, "save", "a file", 1)
  local label = "RETR " .. n
  if self.dead then
    return fail(self, label, "the session has ended", "closed")
  end
  local file <close>, err = atomic_file.create(path)
  if not file then return fail(self, label, err, "io") end
  local ok, message, code = ask(self, label, label, false, true)
  if not ok then return nil, message, code end
  local what, a, b, c = event(self, label, file)
  if what == "refused" then
    self.engine:discard()
    return fail(self, label, path .. ": " .. a, "io")
  end
  if what ~= "end" or not a then
    return unfinished(self, label, what, a, b, c)
  end
  local octets
  octets, err = file:commit()
  if not octets then return fail(self, label, err, "io") end
  return octets
end

local function parse(octets)
  return require "pop3.message".parse(octets)
end

local HEADER = 4 * 1024 * 1024  -- octets of a header that are kept

-- The end of a header, whose last octets are `octets`: after its empty line; nil if
-- it has not ended.
local function end_of_header(octets, first)
  local _, stop
  if first then _, stop = octets:find "^\r?\n" end
  if not stop then _, stop = octets:find "\n\r?\n" end
  return stop
end

-- The header of a message by RETR, for servers without TOP: octets, or nil, message,
-- code, reply. The body is read and dropped; only as far as `limits.drain` where the
-- user has set that.
local function header_by_retr(s, n)
  local label = "RETR " .. n
  local ok, message, code = ask(s, label, label, false, true)
  if not ok then return nil, message, code end
  local _ <close> = commands.busy(s, label)
  local parts, tail, size, ended = {}, "", 0, false
  local what, a, b, c = event(s, label)
  while what == "data" do
    if not ended then
      local before = #tail
      tail = tail .. a  -- the empty line may be cut
      local stop = end_of_header(tail, size == before)
      if stop then a = a:sub(1, stop - before) end
      parts[#parts + 1], size, tail = a, size + #a, tail:sub(-2)
      ended = stop ~= nil or size > HEADER
      if ended and s.opts.limits and s.opts.limits.drain then
        s.engine:discard()
        return table.concat(parts)
      end
    end
    what, a, b, c = event(s, label)
  end
  if ended or what == "end" and a then return table.concat(parts) end
  return unfinished(s, label, what, a, b, c)
end

--- Fetch and parse a message (RETR).
-- @tparam integer n a message number
-- @treturn pop3.message or nil, message, code, reply
-- @usage
-- print(assert(s:message(1)).subject)
function methods:message(n)
  n = argument.number(n, 1)
  local line = "RETR " .. n
  local octets, message, code, reply = fetch(self, line, line)
  if not octets then
    if code == "err" then self.refused_number = n end
    return nil, message, code, reply
  end
  return parse(octets)
end

--- Fetch and parse the header of a message (TOP n 0). When the server refuses TOP,
-- which is optional, the message is fetched by RETR, and its body is read and dropped:
-- all of it, or at most `limits.drain` octets where `pop3.connect` was given that; if
-- there are more, the session has ended. `limits.message` counts for such a message.
-- @tparam integer n a message number
-- @treturn pop3.message or nil, message, code, reply
-- @usage
-- print(assert(s:headers(1)).subject)
function methods:headers(n)
  n = argument.number(n, 1)
  local octets, message, code, reply
  if not self.no_top then
    local line = ("TOP %d 0"):format(n)
    octets, message, code, reply = fetch(self, line, line)
    if octets then return parse(octets) end
    -- RETR fails for this message, or the server has a failure
    if code ~= "err" or self.refused_number == n
       or (reply.code or ""):find "^SYS/" then
      return nil, message, code, reply
    end
  end
  local why, problem, other
  octets, why, problem, other = header_by_retr(self, n)
  if octets then
    self.no_top = true
    return parse(octets)
  elseif problem == "err" and message then  -- there is no such message
    return nil, message, code, reply
  end
  return nil, why, problem, other
end

--- Fetch many messages, in order. If the server has PIPELINING (RFC 2449 section
-- 6.6), several commands are sent before their replies come, in a bounded window. A
-- message that begins with a line +OK or -ERR then has code "proto", since the line may
-- be an extra reply; without pipelining (`pipeline = false`) the message is fetched.
-- POP3 replies have no number: after an extra `-ERR` among pipelined replies each
-- message comes under the number of the next one. To notice that, compare `#octets`
-- with `list`.
-- @tparam {integer,...} numbers message numbers
-- @tparam function fn `fn(n, octets)`, or `fn(n, nil, message, code, reply)` for a
-- message that did not come. It must not use the session. If it raises an error,
-- that error passes through, and the session can be used, unless more than
-- `limits.drain` octets were requested and not read
-- @treturn integer how many messages came; or nil, message, code when the connection
-- was lost, after `fn` was called for each message that did not come
-- @usage
-- assert(s:retr_many({ 1 }, function(n, octets, message)
--   print(n, octets and #octets or message)
-- end))
function methods:retr_many(numbers, fn)
  if type(numbers) ~= "table" then
    argument.misuse(1, "retr_many: numbers must be a table, not %s",
                    type(numbers))
  end
  local list = argument.numbers(numbers, "retr_many: numbers", 1)
  argument.callable(fn, "retr_many: fn", 1)
  if #list == 0 then return 0 end
  return pipeline.retr_many(self, list, fn)
end

return methods
