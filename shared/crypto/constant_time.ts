/** Compares secrets in constant time: the duration does not show how much of them is equal. */
import { createHash, timingSafeEqual } from "node:crypto";

/** Hashing first makes the lengths equal, so the duration does not show a length either. */
export function equalInConstantTime(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
