/** Stand-in for the app's own page, where TikTok's and Stripe's pages end: shows the parameters as text. */

const STATUSES: Record<string, string> = {
  connected: "The TikTok shop is connected.",
  sign_in: "A seller comes from TikTok's app store. The app would let them sign in, and then\n" +
    'call POST /functions/v1/tiktok-oauth/complete with {"claim": "..."} and their access token.',
  refused: "The seller did not agree.",
  failed: "The shop could not be connected.",
};

const BILLING: Record<string, string> = {
  subscribed: "The seller paid. The plan changes as soon as Stripe's webhook arrives.",
  cancelled: "The seller left the checkout without paying.",
  returned: "The seller comes back from Stripe's portal. The plan may have changed.",
};

/** `GET /app?status=&code=&claim=` from TikTok, `?billing=` from Stripe. */
export function showApp(request: Request): Response {
  const query = new URL(request.url).searchParams;
  const lines = [
    "CreatorFlow's app would be here (APP_URL).",
    "",
    STATUSES[query.get("status") ?? ""] ?? BILLING[query.get("billing") ?? ""] ??
      "The address has no parameters.",
    ...[...query].map(([name, value]) => `${name}: ${value}`),
  ];
  return new Response(lines.join("\n") + "\n", {
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
  });
}
