/** The frame of every simulator's `/control`: checked callers and bodies, errors with a reason. */
import { type Handler, Hono } from "hono";
import * as z from "zod";
import { describeIssues } from "../../shared/values/zod_messages.ts";

export class BadControlRequest extends Error {}

/** An empty body counts as `{}`. @throws {BadControlRequest} */
export async function parse<T extends z.ZodType>(schema: T, request: Request): Promise<z.infer<T>> {
  let json: unknown;
  try {
    json = JSON.parse(await request.text() || "{}");
  } catch {
    throw new BadControlRequest("The body is not JSON.");
  }
  const { success, data, error } = schema.safeParse(json);
  if (!success) throw new BadControlRequest(describeIssues(error.issues, "body"));
  return data;
}

/** The value without its `undefined` entries, which options with exact types do not accept. */
export function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(value).filter(([, entry]) => entry !== undefined),
  ) as never;
}

export function countBy(values: number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Values of `Sec-Fetch-Site` for a page of the stack itself and for an address that a person typed. */
const OWN_PAGES = ["same-origin", "none"];

/**
 * Whether a browser sends the request for a page of another site or port. `Sec-Fetch-Site` decides where
 * there is one: the form of a page without referrers has the origin "null", also at its own site.
 */
export function isCrossSite({ headers, url }: Request): boolean {
  const [site, origin] = [headers.get("sec-fetch-site"), headers.get("origin")];
  if (site !== null) return !OWN_PAGES.includes(site);
  return origin !== null && origin !== new URL(url).origin;
}

/** Whether there is a body that is not declared as JSON: a page sends such a one without asking first. */
function hasOtherBody({ headers }: Request): boolean {
  const type = headers.get("content-type");
  const hasBody = (headers.get("content-length") ?? "0") !== "0" ||
    headers.has("transfer-encoding");
  if (type === null) return hasBody;
  return !/^application\/json\s*(;|$)/i.test(type);
}

/** An app for terminals and own pages. It answers a bad request with 400 and the reason. */
export function controlApp(): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    if (isCrossSite(c.req.raw)) {
      return c.json({ error: "A page of another site may not use /control." }, 403);
    }
    if (hasOtherBody(c.req.raw)) {
      return c.json({ error: "Send JSON: content-type: application/json (curl --json)." }, 415);
    }
    return await next();
  });
  app.onError((error, c) => {
    if (error instanceof BadControlRequest) return c.json({ error: error.message }, 400);
    throw error;
  });
  return app;
}

/**
 * Answers what no route of `/control` takes. It is the last of the routes.
 * @param help The commands that `GET /control` lists: `POST /control/faults`.
 */
export function unknownCommand(help: Record<string, string>): Handler {
  const commands = Object.keys(help).filter((command) => command.includes(" /control"));
  return (c) => {
    const path = c.req.path.replace(/^.*?\/control/, "/control");
    return c.json({ error: `There is no ${c.req.method} ${path}.`, commands }, 404);
  };
}
