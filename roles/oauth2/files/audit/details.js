"use strict";
// The details of a site, which a click on its name shows.

const STEP_NAMES = { site_config: "Configuration", clients: "OAuth client", api_keys: "API keys", tokens: "Tokens", edge: "nginx" };
const lines = (texts) => texts.map((text) => make("span", { class: "line" }, text));
const block = (title, ...content) => make("section", { class: "block" }, make("h3", {}, title), content);
const words = (text) => make("p", { class: "soft" }, text);

function findingsBlock(site) {
  if (!site.readable) return block("Findings", words("Unknown: the site could not be read."));
  if (!site.findings.length) return block("Findings", words("None."));
  return block("Findings", list("Rules that this site breaks", ["Rule", "Where", "Found", "What to do"],
    site.findings.map((row) => [[mark(row.severity, row.rule), make("span", { class: "line soft" }, row.source)], row.field, row.found, row.remedy])));
}

function driftRows(drift) {
  return drift.flatMap((row) => (row.fields.length ? row.fields : [{ field: "", before: "", after: "" }]).map((field) => [
    [STEP_NAMES[row.step] || row.step, make("span", { class: "line soft" }, `${row.what ? row.what + ": " : ""}${row.action}`)],
    field.field, lines(field.before ? field.before.split("\n") : ["(not set)"]), lines(field.after ? field.after.split("\n") : ["(not set)"])]));
}

function driftBlock(site) {
  const parts = [];
  if (site.drift_unknown) parts.push(make("p", { class: "alert" }, site.drift.length ? "Drift is only partly known: " : "Drift is unknown: ", site.drift_unknown));
  if (site.drift.length) parts.push(list("What the next run of site.yml would change", ["Object", "Field", "Current", "After site.yml"], driftRows(site.drift)));
  else if (!site.managed && !site.drift_unknown) parts.push(words("This site is not managed."));
  else if (!site.drift_unknown) parts.push(words("None: the site matches the inventory."));
  return block("Drift from the inventory", parts);
}

function corsWords(cors) {
  if (cors.nginx === "as declared") return ["nginx allows exactly the declared origins:", cors.declared];
  if (cors.nginx === "differs") return ["The CORS configuration of nginx differs from the declaration (see Drift). Declared origins:", cors.declared || []];
  if (cors.nginx === "absent") return ["The declared CORS origins are not yet configured in nginx:", cors.declared];
  if (cors.frappe === null) return ["Neither Frappe nor this collection's nginx configuration allows cross-origin access. Other nginx files were not checked.", []];
  return ["Frappe sends CORS headers (allow_cors) for:", [cors.frappe].flat().map(String)];
}

function corsBlock(site) {
  if (!site.readable) return null;
  const [text, origins] = corsWords(site.cors);
  return block("CORS", words(text), origins.length ? make("ul", { class: "plain" }, origins.map((origin) => make("li", {}, make("code", {}, origin)))) : null,
    site.cors.nginx && origins.length === 0 ? words("None. Browsers block responses to every origin except the site's own.") : null);
}

// fields that only newer versions of Frappe have; the others have columns of their own
const NEWER_FIELDS = { token_endpoint_auth_method: "Authentication", client_uri: "Home page", logo_uri: "Logo", tos_uri: "Terms", policy_uri: "Privacy policy",
  software_id: "Software", software_version: "Version", contacts: "Contacts" };
const newerFields = (client) => Object.entries(NEWER_FIELDS).map(([field, label]) => [label, [client[field] || []].flat().join(", ")])
  .filter(([, value]) => value).map(([label, value]) => make("span", { class: "line soft" }, `${label}: ${value}`));

