// A browser-only app. It signs in with the authorization code flow and PKCE (RFC 7636), has no secret, and sends its
// token, never a cookie. It writes the completed steps to the page.
"use strict";

const OAUTH = "/api/method/frappe.integrations.oauth2.";
const HOME = "/api/method/demo_crm.api.home_tasks?limit=2";
const REDIRECT = `${location.origin}/`;

const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

// Redirects to the site, which redirects back with a code.
async function signIn(site, clientId) {
  const verifier = random();
  const state = random();
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  sessionStorage.setItem("signIn", JSON.stringify({ site, clientId, verifier, state }));
  const asked = new URLSearchParams({
    client_id: clientId,
    redirect_uri: REDIRECT,
    response_type: "code",
    scope: "all openid",
    state,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: "S256",
  });
  location.assign(`${site}${OAUTH}authorize?${asked}`);
}

async function askForToken(site, clientId, grant) {
  const body = new URLSearchParams({ client_id: clientId, redirect_uri: REDIRECT, ...grant });
  const reply = await fetch(`${site}${OAUTH}get_token`, { method: "POST", body, credentials: "omit" });
  return reply.json();
}

async function home(site, token) {
  const headers = { Authorization: `Bearer ${token}` };
  const reply = await fetch(`${site}${HOME}`, { headers, credentials: "omit" });
  return { status: reply.status, body: await reply.json() };
}

async function comeBack(query) {
  const result = { steps: [] };
  try {
    const { site, clientId, verifier, state } = JSON.parse(sessionStorage.getItem("signIn"));
    if (query.get("state") !== state) throw new Error("the returned state differs from the one that was sent");
    result.steps.push("code");
    const grant = { grant_type: "authorization_code", code: query.get("code"), code_verifier: verifier };
    const first = await askForToken(site, clientId, grant);
    result.steps.push("token");
    result.home = await home(site, first.access_token);
    result.steps.push("api");
    const again = { grant_type: "refresh_token", refresh_token: first.refresh_token };
    const second = await askForToken(site, clientId, again);
    result.refreshed = second.access_token !== first.access_token;
    result.steps.push("refresh");
    sessionStorage.setItem("token", second.access_token);
    result.homeAgain = await home(site, second.access_token);
    result.steps.push("api again");
  } catch (error) {
    result.error = String(error);
  }
  document.getElementById("result").textContent = JSON.stringify(result);
}

// Fetches a URL. Returns the status if the browser lets the page read the response, otherwise the error.
async function attempt(url, options) {
  try {
    return (await fetch(url, options)).status;
  } catch (error) {
    return String(error);
  }
}

const query = new URLSearchParams(location.search);
if (query.has("code")) comeBack(query);
