--- Suggestions for a misspelt name.
-- @module pop3.util.suggest
-- @local

local suggest = {}

-- How many letters must be added, removed, replaced or exchanged with their neighbour
-- to make one text of the other (restricted Damerau-Levenshtein distance).
local function distance(a, b)
  local before, last = nil, {}
  for j = 0, #b do last[j] = j end
  for i = 1, #a do
    local row = { [0] = i }
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      local d = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same and 0 or 1))
      if before and i > 1 and j > 1 and a:byte(i) == b:byte(j - 1)
         and a:byte(i - 1) == b:byte(j) then
        d = math.min(d, before[j - 2] + 1)
      end
      row[j] = d
    end
    before, last = last, row
  end
  return last[#b]
end

-- How different a name may be: one letter of three, but three at the most. Every
-- single letter is near to every other one.
local function most(name)
  return #name < 2 and 0 or math.max(1, math.min(3, #name // 3))
end

local LONGEST = 64  -- letters of a name that is looked at

--- The names that somebody may have meant.
-- @tparam string wrong
-- @tparam {string,...} known
-- @treturn {string,...} the nearest ones, sorted; also those that begin with it
function suggest.names(wrong, known)
  local best, list, seen = nil, {}, {}
  if #wrong > LONGEST then return list end
  local lower = wrong:lower()
  local bare = lower:gsub("^%-+", "")
  for _, name in ipairs(known) do
    local d = distance(lower, name:lower())
    if #bare >= 2 and name:lower():sub(1, #lower) == lower then d = 1 end
    if d <= most(bare) and (not best or d <= best) and not seen[name] then
      if best ~= d then best, list = d, {} end
      list[#list + 1] = name
      seen[name] = true
    end
  end
  table.sort(list)
  return list
end

--- The names of a list, or the keys of a table, as text.
-- @tparam {string,...}|table known
-- @treturn {string,...} sorted
function suggest.sorted(known)
  local list = {}
  if known[1] ~= nil then table.move(known, 1, #known, 1, list)
  else
    for name in pairs(known) do list[#list + 1] = tostring(name) end
  end
  table.sort(list)
  return list
end

-- "did you mean 'a' or 'b'?", or nil.
local function question(wrong, list)
  local names = suggest.names(tostring(wrong), list)
  if not names[1] or #names > 4 then return nil end
  return ("did you mean '%s'?"):format(table.concat(names, "' or '"))
end

--- The end of a message about an unknown name.
-- @tparam string wrong
-- @tparam {string,...}|table known a list, or a table with the names as its keys
-- @treturn string such as " (did you mean 'list'?)"; empty if no name is near
function suggest.tip(wrong, known)
  local text = question(wrong, suggest.sorted(known))
  return text and " (" .. text .. ")" or ""
end

--- The same, with all names.
-- @tparam string wrong
-- @tparam {string,...}|table known
-- @treturn string such as " (did you mean 'list'? known: get, list)"; empty if
-- no name is known
function suggest.known(wrong, known)
  local list = suggest.sorted(known)
  if not list[1] then return "" end
  local text = question(wrong, list)
  return (" (%sknown: %s)"):format(text and text .. " " or "",
                                   table.concat(list, ", "))
end

return suggest
