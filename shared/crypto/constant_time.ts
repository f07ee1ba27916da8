/** Compares secrets without telling by its duration how much of them was right. */
import { createHash, timingSafeEqual } from "node:crypto";

/** Hashing first makes the lengths equal, so that the length leaks nothing either. */
export function equalInConstantTime(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
