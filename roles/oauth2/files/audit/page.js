"use strict";
// The table of sites: cells, sorting and filters.

const VERIFY_ORDER = { failed: 0, partial: 1, none: 2, verified: 3 };
const unknown = () => [make("span", { class: "soft", "aria-hidden": "true" }, "–"), make("span", { class: "unseen" }, "could not be read")];
const orUnread = (site, show) => (site.readable ? show(site) : unknown());

function corsCell(site) {
  const cors = site.cors;
  if (cors.nginx === "differs" || cors.nginx === "absent") return mark("drift", "differs");
  if (cors.nginx) return cors.declared.length ? `${count(cors.declared.length, "origin")} (nginx)` : "no origins (nginx)";
  if (cors.frappe === null) return "none";
  return String(cors.frappe) === "*" ? mark("warning", "any origin (Frappe)") : `${count([cors.frappe].flat().length, "origin")} (Frappe)`;
}

function keysCell(site) {
  const disabled = site.keys.filter((key) => !key.enabled && key.has_secret).length;
  return disabled ? [number(site.keys.length), make("span", { class: "line" }, mark("warning", `${number(disabled)} disabled`))] : number(site.keys.length);
}

function tokensCell(site) {
  const tokens = site.tokens;
  return tokens.active + tokens.refreshable ? [`${number(tokens.active)} active`, make("span", { class: "line soft" }, `${number(tokens.refreshable)} refreshable`)] : "none";
}

function driftCell(site) {
  if (site.drift.length) return mark("drift", count(site.drift.length, "difference"));
  if (site.drift_unknown) return mark("unknown", "unknown");
  if (!site.readable) return unknown();
  return site.managed ? mark("good", "none") : mark("none", "not managed");
}

function verificationCell(site) {
  const label = { verified: ["good", "verified"], partial: ["partial", "partly verified"], failed: ["bad", "failed"], none: ["none", "never verified"] }[site.verify_state];
  return [mark(...label), site.verification ? make("span", { class: "line soft" }, age(site.verified_days_ago)) : null];
}

// name, heading, sort key, content of the cell
const COLUMNS = [
  ["name", "Site", (site) => site.name.toLowerCase(), null],
  ["bench", "Bench", (site) => site.bench.toLowerCase(), (site) => named(site.bench)],
  ["version", "Frappe", (site) => site.frappe_version.split(".").map((part) => part.padStart(6, "0")).join("."), (site) => orUnread(site, () => site.frappe_version)],
  ["apps", "Apps", (site) => Object.keys(site.apps).length, (site) => orUnread(site, () => Object.keys(site.apps).join(", "))],
  ["clients", "Clients", (site) => (site.clients || []).length, (site) => orUnread(site, () => number(site.clients.length)), "figure"],
  ["cors", "CORS", (site) => (site.cors.declared || [site.cors.frappe].flat().filter(Boolean)).length, (site) => orUnread(site, corsCell)],
  ["keys", "API keys", (site) => (site.keys || []).length, (site) => orUnread(site, keysCell), "figure"],
  ["tokens", "Tokens", (site) => (site.tokens ? site.tokens.active + site.tokens.refreshable : -1), (site) => orUnread(site, tokensCell), "figure"],
  ["drift", "Drift", (site) => site.drift.length || (site.drift_unknown ? 0.5 : 0), driftCell],
  ["findings", "Findings", (site) => (site.readable ? site.findings.length : 0.5), (site) => orUnread(site, () =>
    (site.findings.length ? mark("warning", count(site.findings.length, "finding")) : mark("good", "none")))],
  ["verification", "Last verification", (site) => VERIFY_ORDER[site.verify_state] * 1e6 - (site.verified_days_ago || 0), verificationCell],
];
const order = { column: "name", down: false };
const opened = new Set();

const texts = new Map(report.sites.map((site) => [site, [site.name, site.bench, site.url, site.frappe_version, ...site.domains, ...Object.keys(site.apps),
  ...(site.clients || []).flatMap((client) => [client.app_name, client.client_id]), ...(site.keys || []).map((key) => key.user),
  ...[...site.findings, ...site.notices].map((row) => row.rule), site.why].join("\n").toLowerCase()]));

