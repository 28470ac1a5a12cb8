-- Mail that must not change on its way: sample messages and ones made from a seed, the
-- same on every machine. Line ends are LF; crlf() gives the form for the wire.

local proc = require "spec.interop.proc"

local M = {}

-- Every line end as CRLF, and one at the end.
function M.crlf(octets)
  octets = octets:gsub("\r?\n", "\r\n")
  if octets ~= "" and octets:sub(-2) ~= "\r\n" then octets = octets .. "\r\n" end
  return octets
end

-- Numbers that depend on nothing but the seed.
local function generator(seed)
  local x = seed
  return function(lo, hi)
    x = (x * 6364136223846793005 + 1442695040888963407)
    return lo + (x >> 33) % (hi - lo + 1)
  end
end

local ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789 .,-+/ABCDEFGHIJ"

local function text(rnd, n)
  local t = {}
  for i = 1, n do
    local k = rnd(1, #ALPHABET)
    t[i] = ALPHABET:sub(k, k)
  end
  return table.concat(t)
end

local function octets(rnd, n, lo, hi)
  local t = {}
  for i = 1, n do
    local c = rnd(lo, hi)
    t[i] = string.char((c == 10 or c == 13) and 32 or c)
  end
  return table.concat(t)
end

local function header(rnd, i)
  return ("From: a%d@example.org\nTo: b@example.com\nSubject: number %d, %s\n"
    .. "Date: Mon, 16 Nov 2026 08:00:00 +0000\nMessage-ID: <%d.%d@example.org>\n")
    :format(i, i, text(rnd, rnd(1, 40)), i, rnd(1, 1 << 30))
end

local function lines(n, make)
  local t = {}
  for i = 1, n do t[i] = make(i) end
  return table.concat(t, "\n") .. "\n"
end

-- Bodies, by what is odd about them.
local bodies = {
  plain = function(rnd)
    return lines(rnd(1, 40), function() return text(rnd, rnd(0, 76)) end)
  end,
  dots = function(rnd)
    return lines(rnd(1, 30), function()
      return ("."):rep(rnd(1, 4)) .. text(rnd, rnd(0, 1) * rnd(0, 20))
    end)
  end,
  lone_dot = function() return ".\n" end,
  lone_dots = function(rnd) return (".\n"):rep(rnd(1, 9)) .. "..\n.\n" end,
  end_dot = function(rnd) return text(rnd, 30) .. "\n." end,
  empty = function() return "" end,
  blank_lines = function(rnd) return ("\n"):rep(rnd(1, 20)) end,
  unfinished = function(rnd) return text(rnd, 20) .. "\n" .. text(rnd, 9) end,
  eight_bit = function(rnd)
    return lines(rnd(1, 20), function() return octets(rnd, 60, 128, 255) end)
  end,
  controls = function(rnd)
    return lines(rnd(1, 10), function() return octets(rnd, 60, 1, 31) end)
  end,
  bare_cr = function(rnd)
    return lines(rnd(1, 9), function()
      return text(rnd, 5) .. "\r" .. text(rnd, 5) .. "\r.\rx"
    end)
  end,
  line_998 = function(rnd)
    return text(rnd, 998) .. "\n." .. text(rnd, 997) .. "\n"
  end,
  long_line = function(rnd)
    return text(rnd, 1000):rep(rnd(1, 100)) .. "\n." .. text(rnd, 998) .. "\n"
  end,
  from_lines = function(rnd)
    return "From " .. text(rnd, 9) .. "\n>From me\n>>From us\n"
  end,
}

-- These only reach a peer that keeps them.
bodies.nul = function(rnd)
  return lines(rnd(1, 9), function() return "a\0b\0" .. text(rnd, 9) end)
end

local function names(without)
  local t = {}
  for name in pairs(bodies) do
    if not (without and without[name]) then t[#t + 1] = name end
  end
  table.sort(t)
  return t
end

-- 'count' messages; 'without' is a set of body names to leave out.
function M.varied(seed, count, without)
  local rnd, kinds, t = generator(seed), names(without), {}
  for i = 1, count do
    local kind = kinds[(i - 1) % #kinds + 1]
    t[i] = header(rnd, i) .. "X-Body: " .. kind .. "\n\n" .. bodies[kind](rnd)
  end
  return t
end

-- A message of at least 'size' octets, with dots at every 40th line start.
function M.large(size)
  local block = {}
  for i = 1, 400 do
    block[i] = (i % 40 == 0 and "." or "x") .. ALPHABET .. ("%04d"):format(i)
  end
  block = table.concat(block, "\n") .. "\n"
  return "From: a@example.org\nSubject: large\n\n" .. block:rep(size // #block + 1)
end

-- The sample messages of this project, CRLF as they are on disk.
function M.samples()
  local t, dir = {}, "examples/mail"
  for _, name in ipairs(proc.ls(dir)) do
    if name:match "%.eml$" then
      t[#t + 1] = proc.read(dir .. "/" .. name)
    end
  end
  assert(#t > 10, "run from the top of the tree")
  return t
end

return M
