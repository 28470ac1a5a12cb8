// As gmime_all.c, by a reader of npm: messages_all.mjs NAME FOLDER parse|decode FILE
// [SHARE]. NAME is postal-mime or mailparser, from the node_modules of FOLDER; both
// parse and decode at once. SHARE: only so small a part of the set is read.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [name, folder, , file, share] = process.argv.slice(2);
const require = createRequire(resolve(folder, "package.json"));

// What reads a message, and how many octets its parts have.
let read;
if (name === "postal-mime") {
  const module = require("postal-mime");
  const PostalMime = module.default ?? module;
  read = (mail) => PostalMime.parse(mail);
} else {
  const { simpleParser } = require("mailparser");
  const options = { skipHtmlToText: true, skipTextToHtml: true,
    skipImageLinks: true, skipTextLinks: true };
  read = (mail) => simpleParser(mail, options);
}

function size(message) {
  let octets = (message.subject ?? "").length + (message.text || "").length
    + (message.html || "").length;
  for (const part of message.attachments) {
    octets += part.content.byteLength ?? part.content.length;
  }
  return octets;
}

const set = readFileSync(file);
const mails = [];
const end = set.length / (share ?? 1);
for (let at = 0; at < end;) {
  const lf = set.indexOf(10, at);
  const length = Number(set.toString("latin1", at, lf));
  mails.push(set.subarray(lf + 1, lf + 1 + length));
  at = lf + 1 + length;
}

let octets = 0;
const start = process.cpuUsage();
for (const mail of mails) octets += size(await read(mail));
const used = process.cpuUsage(start);
console.log(mails.length, octets, ((used.user + used.system) / 1e6).toFixed(6));
