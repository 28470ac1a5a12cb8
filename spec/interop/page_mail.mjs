// Messages for the tests of the page: ordinary, hostile and large ones.

const CRLF = text => text.replace(/\r?\n/g, "\r\n");

export const plain = CRLF(`From: test@example
Subject: plain

Hello
`);

export const pdf = Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 7) % 256));

const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNg+M9QDwADhgGASmsr"
  + "0QAAAABJRU5ErkJggg==";

export const order = CRLF(`From: Ann Example <ann@shop.example>
To: mrose@mail.example
Subject: =?utf-8?Q?Your_order_4711_=E2=9C=93?=
Date: Mon, 30 Nov 2026 10:12:00 +0100
Message-ID: <4711@shop.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: multipart/alternative; boundary=a

--a
Content-Type: text/plain; charset=utf-8

Your order has been shipped. The invoice for 42,00 € is attached.
--a
Content-Type: multipart/related; boundary=r

--r
Content-Type: text/html; charset=utf-8

<h2 style="color: #0a58b0">Order 4711</h2><img src="cid:logo" width=80 height=40>
--r
Content-Type: image/png
Content-ID: <logo>
Content-Transfer-Encoding: base64

${PIXEL}
--r--
--a--
--m
Content-Type: application/pdf; name="invoice 4711.pdf"
Content-Disposition: attachment; filename="invoice 4711.pdf"
Content-Transfer-Encoding: base64

${pdf.toString("base64").replace(/.{76}/g, "$&\n")}
--m
Content-Type: text/calendar; method=REQUEST
Content-Disposition: attachment; filename=delivery.ics

BEGIN:VCALENDAR
END:VCALENDAR
--m--
`);

const word = text => `=?utf-8?B?${Buffer.from(text).toString("base64")}?=`;

export const badName = CRLF(`Subject: bad name
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: text/html
Content-Disposition: attachment; filename="${word("../../tmp/\u202escaped\r\nX: y\0.html")}"

<script>window.hacked = 1</script>
no header
--m
`);

// HTML, as a message. `url` is a host that must not be reached.
function html(f) {
  return url => CRLF(`From: ${word("<script>window.hacked=1</script> \u202efdp")} <e@v>
Subject: ${word("hostile <img src=x onerror=window.hacked=1> \u202egpj.exe")}
X-<b>: <b>y</b>
Content-Type: text/html; charset=utf-8

${f(url)}
`);
}

// A link or the like that covers the frame.
const COVER = "style='position: fixed; inset: 0; width: 100%; height: 100%'";

