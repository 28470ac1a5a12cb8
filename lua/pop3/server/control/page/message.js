// One message, as pop3.message reads it.

import { ask, beginning, part, save, token } from "./api.js";
import { byId, count, el, escape, lines, octets, people, show, tabs, visible }
  from "./dom.js";

const TEXT = 200000;    // octets of text that are shown at first
const SOURCE = 200000;  // octets of the source
const ROWS = 500;       // parts, fields and defects that are listed
const HTML = 1000000;   // larger HTML is shown when it is asked for

let shown;              // { user, number, m, drawn: names of the views }
let view = "view-text";
let choose;

// ------------------------------------------------------------------- the summary

function fact(name, value) {
  return value ? [el("dt", { text: name }), el("dd", { text: value })] : [];
}

async function download(path, name) {
  const { user, number } = shown;
  save(await part({ user, number, path }), name);
}

function saveButton(p) {
  const name = p.safe_filename || "part-" + (p.path || "0");
  return el("button", { type: "button", class: "small", text: "Save",
                        "aria-label": "Save " + visible(name),
                        on: { click: () => download(p.path, name) } });
}

function attachmentChip(p) {
  return el("li", { class: "chip" },
    el("span", { class: "chip-name", text: visible(p.filename) || "(no name)" }),
    el("span", { class: "more", text: visible(p.type) + " · " + octets(p.size) }),
    saveButton(p));
}

function rest(list, what) {
  if (list.length <= ROWS) return [];
  return [el("li", { class: "hint", text: "and "
                     + count(list.length - ROWS, "more " + what) })];
}

function drawSummary(m) {
  byId("subject").textContent = visible(m.subject) || "(no subject)";
  byId("summary").replaceChildren(
    ...fact("From", people(m.from)), ...fact("Sender", people(m.sender)),
    ...fact("Reply-To", people(m.reply_to)), ...fact("To", people(m.to)),
    ...fact("Cc", people(m.cc)), ...fact("Bcc", people(m.bcc)),
    ...fact("Date", m.date && m.date.replace("T", " ")),
    ...fact("Message", m.number + ", " + m.size.toLocaleString("en") + " octets, UIDL "
            + visible(m.uid)));
  const attached = m.parts.filter(p => p.attachment);
  byId("attachments").replaceChildren(
    ...attached.slice(0, ROWS).map(attachmentChip), ...rest(attached, "attachment"));
  const defects = byId("defects");
  show(defects, m.defects.length > 0);
  byId("defects-title").textContent = count(m.defects.length, "defect")
    + ": the message breaks the rules of mail";
  defects.querySelector("ul").replaceChildren(
    ...m.defects.slice(0, ROWS).map(d => el("li", {
      text: "octet " + d.offset.toLocaleString("en") + ": " + visible(d.text)
            + " (" + visible(d.code) + ")" })), ...rest(m.defects, "defect"));
}

// --------------------------------------------------------------------- the views

function more(text, f) {
  const button = el("button", { type: "button", text, on: { click: async () => {
    button.disabled = true;
    try { await f(); } finally { button.disabled = false; }
  } } });
  return button;
}

const views = {
  "view-text"(m, panel) {
    if (m.text === undefined) {
      return panel.replaceChildren(el("p", { class: "empty",
        text: "The message has no text." }));
    }
    const pre = el("pre", { class: "letter-text", dir: "auto", text: lines(m.text) });
    const kind = m.text_part === undefined ? "made from the HTML"
      : "part " + (visible(m.text_part) || "0");
    panel.replaceChildren(
      el("p", { class: "hint", text: kind + ", " + octets(m.text_size) }), pre);
    if (m.text_size > TEXT) {
      const { user, number } = shown;
      panel.append(more("Show all " + octets(m.text_size), async () => {
        const all = await ask("part", { user, number, form: "text" });
        if (shown?.m === m) views.whole(all.octets, panel);
      }));
    }
  },

  whole(text, panel) {
    panel.replaceChildren(
      el("pre", { class: "letter-text", dir: "auto", text: lines(text) }));
  },

  "view-html"(m, panel) {
    if (m.html_part === undefined) {
      return panel.replaceChildren(el("p", { class: "empty",
        text: "The message has no HTML." }));
    }
    const hint = el("p", { class: "hint", text: "part "
      + (visible(m.html_part) || "0") + ", " + octets(m.html_size)
      + ". Scripts, links, forms and remote contents are disabled." });
    if (m.html_size <= HTML) {
      panel.replaceChildren(hint);
      return frame(panel);
    }
    const button = more("Show " + octets(m.html_size) + " of HTML", async () => {
      button.remove();
      frame(panel);
    });
    panel.replaceChildren(hint, button);
  },

  "view-parts"(m, panel) {
    const body = el("tbody");
    for (const p of m.parts.slice(0, ROWS)) body.append(partRow(p));
    panel.replaceChildren(
      el("div", { class: "wide" }, el("table", { class: "parts" },
        el("thead", {}, el("tr", {}, ...["Part", "Type", "Size", "Encoding",
          "Disposition", "Name", ""].map(text => el("th", { scope: "col", text })))),
        body)),
      el("ul", { class: "plain" }, ...rest(m.parts, "part")),
      el("div", { id: "part-text" }));
  },

  "view-headers"(m, panel) {
    panel.replaceChildren(
      el("div", { class: "wide" }, el("table", { class: "fields" }, el("tbody", {},
        ...m.headers.slice(0, ROWS).map(h => el("tr", {},
          el("th", { scope: "row", text: visible(h.name) }),
          el("td", { text: visible(h.value) })))))),
      el("ul", { class: "plain" }, ...rest(m.headers, "field")));
  },

  async "view-source"(m, panel) {
    const { user, number } = shown;
    const button = el("button", { type: "button", text: "Save as .eml",
      on: { click: () => download(undefined, "message-" + number + ".eml") } });
    const start = await beginning({ user, number }, SOURCE);
    if (shown?.m !== m) return;
    panel.replaceChildren(
      el("div", { class: "line" }, button, el("span", { class: "hint",
        text: m.size > start.length ? "the first " + octets(start.length) + " of "
              + octets(m.size) : octets(m.size) })),
      el("pre", { class: "source", text: source(start) }));
  },
};

