// Elements and texts. All that comes from the server becomes text nodes; markup
// is never made of it.

export const byId = id => document.getElementById(id);

// An element. `props` has attributes; `text`; and `on`, handlers of events.
export function el(name, props = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "text") made.textContent = value;
    else if (key === "on") {
      for (const [event, handler] of Object.entries(value)) {
        made.addEventListener(event, handler);
      }
    } else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter(child => child !== undefined && child !== null));
  return made;
}

// Rows of a list, as [key, child, ...] for a button each. Rows that stay are kept as
// elements, so that a redraw loses neither the focus nor a click that has begun.
// `name` is the attribute for the key, such as "data-number".
export function redraw(list, name, rows, pressed) {
  const old = new Map([...list.children].map(li =>
    [li.firstChild.getAttribute(name), li]));
  rows.forEach(([key, kind, ...children], i) => {
    let li = old.get(String(key));
    if (!li) li = el("li", {}, el("button", { type: "button", class: kind, [name]: key }));
    const text = children.map(child => child?.outerHTML || "").join("");
    if (li.drawn !== text) {
      li.drawn = text;
      li.firstChild.replaceChildren(...children.filter(Boolean));
    }
    li.firstChild.setAttribute("aria-pressed", String(key === pressed));
    if (list.children[i] !== li) list.insertBefore(li, list.children[i] || null);
  });
  while (list.children.length > rows.length) list.lastChild.remove();
}

export function show(element, shown) {
  element.hidden = !shown;
}

// An octet as \xNN.
export function escape(c) {
  return "\\x" + c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0");
}

// A value of the server as text: octets that are not UTF-8 come as base64.
export function plain(value) {
  if (value && typeof value === "object" && typeof value.base64 === "string") {
    return atob(value.base64).replace(/[\x80-\xff]/g, escape);
  }
  return value === undefined || value === null ? "" : String(value);
}

// Characters that cannot be seen, or that change how others look.
const HIDDEN = /[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb]/g;

// One line of text in which hidden characters can be seen.
export function visible(value) {
  return plain(value).replace(HIDDEN, c => {
    const code = c.charCodeAt(0);
    if (code < 0x80) return escape(c);
    return "⟨U+" + code.toString(16).toUpperCase().padStart(4, "0") + "⟩";
  });
}

// Text of several lines. Direction controls have no effect outside its element.
export function lines(value) {
  return plain(value).replace(/\r\n?/g, "\n").replace(
    /[\x00-\x08\x0b-\x1f\x7f]/g, escape);
}

export function octets(n) {
  if (n === undefined || n === null) return "";
  if (n < 1000) return n + " B";
  if (n < 1e6) return (n / 1e3).toFixed(n < 1e4 ? 1 : 0) + " kB";
  return (n / 1e6).toFixed(n < 1e7 ? 1 : 0) + " MB";
}

export function count(n, what) {
  return n.toLocaleString("en") + " " + what + (n === 1 ? "" : "s");
}

// "Ann <ann@a.example>" of the addresses of a field.
export function people(list) {
  return (list || []).map(a => {
    const address = visible(a.address);
    if (!a.name) return address || visible(a.group);
    return address ? visible(a.name) + " <" + address + ">" : visible(a.name);
  }).join(", ");
}

// The tabs of a list, with the keys of the ARIA pattern. Returns a function that
// chooses one by its id; `chosen(panel)` is called with the id of its panel.
export function tabs(list, chosen) {
  const all = [...list.querySelectorAll('[role="tab"]')];
  function choose(tab, focus) {
    for (const other of all) {
      const is = other === tab;
      other.setAttribute("aria-selected", is);
      other.tabIndex = is ? 0 : -1;
      show(byId(other.getAttribute("aria-controls")), is);
    }
    if (focus) tab.focus();
    chosen(tab.getAttribute("aria-controls"));
  }
  const steps = { ArrowRight: 1, ArrowLeft: -1 };
  list.addEventListener("click", event => {
    const tab = event.target.closest('[role="tab"]');
    if (tab && !tab.disabled) choose(tab);
  });
  list.addEventListener("keydown", event => {
    const usable = all.filter(tab => !tab.disabled);
    const at = usable.indexOf(event.target);
    let next;
    if (event.key in steps) {
      next = usable[(at + steps[event.key] + usable.length) % usable.length];
    } else if (event.key === "Home") next = usable[0];
    else if (event.key === "End") next = usable[usable.length - 1];
    if (at < 0 || !next) return;
    event.preventDefault();
    choose(next, true);
  });
  return id => choose(byId(id));
}
