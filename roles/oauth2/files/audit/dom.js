"use strict";
// All content is inserted as text, so names of sites, apps and users are never interpreted as markup.

const report = JSON.parse(document.getElementById("report").textContent);
const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);

function fill(node, properties, children) {
  for (const [key, value] of Object.entries(properties || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  for (const child of [children].flat(3)) {
    if (child !== null && child !== undefined && child !== "") {
      node.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
  }
  return node;
}

const make = (tag, properties, ...children) => fill(document.createElement(tag), properties, children);
const draw = (tag, properties, ...children) => fill(document.createElementNS(SVG, tag), properties, children);

// Allows a line break after each dot without changing the text.
const named = (name) => name.split(/(?<=\.)/).flatMap((part) => [part, make("wbr")]);

const number = (value) => new Intl.NumberFormat("en").format(value);
const count = (value, one, many) => `${number(value)} ${value === 1 ? one : many || one + "s"}`;

// Color is never the only sign: each state also has a symbol and a text.
const SIGNS = {
  warning: ["▲", "warn"], notice: ["○", "calm"], drift: ["≠", "warn"], good: ["✓", "good"],
  bad: ["✕", "bad"], none: ["–", "calm"], unknown: ["?", "warn"], partial: ["◐", "warn"],
};

function mark(kind, text, title) {
  const [sign, tone] = SIGNS[kind] || SIGNS.warning;
  return make("span", { class: `mark ${tone}`, title }, make("span", { class: "sign", "aria-hidden": "true" }, sign), text);
}

const moment = (iso) => {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? String(iso) : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
};

const age = (days) => (days === null || days === undefined ? "" : days === 0 ? "less than a day ago" : `${count(days, "day")} ago`);

// A small table for details. Its rows turn into blocks on a narrow screen, each cell with its heading.
function list(caption, heads, rows) {
  return make("table", { class: "list", role: "table" },
    make("caption", {}, caption),
    make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, heads.map((head) => make("th", { scope: "col", role: "columnheader" }, head)))),
    make("tbody", { role: "rowgroup" }, rows.map((cells) => make("tr", { role: "row" }, cells.map((cell, at) =>
      make(at ? "td" : "th", { role: at ? "cell" : "rowheader", scope: at ? null : "row", "data-head": heads[at] },
        make("span", { class: "value" }, cell === "" || cell === null || cell === undefined ? "–" : cell)))))));
}
