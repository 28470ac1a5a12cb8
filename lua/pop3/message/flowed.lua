--- Text in format=flowed (RFC 3676): lines that end in a space go on in the next.
-- @engine pop3.message.flowed
-- @local

-- The depth of quoting of a line, its text without space-stuffing (4.4), and its
-- line end.
local function dissect(line)
  local n = #line
  if line:byte(n) == 10 then n = n - 1 end
  if n < #line and line:byte(n) == 13 then n = n - 1 end
  local _, depth = line:find "^>*"
  if depth > n then depth = n end
  local from = depth + 1
  if line:byte(from) == 32 and from <= n then from = from + 1 end
  return depth, line:sub(from, n), line:sub(n + 1)
end

-- Join the lines of each paragraph. Quoted paragraphs get their marks and one
-- space at the front. The line "-- " before a signature is never joined, nor are
-- lines of different depth (4.5).
local function join(text, delsp)
  local out, open_depth = {}, nil     -- the depth of an open paragraph
  local pending = ""                  -- its line end
  for line in text:gmatch("[^\n]*\n?") do
    if line == "" then break end
    local depth, content, eol = dissect(line)
    local signature = content == "-- "
    local flowed = not signature and content:sub(-1) == " "
    local joins = open_depth == depth and not signature
    if open_depth and not joins then out[#out + 1] = pending end
    if not joins then
      out[#out + 1] = (">"):rep(depth)
      if depth > 0 and content ~= "" then out[#out + 1] = " " end
    end
    if flowed and delsp then content = content:sub(1, -2) end
    out[#out + 1] = content
    if flowed then
      open_depth, pending = depth, eol
    else
      open_depth = nil
      out[#out + 1] = eol
    end
  end
  if open_depth then out[#out + 1] = pending end
  return table.concat(out)
end

--- Join the lines of a text.
-- @tparam part part whose Content-Type decides
-- @tparam string text
-- @treturn string|nil nil if the part is not in format=flowed
return function(part, text)
  local params = part.params
  if part.type ~= "text/plain" or
     (params.format or ""):lower() ~= "flowed" then
    return nil
  end
  return join(text, (params.delsp or ""):lower() == "yes")
end
