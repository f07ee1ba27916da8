/** Requests to a deployed backend whose responses prove that our code received them unchanged. */
import Stripe from "stripe";
import { hmacSha256Hex } from "../../shared/crypto/digests.ts";
import { signWebhook } from "../../shared/tiktok/api/signing.ts";
import type { Secrets } from "./secrets_file.ts";

export interface ProbeResult {
  name: string;
  passed: boolean;
  /** The response and, for one that is wrong, its cause. */
  detail: string;
}

interface Expected {
  status: number;
  /** Only our code responds with it. */
  code: string;
}

interface Probe {
  name: string;
  path: string;
  method?: "GET" | "POST";
  headers?: Record<string, string>;
  expected: Expected;
  /** Causes of a response with one of our own codes. */
  causes?: Record<string, string>;
}

const BODY = "{}";
const TIMEOUT_MS = 30_000;

const WRONG_SIGNATURE = (secrets: string, header: string) => ({
  invalid_signature:
    `${secrets} of the project differs from the one here, or the platform removed the header ${header}`,
});

/** A signed body that is not an event: it passes the signature check and is not stored. */
async function webhookProbes(secrets: Secrets): Promise<Probe[]> {
  const { TIKTOK_APP_KEY = "", TIKTOK_APP_SECRET = "", EASYPOST_WEBHOOK_SECRET = "" } = secrets;
  const bytes = new TextEncoder().encode(BODY);
  const app = { appKey: TIKTOK_APP_KEY, appSecret: TIKTOK_APP_SECRET };
  const easypost = hmacSha256Hex(EASYPOST_WEBHOOK_SECRET.normalize("NFKD"), BODY);
  const stripe = await Stripe.webhooks.generateTestHeaderStringAsync({
    payload: BODY,
    secret: (secrets.STRIPE_WEBHOOK_SECRET ?? "").split(",")[0]?.trim() ?? "",
  });
  const expected = { status: 400, code: "invalid_webhook" };
  return [
    {
      name: "tiktok-webhooks, signed {}",
      path: "tiktok-webhooks",
      headers: { authorization: signWebhook(app, bytes) },
      expected,
      causes: WRONG_SIGNATURE("TIKTOK_APP_KEY or TIKTOK_APP_SECRET", "Authorization"),
    },
    {
      name: "stripe-webhooks, signed {}",
      path: "stripe-webhooks",
      headers: { "stripe-signature": stripe },
      expected,
      causes: WRONG_SIGNATURE("STRIPE_WEBHOOK_SECRET", "Stripe-Signature"),
    },
    {
      name: "carrier-webhooks, signed {}",
      path: "carrier-webhooks",
      headers: { "x-hmac-signature": `hmac-sha256-hex=${easypost}` },
      expected,
      causes: WRONG_SIGNATURE("EASYPOST_WEBHOOK_SECRET", "X-Hmac-Signature"),
    },
  ];
}

/** Callers without credentials are refused by our code, not by the gateway. */
function refusalProbes(): Probe[] {
  const unsigned = (path: string, status: number): Probe => ({
    name: `${path}, unsigned`,
    path,
    expected: { status, code: "invalid_signature" },
    causes: { invalid_webhook: "the function accepted a body without a signature" },
  });
  const withoutKey = (path: string): Probe => ({
    name: `${path}, without a key`,
    path,
    expected: { status: 401, code: "secret_key_required" },
  });
  const withoutToken = (path: string, method: "GET" | "POST"): Probe => ({
    name: `${path}, without a token`,
    path,
    method,
    expected: { status: 401, code: "user_required" },
  });
  return [
    unsigned("tiktok-webhooks", 403),
    unsigned("stripe-webhooks", 400),
    unsigned("carrier-webhooks", 403),
    withoutKey("event-worker"),
    withoutKey("tiktok-token-refresh"),
    withoutToken("tiktok-oauth/shops", "GET"),
    withoutToken("shipments/carriers", "GET"),
    withoutToken("billing/checkout", "POST"),
  ];
}

/** The cause of a response that did not come from our code. */
function gatewayCause(status: number): string {
  if (status === 401) return "the gateway refused it: deploy the function with verify_jwt = false";
  if (status === 404) return "the function is not deployed, or the address is wrong";
  if (status >= 500) return "the function did not start: its log names the variable or the module";
  return "another server answered";
}

async function readCode(response: Response): Promise<string | undefined> {
  const text = await response.text();
  try {
    const { code, request_id } = JSON.parse(text);
    // Each problem of ours has both; the gateway's errors do not.
    return typeof request_id === "string" ? code : undefined;
  } catch {
    return undefined;
  }
}

async function runProbe(url: string, probe: Probe, timeoutMs: number): Promise<ProbeResult> {
  const { name, path, method = "POST", headers = {}, expected, causes = {} } = probe;
  const fail = (detail: string) => ({ name, passed: false, detail });
  let response: Response;
  let code: string | undefined;
  try {
    response = await fetch(`${url}/functions/v1/${path}`, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(method === "POST" && { body: BODY }),
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    code = await readCode(response);
  } catch (error) {
    const isLate = (error as Error).name === "TimeoutError";
    return fail(
      `no response${isLate ? ` in ${timeoutMs / 1000} s` : ": the address cannot be reached"}`,
    );
  }
  const { status } = response;
  const received = code === undefined ? `${status}` : `${status} ${code}`;
  if (status === expected.status && code === expected.code) {
    return { name, passed: true, detail: received };
  }
  const cause = code === undefined
    ? gatewayCause(status)
    : causes[code] ?? "see the function's log";
  return fail(`${received} instead of ${expected.status} ${expected.code}: ${cause}`);
}

/**
 * Runs every probe, all at once: a server that does not answer costs the time of one.
 * @param url Of the project, without a path.
 */
export async function runProbes(
  url: string,
  secrets: Secrets,
  { timeoutMs = TIMEOUT_MS }: { timeoutMs?: number } = {},
): Promise<ProbeResult[]> {
  const probes = [...await webhookProbes(secrets), ...refusalProbes()];
  const base = url.replace(/\/+$/, "");
  return await Promise.all(probes.map((probe) => runProbe(base, probe, timeoutMs)));
}

/** Lines for the terminal. */
export function describeProbes(results: ProbeResult[]): string[] {
  const width = Math.max(...results.map(({ name }) => name.length));
  return results.map(({ name, passed, detail }) =>
    `${passed ? "ok    " : "FAILED"}  ${name.padEnd(width)}  ${detail}`
  );
}
