/** Digest of the statement of a webhook: two bodies with one event id are one event only if they state the same. */
import { sha256Hex } from "../crypto/digests.ts";
import { canonicalJson } from "../values/canonical_json.ts";

/** @param perDelivery Members of the body that differ between deliveries of one event. */
export function contentDigest(json: object, perDelivery: readonly string[]): string {
  const content = Object.entries(json).filter(([name]) => !perDelivery.includes(name));
  return sha256Hex(canonicalJson(Object.fromEntries(content)));
}