function clientsBlock(site) {
  if (site.clients === null) return null;
  if (!site.clients.length) return block("OAuth clients", words("None."));
  return block("OAuth clients", list("OAuth clients of the site", ["App", "Redirect URIs", "Scopes", "Roles"], site.clients.map((client) => [
    [client.app_name, make("code", { class: "line soft" }, client.client_id), client.skip_authorization ? make("span", { class: "line" }, mark("warning", "skips consent")) : null, newerFields(client)],
    lines(client.redirect_uris), client.scopes.join(" "), client.allowed_roles && client.allowed_roles.length ? client.allowed_roles.join(", ") : "all roles"])));
}

function tokensBlock(site) {
  const tokens = site.tokens;
  if (!tokens) return null;
  if (!tokens.by_client.length) return block("Tokens", words("None."));
  const cells = (row) => [number(row.active), number(row.refreshable), number(row.expired), number(row.revoked), (row.newest || "").slice(0, 16)];
  return block("Tokens", list("Tokens by client (times in the site's time zone)", ["Client", "Active", "Refreshable", "Expired", "Revoked", "Newest"], tokens.by_client.map((row) => [
    row.known ? row.app_name || row.client_id : [row.client_id || "(no client id)", " ", mark("warning", "client deleted")], ...cells(row)])),
  tokens.disabled_users.length ? make("p", { class: "alert" }, "Live tokens of disabled or deleted users: ",
    tokens.disabled_users.map((row) => `${row.user} (${row.tokens})`).join(", ")) : null,
  issued(tokens.by_day, false));
}

function keysBlock(site) {
  if (site.keys === null) return null;
  if (!site.keys.length) return block("API keys", words("No user has an API key."));
  return block("API keys", list("Users that have an API key", ["User", "User type", "Key status"], site.keys.map((key) => [key.user, key.user_type,
    !key.has_secret ? mark("none", "no secret, unusable") : key.enabled ? mark("good", "user enabled") : mark("warning", "user disabled")])));
}

function settingsBlock(site) {
  const keys = Object.entries(site.config);
  if (!keys.length) return null;
  return block("Security-relevant configuration", list("Keys that affect CORS or security", ["Key", "Value", "File"],
    keys.map(([key, held]) => [make("code", {}, key), make("code", {}, JSON.stringify(held.value)), held.file])));
}

function verificationBlock(site) {
  const verification = site.verification;
  if (!verification) return block("Last verification", words("This site was never verified with oauth2_report_dir set. Set it, and run verify.yml."));
  const verdicts = { passed: "good", noticed: "notice", failed: "bad", not_run: "none" };
  return block("Last verification", words(`${moment(verification.at)}, ${age(site.verified_days_ago)}`), verification.clients.map((client) => {
    const notable = client.steps.filter((step) => step.verdict === "failed" || step.verdict === "not_run");
    const passed = client.steps.length - notable.length;
    return make("div", {}, make("p", {}, make("strong", {}, client.app_name || client.client_id || "(unknown client)"), ` at ${client.url || "(unknown URL)"}: `,
      client.msg || `${passed} of ${count(client.steps.length, "step")} passed`),
    notable.length ? list("Steps that failed or were not run", ["Step", "Verdict", "Found", "What to do"], notable.map((step) =>
      [step.name, mark(verdicts[step.verdict], step.verdict.replace("_", " ")), [step.found, step.reason].filter(Boolean).join(" "), step.remedy])) : null);
  }));
}

function factsBlock(site) {
  const facts = [["Bench", site.bench], ["Address", site.url], ["Host names", site.domains.join(", ")], ["Frappe", site.frappe_version],
    ["Apps", Object.entries(site.apps).map(([app, version]) => `${app} ${version}`.trim()).join(", ")]];
  return block("Site", make("dl", { class: "facts" }, facts.filter(([, value]) => value).map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])));
}

function details(site) {
  return [site.readable ? null : make("p", { class: "alert" }, "The site could not be read: ", site.why),
    findingsBlock(site), driftBlock(site), verificationBlock(site), clientsBlock(site), corsBlock(site), keysBlock(site), tokensBlock(site), settingsBlock(site), factsBlock(site)].filter(Boolean);
}
