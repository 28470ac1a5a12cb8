-- Broken mail, the same for the same seed.

local M = {}

local PIECES = {
  "", "\r\n", "\n", "--b", "--", "\r\n\r\n", "\0", "=", "\xFF", ":", "(", '"',
  "Content-Type: multipart/mixed; boundary=b\r\n", "\r\n--b\r\n", "\r\n--b--",
  "Content-Type: message/rfc822\r\n\r\n", "=?utf-8?q?", "?=", " ", "\r", "\t",
  "Content-Transfer-Encoding: base64\r\n", ";", "\r\n ", "<", ">", "@", "%",
}

--- A function that returns a number from 1 to its argument.
function M.random(seed)
  return function(n)
    seed = (seed * 6364136223846793005 + 1442695040888963407)
    return (seed >> 33) % n + 1
  end
end

--- The messages of the worked cases and of the examples.
function M.corpus()
  local out = {}
  for path in io.popen("ls spec/messages/*.eml spec/messages/wild/*.eml " ..
                       "examples/mail/*.eml"):lines() do
    local f <close> = assert(io.open(path, "rb"))
    out[#out + 1] = f:read("a")
  end
  assert(#out > 50)
  return out
end

--- 'text' with up to four pieces of it replaced.
function M.mutate(text, random)
  for _ = 1, random(4) do
    local at, n = random(#text + 1), random(8) - 1
    text = text:sub(1, at - 1) .. PIECES[random(#PIECES)] .. text:sub(at + n)
  end
  return text
end

return M
