"use strict";
// Charts are drawn from the data, and each has a text description.

const DAY = 86400000;

// One bar per day, from the first day with a token to the day of the report, including days without tokens.
function days(byDay, until) {
  const known = Object.keys(byDay).sort();
  if (!known.length) return [];
  const last = Math.max(Date.parse(until.slice(0, 10)), Date.parse(known[known.length - 1]));
  const from = Math.min(Date.parse(known[0]), last - 29 * DAY);
  const found = [];
  for (let at = from; at <= last; at += DAY) {
    const day = new Date(at).toISOString().slice(0, 10);
    found.push([day, byDay[day] || 0]);
  }
  return found;
}

function issuedWords(bars) {
  const total = bars.reduce((sum, [, value]) => sum + value, 0);
  const most = bars.reduce((best, bar) => (bar[1] > best[1] ? bar : best));
  return `${count(total, "token")} issued from ${bars[0][0]} to ${bars[bars.length - 1][0]}, `
    + `at most ${number(most[1])} on one day (${most[0]}).`;
}

// A scale that ends at a round number of whole tokens.
function top(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 3, 4, 6, 8, 10].map((step) => step * power).find((step) => step >= value);
}

// Drawn for the current screen width, so that its text has the size of other text.
function issued(byDay, tall = true) {
  const narrow = window.innerWidth < 700;
  const bars = days(byDay, report.generated_at);
  if (!bars.length) return make("p", { class: "empty" }, "No token was issued in the 90 days before this report.");
  const left = 34, right = 4, head = 10, foot = 22, width = narrow ? 320 : 560, height = tall ? 150 : 110;
  const highest = top(Math.max(...bars.map(([, value]) => value)));
  const step = (width - left - right) / bars.length;
  const y = (value) => head + (height - head - foot) * (1 - value / highest);
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img", "aria-label": issuedWords(bars) });
  for (const value of highest > 1 ? [0, highest / 2, highest] : [0, 1]) {
    svg.append(draw("line", { x1: left, x2: width - right, y1: y(value), y2: y(value), class: value ? "grid" : "axis" }));
    if (Number.isInteger(value)) svg.append(draw("text", { x: left - 6, y: y(value) + 4, class: "tick end" }, number(value)));
  }
  bars.forEach(([day, value], at) => {
    if (!value) return;
    const bar = draw("rect", { x: left + at * step + step * 0.12, y: y(value), width: Math.max(step * 0.76, 1), height: y(0) - y(value), class: "bar" });
    bar.append(draw("title", {}, `${day}: ${count(value, "token")}`));
    svg.append(bar);
  });
  svg.append(draw("text", { x: left, y: height - 6, class: "tick" }, bars[0][0]));
  svg.append(draw("text", { x: width - right, y: height - 6, class: "tick end" }, bars[bars.length - 1][0]));
  return make("figure", {}, svg, make("figcaption", { class: "soft" }, issuedWords(bars)));
}

// One button per rule, which filters the table. The bar shows the share of sites affected.
function ruleBars(rules, total, choose) {
  if (!rules.length) return make("p", { class: "empty" }, "No findings on any site.");
  return make("ul", { class: "bars" }, rules.map((entry) => {
    const part = draw("svg", { viewBox: "0 0 100 6", class: "part", preserveAspectRatio: "none", "aria-hidden": "true" },
      draw("rect", { x: 0, y: 0, width: 100, height: 6, class: "rest" }),
      draw("rect", { x: 0, y: 0, width: (100 * entry.sites) / Math.max(total, 1), height: 6, class: "share" }));
    return make("li", {}, make("button", { type: "button", class: "rule", "data-rule": entry.rule, "aria-pressed": "false", onclick: () => choose(entry.rule) },
      make("span", { class: "name" }, mark(entry.severity, entry.rule)),
      make("span", { class: "number" }, count(entry.sites, "site")), part));
  }));
}
