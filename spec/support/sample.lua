--- The seed of a test run, random numbers that follow from it, and sampling.
--
-- Specs that sweep over many cases use it: `make test` runs a sample of them,
-- with LPOP3_ALL=1 (`make test-all`) they all run. The seed is LPOP3_SEED, or
-- drawn and printed; the same seed and the same spec file give the same cases.

local sample = {}

--- Do all cases run?
sample.all = os.getenv "LPOP3_ALL" == "1"

local seed, state

--- The seed of this run: an integer.
function sample.seed()
  if not seed then
    seed = math.tointeger(tonumber(os.getenv "LPOP3_SEED"))
    if not seed then
      seed = os.time() & 0xffffffff
      print("LPOP3_SEED=" .. seed)
    end
    state = seed
  end
  return seed
end

--- A random integer from `first` to `last`; from 1 to `first` if that is the
-- only argument. (SplitMix64: specs may use math.random as they like.)
function sample.random(first, last)
  if not last then first, last = 1, first end
  sample.seed()
  state = state + 0x9e3779b97f4a7c15
  local z = state
  z = (z ~ z >> 30) * 0xbf58476d1ce4e5b9
  z = (z ~ z >> 27) * 0x94d049bb133111eb
  z = z ~ z >> 31
  return first + math.abs(z >> 1) % (last - first + 1)
end

--- Does the next case of a sweep run? Always with LPOP3_ALL, else for one case
-- out of `n` on average.
function sample.one_in(n)
  return sample.all or sample.random(n) == 1
end

--- Integers from `first` to `last`, in order, for a `for` loop: all of them
-- with LPOP3_ALL, else at most `most`: the first, the last, and others drawn
-- at random.
function sample.sweep(first, last, most)
  local size = last - first + 1
  if sample.all or size <= most then
    local at = first - 1
    return function()
      at = at + 1
      return at <= last and at or nil
    end
  end
  local drawn, list = { [first] = true, [last] = true }, { first, last }
  while #list < most do
    local n = sample.random(first, last)
    if not drawn[n] then
      drawn[n] = true
      list[#list + 1] = n
    end
  end
  table.sort(list)
  local i = 0
  return function()
    i = i + 1
    return list[i]
  end
end

--- The entries of a list, in order: all of them with LPOP3_ALL, else at most
-- `most`, drawn at random.
function sample.some(list, most)
  if sample.all or #list <= most then return list end
  local left, out = most, {}
  for i, entry in ipairs(list) do
    if sample.random(#list - i + 1) <= left then
      out[#out + 1] = entry
      left = left - 1
    end
  end
  return out
end

return sample
