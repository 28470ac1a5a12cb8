-- Tables in pages, which specs compare with the behaviour of programs.

local proc = require "spec.interop.proc"

-- The first table with a column "lpop3" of a page, or of what follows a heading.
-- Returns row → column → cell, the rows and the columns in their order.
return function(path, heading)
  local text = proc.read(path)
  if heading then
    local _, at = text:find("\n" .. heading, 1, true)
    assert(at, "no such heading")
    text = text:sub(at)
  end
  local table_text = text:match "\n(|%s*|%s*lpop3%s*|.-)\n\n"
  local said, rows, names = {}, {}, nil
  for line in table_text:gmatch "[^\n]+" do
    local cells = {}
    for cell in line:gmatch "|%s*([^|]-)%s*%f[|]" do cells[#cells + 1] = cell end
    local row = table.remove(cells, 1)
    if not names then names = cells
    elseif not line:find "^|%-" then
      said[row], rows[#rows + 1] = {}, row
      for i, cell in ipairs(cells) do said[row][names[i]] = cell end
    end
  end
  return said, rows, names
end
