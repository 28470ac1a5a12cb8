--- Fetching many messages, pipelined where the server allows it (RFC 2449
-- section 6.6).
-- @module pop3.many
-- @local

local exchange = require "pop3.client.command"

local ask, busy, event, kill, operation, unfinished =
  exchange.ask, exchange.busy, exchange.event, exchange.kill,
  exchange.operation, exchange.unfinished

-- Commands under way at once: enough to hide the round trip, and few enough
-- octets (16 a command) that they always fit into the buffers between.
local WINDOW = 64

-- Ask for more messages when half of the window is free.
local function refill(s, list, asked, done, window)
  if asked - done > window // 2 then return asked end
  if s.dead then return nil, "the session has ended", "closed" end
  local engine = s.engine
  while asked < #list and asked - done < window do
    local ok, message, code = engine:ask("RETR " .. list[asked + 1])
    if not ok then return nil, message, code end
    asked = asked + 1
    s.link.unsent = true
  end
  return asked
end

-- How many commands may be under way; nil, message, code when asking failed.
local function window_of(s, n)
  if n == 1 or s:state() ~= "transaction" then return 1 end
  local piped, message, code = s:supports "PIPELINING"
  if piped == nil then return nil, message, code end
  return piped and WINDOW or 1
end

-- Fetch a list whose first command is under way. Returns how many have been
-- told of and how many came; then message, code when the link was lost.
local function fetch_all(s, list, fn, window)
  local _ <close> = busy(s, "retr_many")
  local asked, done, came = 1, 0, 0
  while done < #list do
    local message, code
    asked, message, code = refill(s, list, asked, done, window)
    if not asked then
      local _, m, c = kill(s, "RETR", message, code)
      return done, came, m, c
    end
    local n = list[done + 1]
    local what, a, b, c = event(s, "RETR " .. n)
    if not what then return done, came, a, b end
    done = done + 1
    if what == "body" and a then
      came = came + 1
      fn(n, a)
    else
      fn(n, unfinished(s, "RETR " .. n, what, a, b, c))
    end
  end
  return done, came
end

--- See `pop3.session:retr_many`.
-- @tparam pop3.session s
-- @tparam {integer,...} list of valid message numbers, not empty
-- @tparam function fn
return function(s, list, fn)
  local _ <close> = operation(s)
  local window, message, code = window_of(s, #list)
  local done, came = 0, nil
  if window then
    local first = "RETR " .. list[1]
    local ok
    ok, message, code = ask(s, first, first)
    if not ok then window = nil end
  end
  if window then
    done, came, message, code = fetch_all(s, list, fn, window)
  end
  if came and not message then return came end
  for i = done + 1, #list do fn(list[i], nil, message, code) end
  return nil, message, code
end
