/** Builds the function that receives a vendor's signed webhooks: read, verify, parse, store, answer. */
import type { Hono } from "hono";
import { eventFields } from "../inbox/event_fields.ts";
import { type EventSource, InvalidWebhookError, type NewEvent } from "../inbox/new_event.ts";
import type { OpenInbox } from "../inbox/open_inbox.ts";
import { createWakeUps } from "../inbox/wake_ups.ts";
import type { WakeWorker } from "../inbox/wake_worker.ts";
import { log } from "../log.ts";
import { LoggableError } from "../loggable_error.ts";
import { type AppEnv, createApp } from "./app.ts";
import { Problem } from "./problem.ts";
import { problemOf } from "./problem_table.ts";
import { BODY_PROBLEMS, readBody } from "./read_body.ts";

/** The response to a wrong signature. */
export interface WebhookRefusal {
  status: 400 | 403;
  detail: string;
  /** The header that has the signature, as the vendor writes it. */
  header: string;
}

export interface SignedWebhookOptions {
  /** Name of the function. */
  name: string;
  source: EventSource;
  /** Whether the vendor signed exactly these bytes; `signature` is what the header of `refusal` has. */
  verify(body: Uint8Array<ArrayBuffer>, signature: string): boolean;
  /** The response to a wrong signature. Vendors differ in which status they treat as "received". */
  refusal: WebhookRefusal;
  /** @throws {InvalidWebhookError} */
  parse(text: string): Omit<NewEvent, "source" | "body">;
  receive: OpenInbox["receive"];
  /** Starts the processing of stored events. */
  wakeWorker: WakeWorker;
  /** TikTok gives up after 3 s and sends again: a slow database must fail before that. @default {2500} */
  storeWithinMs?: number;
  /** Delay of the wake-up for webhooks whose storing gave no answer. @default {2000} */
  wakeAfterMs?: number;
}

/** Problems of every webhook; each function adds its refusal of a wrong signature. */
export const WEBHOOK_PROBLEMS = {
  invalid_webhook: { status: 400, detail: "The body is not a webhook of this vendor." },
  not_stored: {
    status: 503,
    detail: "The webhook could not be stored. Please send it again.",
  },
  ...BODY_PROBLEMS,
} as const;

/** No `callers`: anyone may call, and the route refuses a request without a valid signature. */
export function signedWebhook(options: SignedWebhookOptions): Hono<AppEnv> {
  const { name, source, refusal, parse, receive, wakeWorker } = options;
  const { storeWithinMs = 2500, wakeAfterMs = 2000 } = options;
  const wake = createWakeUps(wakeWorker, wakeAfterMs);
  const app = createApp(name, { callers: [] });

  app.post("/", async (c) => {
    const bytes = await readBody(c.req.raw);
    refuseUnsigned(bytes, c.req.header(refusal.header), options);
    const body = decodeUtf8(bytes);
    const event = { source, body, ...parseOrRefuse(parse, body) };

    const storing = receive(event);
    const { eventId, duplicate, due } = await inTime(storing, storeWithinMs).catch((error) => {
      wake.afterRefusal(storing);
      throw problemOf(WEBHOOK_PROBLEMS, "not_stored", { cause: error });
    });
    log.info("webhook received", {
      event_id: eventId,
      ...eventFields({
        source,
        event_type: event.eventType,
        shop_id: event.shopId,
        object_id: event.objectId,
      }),
      duplicate,
      ignored: event.ignored,
    });
    if (due) wake.now();
    return c.body(null, 200);
  });

  return app;
}

/** @throws {Problem} for a wrong signature, or none */
function refuseUnsigned(
  body: Uint8Array<ArrayBuffer>,
  signature: string | undefined,
  { verify, refusal: { status, detail, header } }: SignedWebhookOptions,
): void {
  if (signature && verify(body, signature)) return;
  throw new Problem({
    code: "invalid_signature",
    status,
    detail: signature ? detail : `The header ${header}, which has the signature, is missing.`,
  });
}

/** @throws {LoggableError} after `limitMs`, while `storing` goes on */
async function inTime<T>(storing: Promise<T>, limitMs: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new LoggableError("Storing the webhook takes too long")),
    limitMs,
  );
  try {
    return await Promise.race([storing, late]);
  } finally {
    clearTimeout(timer);
  }
}

function invalidWebhook(detail: string): Problem {
  return problemOf(WEBHOOK_PROBLEMS, "invalid_webhook", { detail });
}

/** Keeps a byte order mark, because the signature covers it. @throws {Problem} 400 */
function decodeUtf8(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalidWebhook("The body is not UTF-8.");
  }
}

/** @throws {Problem} 400 */
function parseOrRefuse(parse: SignedWebhookOptions["parse"], text: string) {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof InvalidWebhookError)) throw error;
    throw invalidWebhook(error.message);
  }
}
