/** Who may use the operator's pages: a link that works once becomes a session. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { noStore, type SessionStore } from "./kept_sessions.ts";

/** A link that `task start` prints may wait longer than one that is opened at once. */
const LINK_MS = 12 * 3600_000;
const SESSION_MS = 12 * 3600_000;

/** Wrong links in one minute, after which every link is refused for that minute. */
const MAX_FAILURES = 10;
const WINDOW_MS = 60_000;

export type Redemption =
  | { outcome: "signed_in"; session: string }
  | { outcome: "link_invalid" }
  | { outcome: "too_many_attempts" };

export interface OperatorSessionsOptions {
  secretKey: string;
  /** Milliseconds since 1970. @default {Date.now} */
  now?: () => number;
  /** @default {sessions end with the process} */
  store?: SessionStore;
}

function makeToken(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toHex();
}

function digestOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

export class OperatorSessions {
  readonly #now: () => number;
  readonly #secretKey: string;
  readonly #store: SessionStore;
  /** The end of each link, by its token. */
  readonly #links = new Map<string, number>();
  /** The end of each session, by the digest of its token under the secret key. */
  readonly #sessions: Map<string, number>;
  #failures: number[] = [];

  constructor({ secretKey, now = Date.now, store = noStore }: OperatorSessionsOptions) {
    this.#secretKey = secretKey;
    this.#now = now;
    this.#store = store;
    this.#sessions = store.load();
  }

  #isLive(tokens: Map<string, number>, token: string): boolean {
    const end = tokens.get(token);
    return end !== undefined && end > this.#now();
  }

  /** Another secret key ends every session. */
  #digest(session: string): string {
    return createHmac("sha256", this.#secretKey).update(session).digest("hex");
  }

  #keepSessions(): void {
    for (const [digest, end] of this.#sessions) {
      if (end <= this.#now()) this.#sessions.delete(digest);
    }
    this.#store.save(this.#sessions);
  }

  /** Whether a command of this machine calls, which has read the secret key in the data folder. */
  isSecretKey(key: string | null): boolean {
    return key !== null && timingSafeEqual(digestOf(key), digestOf(this.#secretKey));
  }

  /** The token of a new link. */
  issueLink(lifetimeMs = LINK_MS): string {
    const token = makeToken();
    this.#links.set(token, this.#now() + lifetimeMs);
    return token;
  }

  /** A link works once. */
  redeemLink(token: string): Redemption {
    const now = this.#now();
    this.#failures = this.#failures.filter((time) => time > now - WINDOW_MS);
    if (this.#failures.length >= MAX_FAILURES) return { outcome: "too_many_attempts" };
    const isLive = this.#isLive(this.#links, token);
    this.#links.delete(token);
    if (!isLive) {
      this.#failures.push(now);
      return { outcome: "link_invalid" };
    }
    const session = makeToken();
    this.#sessions.set(this.#digest(session), now + SESSION_MS);
    this.#keepSessions();
    return { outcome: "signed_in", session };
  }

  isSignedIn(session: string | undefined): boolean {
    return session !== undefined && this.#isLive(this.#sessions, this.#digest(session));
  }

  end(session: string | undefined): void {
    if (session !== undefined && this.#sessions.delete(this.#digest(session))) this.#keepSessions();
  }
}
