-- Print a line of figures; `make crash` collects them in the file LPOP3_REPORT.

return function(format, ...)
  local text = format:format(...)
  print(text)
  local path = os.getenv "LPOP3_REPORT"
  if not path then return end
  local file <close> = assert(io.open(path, "a"))
  file:write(text, "\n")
end