function wanted(site) {
  const chosen = byId("finding").value, bench = byId("bench").value;
  const rows = [...site.findings, ...site.notices];
  const severity = chosen.startsWith("severity:") && chosen.slice(9);
  return byId("search").value.toLowerCase().split(/\s+/).every((word) => texts.get(site).includes(word))
    && (bench === "" || site.bench === report.benches[Number(bench)].name)
    && (chosen === "" || rows.some((row) => (severity ? row.severity === severity : row.rule === chosen)))
    && (!byId("drift").checked || site.drift.length > 0)
    && (!byId("unverified").checked || site.verify_state !== "verified");
}

function sorted(sites) {
  const [, , value] = COLUMNS.find(([name]) => name === order.column);
  const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a - b);
  return [...sites].sort((a, b) => (order.down ? -1 : 1) * compare(value(a), value(b)) || compare(a.name, b.name));
}

function toggle(button, holder, site) {
  const open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(open));
  holder.hidden = !open;
  if (open) {
    opened.add(site);
    holder.firstChild.replaceChildren(...details(site));
  } else opened.delete(site);
}

// For a site that could not be read, one cell with the reason replaces the data.
function cellsOf(site) {
  const first = COLUMNS.findIndex(([name]) => name === "version"), after = COLUMNS.findIndex(([name]) => name === "drift");
  const cell = ([name, head, , show, kind]) => make("td", { role: "cell", class: [name, kind].filter(Boolean).join(" "), "data-head": head }, make("span", { class: "value" }, show(site)));
  if (site.readable) return COLUMNS.slice(1).map(cell);
  return [...COLUMNS.slice(1, first).map(cell), make("td", { role: "cell", colspan: after - first, "data-head": "Could not be read" }, make("span", { class: "value why" }, site.why)), ...COLUMNS.slice(after).map(cell)];
}

function siteRows(site) {
  const id = `details-${report.sites.indexOf(site)}`, open = opened.has(site);
  const holder = make("tr", { class: "details", id, role: "row", hidden: !open },
    make("td", { role: "cell", colspan: COLUMNS.length }, open ? details(site) : null));
  const button = make("button", { type: "button", class: "site", "aria-expanded": String(open), "aria-controls": id },
    make("span", { class: "turn", "aria-hidden": "true" }), make("span", { class: "site-name" }, named(site.name)));
  button.addEventListener("click", () => toggle(button, holder, site));
  const row = make("tr", { role: "row", class: "one" }, make("th", { scope: "row", role: "rowheader" }, button), cellsOf(site));
  return [row, holder];
}

