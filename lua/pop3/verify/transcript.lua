--- Transcripts of a server: lists of entries that print as text.
-- @module pop3.verify.transcript
-- @local

local transcript = {}

local Transcript = { __name = "pop3.transcript" }
Transcript.__index = Transcript

--- The transcript as text: lines "C: ..." and "S: ...", and a line "# session
-- N" before the lines of another session.
function Transcript:__tostring()
  local out, session = {}, nil
  for _, entry in ipairs(self) do
    if entry.session ~= session then
      session = entry.session
      out[#out + 1] = "# session " .. session
    end
    out[#out + 1] = entry.from .. ": " .. entry.line
  end
  out[#out + 1] = ""
  return table.concat(out, "\n")
end

--- Make a transcript.
-- @tparam {table,...} entries `{ session =, time =, from = "C" or "S", line =
-- }`
-- @treturn table the same list, which `tostring` turns into text
function transcript.new(entries)
  return setmetatable(entries, Transcript)
end

return transcript
