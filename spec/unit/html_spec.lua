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
      "x\n>>\n> > deep\n>\n> less\n",
      "<table><tr><td>a</td><td>b</td></tr><tr><th>c<td>d</table>",
      "a b\nc d\n",
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

  it("has links where they say more than their text", function()
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
    }
  end)

  it("has entities undone, once", function()
    cases {
      "&lt;b&gt; &amp;amp; &quot;x&quot; &apos;", "<b> &amp; \"x\" '\n",
      "&eacute;&Eacute;&szlig;&euro;&hellip;&nbsp;&copy", "éÉß€… ©\n",
      "&#233;&#xE9;&#XE9;&#x1F600;", "ééé😀\n",
      "&#150;&#x80;", "–€\n",
      "&#0;&#xD800;&#x110000;&#99999999999999999999;", "����\n",
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
      "<!DOCTYPE html><?xml version=1?>a<![CDATA[b]]>c", "ac\n",
      "a <o:p></o:p> b", "a b\n", '<p title="a > b">c', "c\n",
      "<p title='a", "", "1 < 2 <3", "1 < 2 <3\n", "</ x>a</>b", "ab\n",
      "<p =x y= z>a", "a\n", "<" , "<\n", "a&", "a&\n",
    }
  end)

  it("is only made of UTF-8", function()
    local none, _, code = core.decode.html "\255"
    assert.is_nil(none)
    assert.equal("charset", code)
  end)

  it("takes time by its length", function()
    for _, piece in ipairs { "<", "<a", "<a href=\"", "<!--", "<script>",
                             "<ul>", "<blockquote>x", "&", "&#", "<p>", "<li>",
                             "<a href=https://x.example>y", "</", "'\"",
                             "<pre>\n", "<br>", "<p a=b " } do
      local html = piece:rep(200000)
      local out = core.decode.html(html)
      assert.is_true(#out <= 40 * #html)
    end
  end)
end)

describe("a message of HTML alone", function()
  local MAIL = "Content-Type: text/html; charset=iso-8859-1\r\n\r\n"
               .. "<p>Gr\252\223e,<br>ich</p>\r\n"

  it("has a text when it is asked for", function()
    local m = message.parse(MAIL)
    assert.is_nil(m:text())
    assert.equal("Grüße,\r\nich\r\n", m:text { from_html = true })
  end)

  it("but not in place of one that there is", function()
    local m = message.parse("Content-Type: multipart/alternative; boundary=b\n\n"
      .. "--b\n\nplain\n--b\nContent-Type: text/html\n\n<p>html\n--b--\n")
    assert.equal("plain", m:text { from_html = true })
    assert.equal("html\r\n", m:html_part():text { from_html = true })
    assert.equal("<p>html", m:html_part():text())
  end)
end)