// `problem` is the browser's report; `click` is the element that must be in the frame
// before it is clicked on.
export const hostile = {
  "scripts": {
    octets: html(() => "<script>top.hacked=1;parent.hacked=1</script>hi"),
    problem: /Blocked script execution|script-src/,
  },
  "event handlers": {
    octets: html(() => "<body onload='parent.hacked=1'><img src=data:x "
      + "onerror='parent.hacked=1'><svg onload='parent.hacked=1'/>hi"),
    problem: /Blocked script execution|script-src/,
  },
  "remote images, styles, fonts, media and frames": {
    octets: html(url => `<img src="${url}/a"><img srcset="${url}/b 2x">
      <body background="${url}/c"><style>@import "${url}/d"; @font-face { font-family: x;
      src: url(${url}/e) } p { background: url(${url}/f); font-family: x }</style><p>hi</p>
      <video src="${url}/g" poster="${url}/h" autoplay></video><audio src="${url}/i"></audio>
      <iframe src="${url}/j"></iframe><object data="${url}/k"></object>
      <embed src="${url}/l"><input type=image src="${url}/m">
      <svg><image href="${url}/n"/><use href="${url}/o#x"/></svg>`),
    problem: /img-src data:/,
  },
  "links to connect or fetch in advance": {
    octets: html(url => `<link rel=preconnect href="${url}"><LINK rel="dns-prefetch"
      href="//trap.invalid"><link rel=preload as=image href="${url}/a"><link rel=stylesheet
      href="${url}/b"><link rel=prefetch href="${url}/c"><link rel=prerender
      href="${url}/d"><link rel=icon href="${url}/e"><link rel=manifest href="${url}/f">
      <meta http-equiv=x-dns-prefetch-control content=on><a href="http://trap.invalid/">x</a>
      <script type=speculationrules>{"prefetch":[{"urls":["${url}/g"]}]}</script>`),
    problem: /Blocked script execution|script-src/,
  },
  "meta refresh and base": {
    octets: html(url => `<base href="${url}/"><meta http-equiv=refresh content="0;
      url=${url}/r">hi`),
  },
  "a meta policy and a byte order mark": {
    octets: html(url => `\uFEFF<meta http-equiv=Content-Security-Policy
      content="default-src *; script-src * 'unsafe-inline'"><meta charset=utf-7>
      <img src="${url}/a">+ADw-script+AD4-parent.hacked=1+ADw-/script+AD4-`),
    problem: /img-src/,
  },
  "a link to another host": {
    octets: html(url => `<a href="${url}/click" ${COVER}>x</a>`),
    click: "x-a",
  },
  "a link to the top": {
    octets: html(url => `<a href="${url}/click" target=_top ${COVER}>x</a>`),
    click: "x-a",
  },
  "a link to a new window": {
    octets: html(url => `<a href="${url}/click" target=_blank ${COVER}>x</a>`),
    click: "x-a",
  },
  "a form": {
    octets: html(url => `<form action="${url}/form" method=post><button ${COVER}>x</button>
      </form>`),
    click: "button", blocked: /Blocked form submission|form-action/,
  },
  "a javascript: link": {
    octets: html(() => `<a href="javascript:parent.hacked=1" ${COVER}>x</a>`),
    click: "x-a",
  },
  "the page's own requests": {
    octets: html(() => "<img src=/stats><iframe src=/></iframe><iframe src=/stats></iframe>"
      + "<link rel=stylesheet href=/page/style.css>"),
    problem: /img-src data:/,
  },
  "NULs, controls and unclosed tags": {
    octets: html(() => "<p>a\0b\x1b[31m\x08<scr\0ipt>parent.hacked=1</scr\0ipt>"
      + "<table><select><textarea></textarea></select><title></title><plaintext>"),
    framed: "plaintext",
    async check(page, assert) {
      await page.click("#tab-source");
      assert.match(await page.text("#view-source pre"), /a\\x00b\\x1B\[31m\\x08/);
    },
  },
  "names in the header": {
    octets: url => CRLF(`From: "${"a".repeat(5000)}" <x@y>
To: ${"undisclosed: <a@b>, ".repeat(300)};
Subject: hostile ${word("\u2066\u202e<b>x</b>\u2028\u0000")}
Date: <script>
Message-ID: <javascript:alert(1)>
Reply-To: "=?utf-8?Q?=0D=0AX:_y?=" <${url}>
: empty
\xff\xfe: octets
Content-Type: multipart/mixed; boundary="<b>"

--<b>
Content-Type: <script>/<b>; charset="<b>"; name="<img src=${url}/x>"
Content-Disposition: "><script>; filename*=utf-8''%3Cb%3E%00%0d%0a..%2f..%2f%E2%80%AEx
Content-ID: <"onload=x>

hi
--<b>--
`),
    async check(page, assert) {
      assert.ok((await page.text("#subject")).includes("⟨U+202E⟩<b>x</b>⟨U+2028⟩"));
      assert.equal(await page.evaluate("document.querySelector('#subject').innerText"
        + ".match(/[\\u202a-\\u202e\\u2066-\\u2069]/)"), null);
    },
  },
};

// ------------------------------------------------------------------ large ones

const head = (subject, type = "text/plain") =>
  `Subject: ${subject}\r\nContent-Type: ${type}\r\n\r\n`;

export const bigHtml = head("big HTML", "text/html")
  + "<div><p>hello <b>world</b></p></div>\r\n".repeat(270000);
export const bigText = head("big text") + "ein Text mit Wörtern\r\n".repeat(450000);
export const manyFields = Array.from({ length: 3000 }, (_, i) => `X-${i}: v\r\n`).join("")
  + head("many fields") + "hi\r\n";
export const manyParts = head("many parts", "multipart/mixed; boundary=m")
  + "--m\r\nContent-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nx\r\n"
    .repeat(3000) + "--m--\r\n";
