-- Reads JSON (RFC 8259), for expected results. Null is json.null, so that a
-- key with it can be told from a key that is not there.

local json = { null = setmetatable({}, { __tostring = function()
  return "null"
end }) }

local escapes = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function unescape(s)
  s = s:gsub("\\u(d[89ab]%x%x)\\u(d[c-f]%x%x)", function(high, low)
    return utf8.char(0x10000 + ((tonumber(high, 16) - 0xD800) << 10)
                     + tonumber(low, 16) - 0xDC00)
  end)
  s = s:gsub("\\u(%x%x%x%x)", function(x)
    return x:lower() == "005c" and "\\\\" or utf8.char(tonumber(x, 16))
  end)
  return (s:gsub("\\(.)", function(c) return escapes[c] or c end))
end

local value

local function string_at(s, i)
  local j = i + 1
  while s:sub(j, j) ~= '"' do
    j = j + (s:sub(j, j) == "\\" and 2 or 1)
  end
  return unescape(s:sub(i + 1, j - 1)), j + 1
end

local function list_at(s, i, close, read)
  local t = {}
  i = s:match("^%s*()", i + 1)
  while s:sub(i, i) ~= close do
    i = read(t, i)
    i = s:match("^%s*,?%s*()", i)
  end
  return t, i + 1
end

function value(s, i)
  i = s:match("^%s*()", i)
  local c = s:sub(i, i)
  if c == '"' then return string_at(s, i) end
  if c == "{" then
    return list_at(s, i, "}", function(t, at)
      local key, after = string_at(s, at)
      t[key], after = value(s, s:match("^%s*:()", after))
      return after
    end)
  elseif c == "[" then
    return list_at(s, i, "]", function(t, at)
      t[#t + 1], at = value(s, at)
      return at
    end)
  end
  local word, after = s:match("^([%w.+-]+)()", i)
  local words = { ["true"] = true, ["false"] = false, null = json.null }
  if words[word] ~= nil then return words[word], after end
  return tonumber(word), after
end

function json.read(s) return (value(s, 1)) end

return json
