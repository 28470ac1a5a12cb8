-- format=flowed (RFC 3676).

-- Take a line apart: quote depth, text without space-stuffing, line end.
local function dissect(line)
  local text, eol = line:match("^(.-)(\r?\n?)$")
  local quotes = text:match("^>*")
  return #quotes, text:sub(#quotes + 1):gsub("^ ", "", 1), eol
end

-- Join the lines that belong together. Quoted paragraphs get their marks
-- and one space in front. A signature's "-- " is never joined, nor are lines
-- of different quote depth (4.5).
local function join(text, delsp)
  local out, open_depth = {}, nil     -- the depth of an unfinished paragraph
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

-- The text of 'part' with its lines joined; nil if it is not format=flowed.
return function(part, text)
  local params = part.params
  if part.type ~= "text/plain" or
     (params.format or ""):lower() ~= "flowed" then
    return nil
  end
  return join(text, (params.delsp or ""):lower() == "yes")
end
