/** `/control/faults` of every simulator. */
import type { Hono } from "hono";
import * as z from "zod";
import { controlApp, defined, parse } from "./control.ts";
import type { Fault, Faults } from "./faults.ts";

/** Faults whose effect is a wait. */
const WAITS = ["delay", "late"];

/** The kinds of faults, with what their names do not say. */
const FAULT_KINDS = {
  internal: "",
  rate_limit: "",
  refused: "the caller's error, quoting a name",
  expired: "of the access token",
  html: "a proxy's 503",
  hang: "no answer",
  delay: "executed after delay_ms",
  late: "executed, answered after delay_ms",
  lost: "executed, answered 504",
  not_json: "executed, answered with a page",
  truncated: "executed, answered with half of the body",
} satisfies Record<Fault["kind"], string>;

interface FaultOptions {
  /** Whether access tokens can expire. @default {false} */
  hasAccessTokens?: boolean;
}

function faultKinds({ hasAccessTokens = false }: FaultOptions): Fault["kind"][] {
  const kinds = Object.keys(FAULT_KINDS) as Fault["kind"][];
  return kinds.filter((kind) => hasAccessTokens || kind !== "expired");
}

function faultBody(options: FaultOptions) {
  return z.strictObject({
    method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]).optional(),
    path: z.string().optional(),
    kind: z.enum(faultKinds(options)),
    delay_ms: z.int().positive().optional(),
    count: z.int().positive().optional(),
    seconds: z.int().min(1).max(86_400).optional(),
    probability: z.number().min(0).max(1).optional(),
  }).refine(({ kind, delay_ms }) => !WAITS.includes(kind) || delay_ms !== undefined, {
    path: ["delay_ms"],
    message: "a number of milliseconds for the kinds delay and late, but it is missing",
  });
}

/** The lines of `GET /control` about `/faults`. */
export function faultsHelp(options: FaultOptions = {}) {
  const kinds = faultKinds(options).map((kind) =>
    FAULT_KINDS[kind] === "" ? kind : `${kind} (${FAULT_KINDS[kind]})`
  );
  return {
    "POST /control/faults":
      "{kind, method?, path?, delay_ms?, count?, seconds?, probability?}: make calls fail. kind: " +
      kinds.join(", "),
    "GET /control/faults": "the faults that are in force, and how long they last",
    "DELETE /control/faults": "remove all faults",
  };
}

/** The routes of `/faults`. */
export function faultRoutes(faults: Faults, options: FaultOptions = {}): Hono {
  const app = controlApp();
  const FaultBody = faultBody(options);
  app.post("/", async (c) => {
    const { delay_ms, seconds, ...fault } = await parse(FaultBody, c.req.raw);
    const forMs = seconds && seconds * 1000;
    faults.add({ ...defined({ ...fault, delayMs: delay_ms, forMs }) });
    return c.json({ added: fault.kind }, 201);
  });
  app.get("/", (c) =>
    c.json({
      faults: faults.current().map(({ kind, method, count, endsAt, path }) => ({
        kind,
        method,
        path: path === undefined ? undefined : String(path),
        count,
        ends_at: endsAt === undefined ? undefined : new Date(endsAt).toISOString(),
      })),
    }));
  app.delete("/", (c) => {
    faults.clear();
    return c.body(null, 204);
  });
  return app;
}
