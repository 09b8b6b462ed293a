// Frappe's own JavaScript client in two releases. The older one sends X-Frappe-Site-Name to every site; both send every
// request with credentials.
import { FrappeApp as Current } from "frappe-js-sdk";
import { FrappeApp as Older } from "frappe-js-sdk-older";

window.sdk = { current: Current, older: Older };
