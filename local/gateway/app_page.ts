/** Stand-in for the app's own page, where TikTok's and Stripe's pages end: finishes an authorization by hand. */
import { escapeHtml } from "../simulators/pages.ts";

const STATUSES: Record<string, string> = {
  confirm: "A seller comes back from TikTok. Nothing is connected yet: sign in, look, confirm.",
  refused: "The seller did not agree.",
  failed: "The shop could not be connected.",
};

const BILLING: Record<string, string> = {
  subscribed: "The seller paid. The plan changes as soon as Stripe's webhook arrives.",
  cancelled: "The seller left the checkout without paying.",
  returned: "The seller comes back from Stripe's portal. The plan may have changed.",
};

const FORM = `<form>
<p>The seller's access token:<br><input name="token" size="80" autocomplete="off" required></p>
<button name="show">Show the shops</button> <button name="confirm" disabled>Connect them</button>
</form>
<pre id="result"></pre>`;

/** Runs in the browser: asks `/complete` for the shops' names, and connects only on the second button. */
const SCRIPT = `
const claim = new URLSearchParams(location.hash.slice(1)).get("claim");
// The claim stays out of the address bar and the history.
history.replaceState(null, "", location.pathname + location.search);
const form = document.querySelector("form");
const result = document.querySelector("#result");
if (claim === null) result.textContent = "The address has no claim after its #.";
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const confirm = event.submitter === form.elements.confirm;
  const response = await fetch(form.dataset.functions + "/tiktok-oauth/complete", {
    method: "POST",
    headers: {
      authorization: "Bearer " + form.elements.token.value.trim(),
      "content-type": "application/json",
    },
    body: JSON.stringify(confirm ? { claim, confirm } : { claim }),
  });
  const answer = await response.json();
  const shops = (answer.shops ?? [])
    .map((shop) => (shop.shop_name ?? "") + " " + (shop.region ?? "") + " " + shop.shop_id);
  form.elements.confirm.disabled = answer.status !== "unconfirmed";
  result.textContent = {
    unconfirmed: "These shops would be connected:\\n" + shops.join("\\n"),
    connected: "The TikTok shop is connected.\\n" + shops.join("\\n"),
  }[answer.status] ?? answer.code + ": " + answer.detail;
});
`;

/** The policy of a page that may only call our functions. */
function contentPolicy(nonce: string, functionsUrl: string): string {
  const origin = functionsUrl.startsWith("/") ? "'self'" : new URL(functionsUrl).origin;
  return `default-src 'none'; script-src 'nonce-${nonce}'; connect-src ${origin}`;
}

/**
 * `GET /app?status=&code=#claim=` from TikTok, `?billing=` from Stripe.
 * @param functionsUrl Where the functions are; a path of this host, or another address.
 */
export function showApp(request: Request, functionsUrl = "/functions/v1"): Response {
  const query = new URL(request.url).searchParams;
  const status = query.get("status") ?? "";
  const lines = [
    "CreatorFlow's app would be here (APP_URL).",
    "",
    STATUSES[status] ?? BILLING[query.get("billing") ?? ""] ?? "The address has no parameters.",
    ...[...query].map(([name, value]) => `${name}: ${value}`),
  ];
  const nonce = crypto.randomUUID();
  const form = FORM.replace("<form>", `<form data-functions="${escapeHtml(functionsUrl)}">`);
  const html = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>CreatorFlow's app</title></head>
<body><pre>${escapeHtml(lines.join("\n"))}</pre>
${status === "confirm" ? `${form}\n<script nonce="${nonce}">${SCRIPT}</script>` : ""}
</body>
</html>
`;
  return new Response(html, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": contentPolicy(nonce, functionsUrl),
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
    },
  });
}
