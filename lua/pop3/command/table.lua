--- Rows in aligned columns, which fit into the width of a terminal.
--
-- Columns with numbers keep their width. The others share what remains by their
-- weight; a column that needs less than its share leaves the rest to the others.
-- @module pop3.command.table
-- @local

local columns = require "pop3.command.columns"

local GAP = 2     -- blanks between two columns
local LEAST = 6   -- columns that a cut column has at least

local Table = { __name = "pop3.command.table" }
Table.__index = Table

-- Divide `room` among the columns of the list that may be cut. `wants` are the
-- widths that they would like to have.
local function share(list, wants, room)
  local widths, open, weight = {}, {}, 0
  for i, column in ipairs(list) do
    if column.weight then
      open[#open + 1] = i
      weight = weight + column.weight
    else
      widths[i] = wants[i]
      room = room - wants[i]
    end
  end
  -- those that need less than their share first
  local again = true
  while again do
    again = false
    for k = #open, 1, -1 do
      local i = open[k]
      if wants[i] <= room * list[i].weight // weight then
        widths[i] = wants[i]
        room, weight = room - wants[i], weight - list[i].weight
        table.remove(open, k)
        again = true
      end
    end
  end
  for k, i in ipairs(open) do
    local part = k == #open and room or room * list[i].weight // weight
    widths[i] = math.max(part, LEAST)
    room, weight = room - widths[i], weight - list[i].weight
  end
  return widths
end

--- Make one.
-- @tparam {table,...} list of columns: `title`; `right`: align it to the right;
-- `want`: the width of its longest value; `weight`: it may be cut, and its part of
-- the width
-- @tparam ?integer width of the terminal; nil: nothing is cut
-- @treturn table with the method `line`, and `titles`, a line
local function new(list, width)
  local wants, gaps = {}, GAP * (#list - 1)
  for i, column in ipairs(list) do
    wants[i] = math.max(column.want, width and columns.of(column.title) or 1)
  end
  local self = setmetatable({ list = list }, Table)
  self.widths = width and share(list, wants, width - gaps) or wants
  local titles = {}
  for i, column in ipairs(list) do titles[i] = column.title end
  self.titles = self:line(titles)
  return self
end

--- A row as text.
-- @tparam {string,...} values valid UTF-8 without control characters
-- @treturn string without a line end
function Table:line(values)
  local out = {}
  for i, column in ipairs(self.list) do
    local width = self.widths[i]
    if not column.weight then width = math.max(width, columns.of(values[i])) end
    out[i] = columns.fit(values[i], width, column.right)
  end
  return (table.concat(out, (" "):rep(GAP)):gsub(" +$", ""))
end

return new
