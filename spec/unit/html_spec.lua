-- Readable text from HTML.

local core = require "pop3.core"
local message = require "pop3.message"

local function text(html)
  return (assert(core.decode.html(html)):gsub("\r\n", "\n"))
end

local function cases(list)
  for i = 1, #list, 2 do
    assert.equal(list[i + 1], text(list[i]))
  end
end

describe("HTML as text", function()
  it("has paragraphs, lines and collapsed white space", function()
    cases {
      "", "", "   \n", "", "hello", "hello\n",
      " hello \r\n\t world ", "hello world\n",
      "<p>one</p><p>two</p>", "one\n\ntwo\n",
      "<p>one<p>two", "one\n\ntwo\n",
      "one<br>two<br/>three", "one\ntwo\nthree\n",
      "one<br><br>two", "one\n\ntwo\n",
      "<div>one</div><div>two</div>", "one\ntwo\n",
      "<div><div><p>one</p></div></div><div>two", "one\n\ntwo\n",
      "<h1>Title</h1>text", "Title\n\ntext\n",
      "a <b>bold</b> <i>move</i>.", "a bold move.\n",
      "a<b>b</b>c", "abc\n", "one<hr>two", "one\n\n----\n\ntwo\n",
      "<pre>a  b\n  c\n\nd</pre>e  f", "a  b\n  c\n\nd\n\ne f\n",
      "<blockquote>one<p>two</blockquote>three", "> one\n>\n> two\n\nthree\n",
      "x<blockquote><blockquote>deep</blockquote>less</blockquote>",
      "x\n\n> > deep\n>\n> less\n",
      "<blockquote><blockquote>a<p>b</blockquote></blockquote>",
      "> > a\n> >\n> > b\n",
      "he said <q>no</q>", "he said \"no\"\n",
    }
  end)

  it("has the rows of tables in lines, their cells separated by tabs", function()
    cases {
      "<table><tr><td>a</td><td>b</td></tr><tr><th>c<td>d</table>",
      "a\tb\nc\td\n",
      "x<table>\n <tr>\n <td> a </td>\n <td> b c </td>\n </tr>\n</table>y",
      "x\n\na\tb c\n\ny\n",
      "<table><thead><tr><th>a<th>b<tbody><tr><td>c<td>d<tfoot><td>e<td>f</table>",
      "a\tb\nc\td\ne\tf\n",
      -- paragraphs and lines within cells, as editors of mail write them
      "<table><tr><td><p>a</p></td><td><p>b</p></td></tr><tr><td><div>c</div>"
      .. "</td>\n<td><br><div><p>d</p></div></td></tr></table>", "a\tb\n\nc\td\n",
      -- empty cells keep the columns, but those at the margins do not show
      "<tr><td>a<td><td>c<tr><td>d</td><td>&nbsp;</td><td> </td><td>e<td><td>",
      "a\t\tc\nd\t\t\te\n",
      "<tr><td></td><td>&nbsp;</td><td>a</td><td><p></p></td></tr><tr><td>b",
      "a\nb\n",
      "<table><tr><td> </td><td>&nbsp;</td></tr></table>x", "x\n",
      -- a cell of several lines stands alone
      "<tr><td>a<br>b</td><td>c</td><td>d</td></tr><tr><td>e<td>f",
      "a\nb\nc\td\ne\tf\n",
      "<tr><td>a</td><td>b<p>c</td><td>d", "a\tb\n\nc\nd\n",
      "<tr><td>a<td><ul><li>b<li>c</ul><td>d", "a\n\n- b\n- c\n\nd\n",
      -- tables in tables
      "<table><tr><td><table><tr><td>a<td>b<tr><td>c</table></td><td>d</td></tr>"
      .. "<tr><td>e<td>f</table>", "a\tb\nc\n\nd\n" .. "e\tf\n",
      "<table><tr><td>a</td><td><table><tr><td>b<td>c</table></table>d",
      "a\n\nb\tc\n\nd\n",
      -- links and quotes
      '<tr><td><a href="https://x.example">a</a></td><td>b',
      "a <https://x.example>\tb\n",
      "<blockquote><table><tr><td>a<td>b<tr><td>c<td>d</table></blockquote>e",
      "> a\tb\n> c\td\n\ne\n",
      "<td>a</td><td>b</td>c", "a\tbc\n", "</td></tr></table>x", "x\n",
    }
  end)

  it("has nested quotes, with their contents", function()
    cases {
      "a<blockquote>b<br><br>c<blockquote><ul><li>d<li>e</ul></blockquote>f"
      .. "</blockquote>g", "a\n\n> b\n>\n> c\n>\n> > - d\n> > - e\n>\n> f\n\ng\n",
      "<blockquote><pre>a\n  b\n\nc</pre></blockquote>", "> a\n>   b\n>\n> c\n",
      "<blockquote><div>a</div><blockquote><div>b</div></blockquote></blockquote>"
      .. "<div>c</div>", "> a\n>\n> > b\n\nc\n",
      "<blockquote>a</blockquote><blockquote>b</blockquote>", "> a\n\n> b\n",
    }
  end)

  it("has lists with their marks", function()
    cases {
      "<ul><li>one<li>two</ul>x", "- one\n- two\n\nx\n",
      "<ol><li>a</li><li>b</li></ol>", "1. a\n2. b\n",
      "<ol start=9><li>a<li>b</ol>", "9. a\n10. b\n",
      "<ul><li>a<ul><li>b</ul><li>c</ul>", "- a\n  - b\n- c\n",
      "<li>stray", "- stray\n",
      "</ul></ol></blockquote></pre>x", "x\n",
    }
  end)

  it("has the URLs of links that differ from their text", function()
    cases {
      '<a href="https://x.example/a?b=1&amp;c=2">here</a>.',
      "here <https://x.example/a?b=1&c=2>.\n",
      "<a href='https://x.example/'>https://x.example</a>",
      "https://x.example\n",
      '<a href="mailto:a@b.example">a@b.example</a>', "a@b.example\n",
      '<a href="#top">top</a><a name=x>y</a>', "topy\n",
      '<a href="javascript:alert(1)">x</a>', "x\n",
      '<a href="https://a.example">a<a href="https://b.example">b',
      "a <https://a.example>b <https://b.example>\n",
      '<img src="x" alt="a cat"> <img src=y>', "[a cat]\n",
      '<a href="https://x.example"><img src=y></a>', "",
      -- references in a URL
      '<a href="https://x.example/?a=1&copy=2&reg=3&notit=4&lt=5">x</a>',
      "x <https://x.example/?a=1&copy=2&reg=3&notit=4&lt=5>\n",
      '<a href="https://x.example/?a&copy;&lt&quot&amp;b">x</a>',
      "x <https://x.example/?a©<\"&b>\n",
    }
  end)

  it("has entities undone, once", function()
    cases {
      "&lt;b&gt; &amp;amp; &quot;x&quot; &apos;", "<b> &amp; \"x\" '\n",
      "&eacute;&Eacute;&szlig;&euro;&hellip;&nbsp;&copy", "éÉß€… ©\n",
      "&#233;&#xE9;&#XE9;&#x1F600;", "ééé😀\n",
      "&#150;&#x80;", "–€\n",
      "&#0;&#xD800;&#x110000;&#99999999999999999999;", "����\n",
      "&CounterClockwiseContourIntegral;&zwnj;&NotEqualTilde;&fjlig;",
      "∳\u{200C}≂̸fj\n",
      -- some names need no semicolon, and none of them before others in text
      "&copy2026 &notit; &notin; &ampx &AMP", "©2026 ¬it; ∉ &x &\n",
      "&hellip &Alpha", "&hellip &Alpha\n",
      "&nosuch; & &; &# &#x; &#xz; AT&T", "&nosuch; & &; &# &#x; &#xz; AT&T\n",
    }
  end)

  it("has no scripts, styles, comments or tags", function()
    cases {
      "<head><title>t</title><style>p{}</style></head><body>x", "x\n",
      "a<script>if (a < b) document.write('</p>')</script>b", "ab\n",
      "a<SCRIPT type=x>y</sCript >b", "ab\n", "a<script>b", "a\n",
      "a<style>b</styles>c</style>d", "ad\n",
      "a<!-- <p>no</p> -- > -->b", "ab\n", "a<!-- b", "a\n",
      "a</", "a</\n", "a<!", "a\n", "a</>b", "ab\n",
      "a<!-->b<!--->c<!---->d<!-- x --!>e<!-- --x -->f", "abcdef\n",
      "a<!--- b -->c<!-- d ---->e", "ace\n",
      -- a head without an end, or without a start
      "<head><style>p{}</style><p>x", "x\n", "<head><title>t</title>x", "x\n",
      "<html><head/><body>x", "x\n", "<head><meta name=a>x</body>", "x\n",
      "<title>t</title><link rel=x>x", "x\n", "a<iframe>b</iframe>c", "ac\n",
      "a<svg><text>b</text></svg>c", "ac\n", "a<style>b</style/>c", "ac\n",
      "<!DOCTYPE html><?xml version=1?>a<![CDATA[b]]>c", "ac\n",
      "a <o:p></o:p> b", "a b\n", '<p title="a > b">c', "c\n",
      "<p title='a", "", "1 < 2 <3", "1 < 2 <3\n", "</ x>a</>b", "ab\n",
      "<p =x y= z>a", "a\n", "<" , "<\n", "a&", "a&\n",
    }
  end)

  it("reads only UTF-8", function()
    local none, _, code = core.decode.html "\255"
    assert.is_nil(none)
    assert.equal("charset", code)
  end)

  it("takes time by its length", function()
    for _, piece in ipairs { "<", "<a", "<a href=\"", "<!--", "<script>",
                             "<ul>", "<blockquote>x", "&", "&#", "<p>", "<li>",
                             "<a href=https://x.example>y", "</", "'\"",
                             "<pre>\n", "<br>", "<p a=b ", "<!---", "<!--->",
                             "&copy", "&amp;", "&aaaaaaaaaaaaaaaaaaaaaa", "&#x",
                             "<a href=&copy", "<head>", "--!>", "<q>", "<td>", "<td>x",
                             "<tr>", "<table>", "<table><tr><td>x" } do
      local html = piece:rep(200000)
      local out = core.decode.html(html)
      assert.is_true(#out <= 40 * #html)
    end
  end)
end)

describe("the charset of HTML", function()
  local function html(head, octets, opts)
    return message.parse("Content-Type: text/html" .. head .. "\r\n\r\n" .. octets,
                         opts):html()
  end

  it("is the one in <meta> if the header names no charset", function()
    for _, meta in ipairs {
      '<meta charset=koi8-r>', '<META CHARSET="KOI8-R">', "<meta charset='koi8-r'/>",
      '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">',
      '<meta name=x><meta content="text/html;charset = koi8-r" http-equiv=y>',
      '<!-- <meta charset=utf-8> --><meta charset=koi8-r>',
      '<meta charset=nosuch><meta charset=koi8-r>',
    } do
      assert.equal(meta .. "ф", html("", meta .. "\xC6"), meta)
      assert.equal(meta .. "ф", html("; charset=us-ascii", meta .. "\xC6"))
      assert.equal(meta .. "ф", html("; charset=nosuch", meta .. "\xC6"))
    end
  end)

  it("is read neither after 1,024 octets nor from comments", function()
    local meta = "<meta charset=koi8-r>"
    assert.equal(meta .. "Æ", html("; charset=iso-8859-1", meta .. "\xC6"))
    assert.equal(meta .. "é", html("", meta .. "é"))
    assert.equal((" "):rep(1024) .. meta .. "Æ",
                 html("", (" "):rep(1024) .. meta .. "\xC6"))
    assert.equal("<!-- " .. meta .. "Æ", html("", "<!-- " .. meta .. "\xC6"))
    assert.equal("<metax charset=koi8-r>Æ", html("", "<metax charset=koi8-r>\xC6"))
  end)

  it("is the option, if there is no other", function()
    assert.equal("ф", html("", "\xC6", { charset = "koi8-r" }))
    assert.equal("é", html("", "é", { charset = "koi8-r" }))
    assert.equal("<meta charset=koi8-r>ф", html("", "<meta charset=koi8-r>\xC6",
                                               { charset = "iso-8859-2" }))
  end)
end)

describe("HTML with its pictures", function()
  local function mail(html, parts)
    return message.parse("Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\n"
      .. "Content-Type: text/html\r\n\r\n" .. html .. "\r\n"
      .. (parts or "--b\r\nContent-Type: image/png\r\nContent-ID: <a@x>\r\n"
      .. "Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n") .. "--b--\r\n")
  end
  local data = "data:image/png;base64,aGVsbG8="

  it("has data URLs in place of cid URLs", function()
    local html = '<img src="cid:a@x"><td background=CID:a%40x style="b:url(cid:a@x)">'
      .. '<img src="cid:none">cid:a@x'
    assert.equal('<img src="' .. data .. '"><td background=' .. data
      .. ' style="b:url(' .. data .. ')"><img src="cid:none">cid:a@x',
      mail(html):html { inline = true })
    assert.equal(html, mail(html):html())
  end)

  it("has them in every attribute and style sheet, not in text and scripts", function()
    for html, count in pairs {
      ["<img src='cid:a@x'>"] = 1, ['<img src = "cid:a@x"'] = 1, ["<img/src=cid:a@x>"] = 1,
      ['<img src="\n cid:a@x ">'] = 1, ['<img src="cid:&#97;@x">'] = 1,
      ['<img src="cid:&lt;a&#x40;x&gt;">'] = 1, ['<img src="cid:<a@x>">'] = 1,
      ['<a href="cid:a@x">'] = 1, ['<v:fill src="cid:a@x"/>'] = 1,
      ['<img srcset="cid:a@x 1x, cid:a@x 2x">'] = 2, ["<img srcset='cid:a@x'>"] = 1,
      ["<p style=\"b:url('cid:a@x');c:URL( cid:a@x )\">"] = 2,
      ['<p style="b:url(&quot;cid:a@x&quot;)">'] = 1,
      ["<style>p{b:url(\"cid:a@x\")}q{c:url(cid:a@x)}</style>"] = 2,
      ["<STYLE>p{b:url(cid:a@x)}"] = 1, ["<!--[if mso]><img src=cid:a@x><![endif]-->"] = 1,
      ["cid:a@x"] = 0, ["<p>src=cid:a@x</p>"] = 0, ["<script>'<img src=cid:a@x>'</script>"] = 0,
      ["< img src=cid:a@x>"] = 0, ['<img alt="src=cid:a@x">'] = 0, ["a < b src=cid:a@x"] = 0,
      ["<style></style>url(cid:a@x)"] = 0, ["<img src=>cid:a@x"] = 0,
      ["<img src='x' >cid:a@x<img src=cid:a@x>"] = 1,
      ["<script></script><img src=cid:a@x>"] = 1, ["<p style='url('><img src=cid:a@x>"] = 1,
    } do
      local _, n = mail(html):html { inline = true }:gsub("data:image/png", "")
      assert.equal(count, n, html)
    end
  end)

  it("has pictures whose type only their name tells", function()
    local function part(name)
      return "--b\r\nContent-Type: application/octet-stream; name=" .. name
             .. "\r\nContent-ID: <a@x>\r\n\r\nhello\r\n"
    end
    assert.equal("<img src=data:image/jpeg;base64,aGVsbG8=>",
      mail("<img src=cid:a@x>", part "a.JPG"):html { inline = true })
    assert.equal("<img src=cid:a@x>", mail("<img src=cid:a@x>", part "a.exe")
                                      :html { inline = true })
  end)

  it("declares UTF-8", function()
    assert.equal('<meta charset="utf-8">é', mail('<meta charset="koi8-r">é')
                                             :html { inline = true })
    assert.equal("<img src=" .. data .. "><meta charset=utf-8>é<b>",
      mail("<img src=cid:a@x><meta charset=latin1>é<b>"):html { inline = true })
  end)

  it("has pictures alone, and not more of them than the message allows", function()
    local page = "--b\r\nContent-Type: text/html\r\nContent-ID: <a@x>\r\n\r\nx\r\n"
    assert.equal("<img src=cid:a@x>", mail("<img src=cid:a@x>", page)
                                      :html { inline = true })
    local big = "--b\r\nContent-Type: image/png\r\nContent-ID: <a@x>\r\n\r\n"
                .. ("x"):rep(10000) .. "\r\n"
    local m = mail(("<img src=cid:a@x>"):rep(100), big)
    assert.is_true(#m:html { inline = true } < 10 * #m:raw())
  end)
end)

describe("a message of HTML alone", function()
  local MAIL = "Content-Type: text/html; charset=iso-8859-1\r\n\r\n"
               .. "<p>Gr\252\223e,<br>ich</p>\r\n"

  it("has a text with the option", function()
    local m = message.parse(MAIL)
    assert.is_nil(m:text())
    assert.equal("Grüße,\r\nich\r\n", m:text { from_html = true })
  end)

  it("keeps an existing text", function()
    local m = message.parse("Content-Type: multipart/alternative; boundary=b\n\n"
      .. "--b\n\nplain\n--b\nContent-Type: text/html\n\n<p>html\n--b--\n")
    assert.equal("plain", m:text { from_html = true })
    assert.equal("html\r\n", m:html_part():text { from_html = true })
    assert.equal("<p>html", m:html_part():text())
  end)
end)
