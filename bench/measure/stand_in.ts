/** A stand-in for Supabase that answers at once: what a function costs, without its database. */
export interface StandIn extends AsyncDisposable {
  url: string;
  /** Whether the next events are duplicates. */
  duplicates: boolean;
}

export const USER_ID = "11111111-1111-4111-8111-111111111111";

const base64Url = (value: object) =>
  btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

/** An access token in the form of Auth's, which the stand-in accepts. */
export const ACCESS_TOKEN = [
  base64Url({ alg: "HS256", typ: "JWT" }),
  base64Url({ sub: USER_ID, role: "authenticated", exp: 4_000_000_000 }),
  "AAAA",
].join(".");

/** What the SQL functions return when nothing is there. */
const ANSWERS: Record<string, unknown> = {
  count_request: { retry_after_seconds: null },
  release_held_events: 0,
  enqueue_label_tasks: 0,
  oldest_open_event_seconds: 0,
  read_health_status: { status: "healthy", version: null },
  claim_tiktok_logins: { expired: 0, logins: [] },
  get_stripe_customer: { email: "ada@example.com", attempt: 0, stripe_customer_id: null },
  list_orders_of_seller: { rows: [], next: null },
};

/** Starts it on a free port of 127.0.0.1. */
export function startStandIn(): StandIn {
  let events = 0;
  const standIn = { duplicates: false };
  const answer = (path: string): unknown => {
    const [, name] = /\/rpc\/(\w+)$/.exec(path) ?? [];
    if (name === "receive_webhook_event") {
      const { duplicates: duplicate } = standIn;
      return { event_id: ++events, duplicate, due: !duplicate };
    }
    if (path === "/auth/v1/user") return { id: USER_ID, role: "authenticated" };
    if (path.endsWith("/jwks.json")) return { keys: [] };
    return name === undefined ? [] : ANSWERS[name] ?? [];
  };
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      await request.body?.cancel();
      const { pathname } = new URL(request.url);
      return pathname.endsWith("/wake")
        ? new Response(null, { status: 202 })
        : Response.json(answer(pathname));
    },
  );
  return Object.assign(standIn, {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  });
}