// Octets as text; those that are not UTF-8 as \xNN.
function source(octets_) {
  try {
    return lines(new TextDecoder("utf-8", { fatal: true }).decode(octets_));
  } catch {
    let out = "";
    for (let at = 0; at < octets_.length; at += 8192) {
      out += String.fromCharCode(...octets_.subarray(at, at + 8192));
    }
    return lines(out.replace(/[\x80-\xff]/g, escape));
  }
}

// The HTML in a frame. The server sends it with a policy that forbids everything;
// the token goes in the form, not in an address.
function frame(panel) {
  panel.querySelector("iframe")?.remove();
  const { user, number } = shown;
  const inner = el("iframe", { name: "mail-html", sandbox: "", title: "HTML of the mail",
                               referrerpolicy: "no-referrer" });
  const form = el("form", { method: "post", action: "/frame", target: "mail-html",
                            hidden: true },
    ...Object.entries({ token: token(), user, number }).map(([name, value]) =>
      el("input", { type: "hidden", name, value: String(value) })));
  panel.append(inner, form);
  form.submit();
  form.remove();
}

function partRow(p) {
  const depth = p.path === "" ? 0 : p.path.split(".").length;
  const isText = /^text\//.test(p.type);
  const isLeaf = !/^multipart\//.test(p.type);
  const cell = text => el("td", { text });
  return el("tr", { class: "depth-" + Math.min(depth, 6) },
    el("th", { scope: "row", class: "mono", text: p.path || "root" }),
    cell(visible(p.type) + (p.charset ? "; " + visible(p.charset) : "")),
    el("td", { class: "right", text: octets(p.size) }),
    cell(visible(p.encoding)), cell(visible(p.disposition)),
    cell(visible(p.filename) + (p.cid ? " <" + visible(p.cid) + ">" : "")),
    el("td", { class: "buttons" }, isText ? el("button", { type: "button",
        class: "small", text: "Read", "aria-label": "Read part " + p.path,
        on: { click: () => readPart(p) } }) : null,
      isLeaf ? saveButton(p) : null));
}

async function readPart(p) {
  const { user, number, m } = shown;
  const answer = await ask("part", { user, number, path: p.path, form: "text" });
  if (shown?.m !== m) return;
  const text = lines(answer.octets);
  byId("part-text").replaceChildren(
    el("h3", { text: "Part " + (p.path || "0") + ", " + visible(p.type) }),
    el("pre", { class: "letter-text", dir: "auto", text: text.slice(0, TEXT) }),
    text.length > TEXT ? el("p", { class: "hint", text: "The rest is left out." })
      : null);
  byId("part-text").scrollIntoView({ block: "nearest" });
}

// Draw a view when it is chosen first.
function draw(name) {
  if (!shown || shown.drawn.has(name)) return;
  shown.drawn.add(name);
  return views[name](shown.m, byId(name));
}

// ------------------------------------------------------------------ from outside

export function close() {
  shown = undefined;
  show(byId("reader"), false);
  show(byId("no-message"), true);
}

export async function open(user, number) {
  const m = await ask("read", { user, number, limit: TEXT });
  shown = { user, number, m, drawn: new Set() };
  drawSummary(m);
  for (const name of Object.keys(views)) byId(name)?.replaceChildren();
  byId("tab-html").disabled = m.html_part === undefined;
  if (view === "view-html" && m.html_part === undefined) choose("tab-text");
  show(byId("no-message"), false);
  show(byId("reader"), true);
  byId("message").scrollTop = 0;
  if (matchMedia("(max-width: 760px)").matches) byId("subject").focus();
  await draw(view);
}

export function start() {
  choose = tabs(document.querySelector(".tabs.inner"), panel => {
    view = panel;
    return draw(panel);
  });
  choose("tab-text");
}
