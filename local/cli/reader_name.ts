/** The person at this machine, for the log of who read personal data. */
import { userInfo } from "node:os";

/** `null` where the system knows no name: then the database role stands in the log. */
export function readerName(): string | null {
  try {
    return userInfo().username || null;
  } catch {
    return null;
  }
}