function show() {
  const chosen = sorted(report.sites.filter(wanted));
  byId("rows").replaceChildren(...chosen.flatMap(siteRows));
  byId("count").textContent = report.sites.length ? `${number(chosen.length)} of ${count(report.sites.length, "site")} shown` : "";
  byId("scroll").hidden = !chosen.length;
  byId("empty").hidden = chosen.length > 0;
  byId("empty").textContent = report.sites.length ? "No sites match this filter." : "No site was found on any bench.";
  for (const head of byId("heads").children) {
    const mine = head.dataset.column === order.column;
    if (mine) head.setAttribute("aria-sort", order.down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
  byId("sort").value = `${order.column}${order.down ? ":down" : ""}`;
  for (const button of document.querySelectorAll("button.rule")) button.setAttribute("aria-pressed", String(button.dataset.rule === byId("finding").value));
}

function sortBy(column) {
  order.down = order.column === column ? !order.down : false;
  order.column = column;
  show();
}

function chooseRule(rule) {
  const select = byId("finding");
  select.value = select.value === rule ? "" : rule;
  show();
}

// ---------------------------------------------------------------- sections of the page
function summary() {
  const sum = report.summary;
  const cells = [["Sites", sum.sites, `on ${count(sum.benches, "bench", "benches")}`], ["With findings", sum.with_findings, sum.with_findings ? "see the rules below" : "none"],
    ["With drift", sum.drifting, sum.drift_unknown ? `${number(sum.drift_unknown)} unknown` : "from the inventory"], ["Not fully verified", sum.unverified, "never verified, partly verified or failed"],
    ["Could not be read", sum.unreadable, sum.unreadable ? "see the site's row" : "all sites were read"], ["Active tokens", sum.live_tokens, "not expired, not revoked"]];
  byId("summary").replaceChildren(...cells.map(([name, value, more]) => make("div", {}, make("dt", {}, name), make("dd", { class: "figure" }, number(value)), make("dd", { class: "soft" }, more))));
}

function faults() {
  const bad = report.benches.filter((bench) => bench.fault || bench.drift.length);
  byId("faults").hidden = !bad.length;
  if (!bad.some((bench) => bench.fault)) byId("faults-title").textContent = "Drift that affects whole benches";
  byId("faults-list").replaceChildren(...bad.map((bench) => make("div", {}, bench.fault ? make("p", { class: "alert" }, make("strong", {}, bench.name), ": ", bench.fault) : null,
    bench.drift.length ? list(`${bench.name}: what the next run would change for all its sites`, ["Object", "Field", "Current", "After site.yml"], driftRows(bench.drift)) : null)));
}

function notices() {
  const rules = report.rules.filter((entry) => entry.severity === "notice");
  byId("notices").replaceChildren(rules.length ? list("Behavior of Frappe, by rule", ["Rule", "Sites", "What to do"], rules.map((entry) =>
    [[mark("notice", entry.rule), make("span", { class: "line soft" }, entry.source)], entry.sites === report.sites.length ? "all" : number(entry.sites), entry.remedy])) : words("None found."));
}

function choices() {
  const option = (value, text) => make("option", { value }, text);
  byId("bench").replaceChildren(option("", "all"), ...report.benches.map((bench, at) => option(at, bench.name)));
  const severities = [...new Set(report.rules.map((entry) => entry.severity))];
  byId("finding").replaceChildren(option("", "all sites"), ...severities.map((severity) => make("optgroup", { label: severity },
    option(`severity:${severity}`, `severity: ${severity}`), report.rules.filter((entry) => entry.severity === severity).map((entry) => option(entry.rule, entry.rule)))));
  byId("sort").replaceChildren(...COLUMNS.flatMap(([name, head]) => [option(name, `${head}, ascending`), option(`${name}:down`, `${head}, descending`)]));
  byId("heads").replaceChildren(...COLUMNS.map(([name, head, , , kind]) => make("th", { scope: "col", role: "columnheader", "data-column": name, class: kind },
    make("button", { type: "button", class: "head-button", onclick: () => sortBy(name) }, head, make("span", { class: "arrow", "aria-hidden": "true" })))));
}

// ---------------------------------------------------------------- light and dark
const dark = window.matchMedia("(prefers-color-scheme: dark)");
function theme(next) {
  if (next) document.documentElement.dataset.theme = next;
  const now = document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");
  byId("theme").textContent = now === "dark" ? "Light" : "Dark";
  byId("theme").setAttribute("aria-label", `Show the page in ${now === "dark" ? "light" : "dark"} colors`);
  return now;
}

function start() {
  byId("title").textContent = `OAuth audit: ${report.environment}`;
  byId("when").textContent = `Read on ${moment(report.generated_at)}. Nothing was written on any bench.`;
  byId("foot").textContent = report.exceptions.length ? `Accepted rules (oauth2_policy_exceptions), which are not reported: ${report.exceptions.join(", ")}.` : "No rule is listed in oauth2_policy_exceptions.";
  theme();
  dark.addEventListener("change", () => theme());
  byId("theme").addEventListener("click", () => theme(theme() === "dark" ? "light" : "dark"));
  summary();
  faults();
  byId("issued").append(issued(report.tokens_by_day));
  window.matchMedia("(max-width: 699px)").addEventListener("change", () => byId("issued").replaceChildren(issued(report.tokens_by_day)));
  byId("rules").append(ruleBars(report.rules.filter((entry) => entry.severity !== "notice"), report.sites.length, chooseRule));
  notices();
  choices();
  byId("filters").addEventListener("input", (event) => {
    if (event.target.id === "sort") {
      const [column, down] = event.target.value.split(":");
      Object.assign(order, { column, down: down === "down" });
    }
    show();
  });
  byId("filters").addEventListener("reset", () => setTimeout(show));
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  show();
}

start();
