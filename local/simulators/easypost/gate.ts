/** What every route of the API needs: the key checked, the body read, a list cut into pages. */
import { EasyPostRefusal, refusals } from "./errors.ts";

/** HTTP Basic, with the key as the user's name and no password. */
export function keyCheck(apiKey: string): (request: Request) => boolean {
  const expected = `Basic ${btoa(`${apiKey}:`)}`;
  return (request) => request.headers.get("authorization") === expected;
}

/** The body of a call, `{}` where there is none. @throws {EasyPostRefusal} */
export async function jsonBody(request: Request): Promise<Record<string, unknown>> {
  const text = await request.text();
  try {
    const json: unknown = JSON.parse(text || "{}");
    if (typeof json === "object" && json !== null) return json as Record<string, unknown>;
  } catch {
    // Answered as what is no object.
  }
  throw refusals.notJson();
}

const MAX_PAGE_SIZE = 100;

/** @param items Oldest first; the page has the newest first. @throws {EasyPostRefusal} */
export function page<T extends { id: string }>(
  items: T[],
  { page_size = "20", before_id }: Record<string, string>,
): { items: T[]; hasMore: boolean } {
  const size = Number(page_size);
  if (!Number.isInteger(size) || size < 1 || size > MAX_PAGE_SIZE) {
    throw new EasyPostRefusal(422, "PARAMETER.INVALID", "The page size is invalid.", [
      { field: "page_size", message: `must be between 1 and ${MAX_PAGE_SIZE}` },
    ]);
  }
  const end = before_id === undefined
    ? items.length
    : items.findIndex(({ id }) => id === before_id);
  const older = items.slice(0, Math.max(end, 0)).reverse();
  return { items: older.slice(0, size), hasMore: older.length > size };
}
