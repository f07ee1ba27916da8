/** The id of a request: the caller's, the platform's or one of our own. */

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * In this order; only UUIDs count, for another text may be a key or an address that was sent by mistake.
 * `sb-request-id` is the id that the platform's gateway gives each request.
 */
const HEADERS = ["x-request-id", "sb-request-id"];

export function requestIdOf(headers: Headers): string {
  const ids = HEADERS.map((name) => headers.get(name) ?? "");
  return (ids.find((id) => UUID.test(id)) ?? crypto.randomUUID()).toLowerCase();
}
