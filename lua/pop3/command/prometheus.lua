--- The text format of Prometheus, for `pop3 fetch` and `pop3 fleet`.
-- @module pop3.command.prometheus
-- @local

local prometheus = {}

--- The media type of the text.
prometheus.type = "text/plain; version=0.0.4; charset=utf-8"

local escapes = { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n" }

local function number(n)
  return math.type(n) == "integer" and ("%d"):format(n) or ("%.3f"):format(n)
end

--- A sample.
-- @tparam number value
-- @tparam[opt] string label its name
-- @tparam[opt] string text the value of the label
-- @treturn string such as `{account="ann"} 3`
function prometheus.sample(value, label, text)
  if not label then return " " .. number(value) end
  return ('{%s="%s"} %s'):format(label, text:gsub('[\\"\n]', escapes), number(value))
end

--- Add a family to a list of lines.
-- @tparam {string,...} out
-- @tparam string name
-- @tparam string kind "counter", "gauge" or "histogram"
-- @tparam string help
-- @tparam {string,...} samples of `sample`, each with a suffix of the name before it
-- if it has one
function prometheus.add(out, name, kind, help, samples)
  out[#out + 1] = ("# HELP %s %s"):format(name, help)
  out[#out + 1] = ("# TYPE %s %s"):format(name, kind)
  for _, sample in ipairs(samples) do out[#out + 1] = name .. sample end
end

-- ------------------------------------------------------------------- histograms

--- Make a histogram.
-- @tparam {number,...} bounds of its buckets, growing
-- @treturn table for `observe` and `samples`
function prometheus.histogram(bounds)
  local counts = {}
  for i = 1, #bounds do counts[i] = 0 end
  return { bounds = bounds, counts = counts, sum = 0.0, count = 0 }
end

--- Count a value.
-- @tparam table histogram
-- @tparam number value
function prometheus.observe(histogram, value)
  for i, bound in ipairs(histogram.bounds) do
    if value <= bound then histogram.counts[i] = histogram.counts[i] + 1 end
  end
  histogram.sum, histogram.count = histogram.sum + value, histogram.count + 1
end

--- The samples of a histogram.
-- @tparam table histogram
-- @treturn {string,...}
function prometheus.samples(histogram)
  local made = {}
  for i, bound in ipairs(histogram.bounds) do
    made[i] = "_bucket" .. prometheus.sample(histogram.counts[i], "le",
                                             ("%g"):format(bound))
  end
  made[#made + 1] = "_bucket" .. prometheus.sample(histogram.count, "le", "+Inf")
  made[#made + 1] = "_sum" .. prometheus.sample(histogram.sum)
  made[#made + 1] = "_count" .. prometheus.sample(histogram.count)
  return made
end

return prometheus
