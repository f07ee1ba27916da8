/** One joined channel of a connection. */
import { type Extension, maySend, readableExtensions } from "./authorization.ts";
import { type Broadcast, FrameError } from "./frames.ts";
import { describeExpiry, identify, type Identity, IdentityError } from "./identity.ts";
import type { JoinPayload } from "./join_payload.ts";
import type { Services } from "./services.ts";
import { type Subscriber, SubscriptionError } from "./subscriptions.ts";
import { type Member, topicKey } from "./topics.ts";

/** The join, or the token, was refused; the sentence is for the client, and begins with Realtime's code. */
export class ChannelError extends Error {
  override name = "ChannelError";
}

/** The channel's end of a connection. */
export interface ChannelOutput {
  /** @param payload The text of a JSON value. */
  push(event: string, payload: string): void;
  pushBroadcast(broadcast: Broadcast): void;
  /** The channel was ended by the server. */
  close(): void;
}

export interface ChannelOptions {
  /** The topic without the beginning `realtime:`. */
  name: string;
  join: JoinPayload;
  identity: Identity;
  output: ChannelOutput;
}

export type Outcome = { status: "ok" | "error"; response?: unknown } | undefined;

export class Channel implements Member, Subscriber {
  identity: Identity;
  readonly #name: string;
  readonly #key: string;
  readonly #join: JoinPayload;
  readonly #output: ChannelOutput;
  readonly #services: Services;
  #readable: Extension[] = [];
  /** Answers of the policies on sending; they hold as long as the token. */
  #sendable = new Map<Extension, boolean>();
  #hasPresence: boolean;
  #isOpen = false;

  constructor(services: Services, { name, join, identity, output }: ChannelOptions) {
    this.#services = services;
    this.identity = identity;
    this.#name = name;
    this.#join = join;
    this.#output = output;
    this.#hasPresence = join.hasPresence;
    this.#key = topicKey(name, join.isPrivate);
  }

  /** From here on the channel receives; `announce` is called before the first message. @throws {ChannelError} */
  async open(announce: () => void): Promise<void> {
    const { isPrivate, postgresChanges } = this.#join;
    if (isPrivate || postgresChanges.length > 0) await this.#services.requireReplication();
    await this.#authorize();
    this.#isOpen = true;
    this.#services.topics.add(this.#key, this);
    announce();
    if (postgresChanges.length > 0) await this.#subscribe();
    if (this.#isOpen && this.#hasPresence && this.#reads("presence")) {
      this.#output.push("presence_state", this.#services.presence.describe(this.#key));
    }
  }

  leave(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { topics, presence, subscriptions } = this.#services;
    subscriptions.remove(this);
    topics.remove(this.#key, this);
    presence.untrack(this.#key, this);
  }

  /** Ends the channel with a sentence for the client. */
  shutDown(message: string): void {
    if (!this.#isOpen) return;
    this.#pushSystem("system", "error", message);
    this.leave();
    this.#output.close();
  }

  checkExpiry(now: number): void {
    if (this.identity.expiresAt <= now) this.shutDown(describeExpiry(this.identity, now));
  }

  receiveBroadcast(broadcast: Broadcast): void {
    if (!this.#reads("broadcast") || !this.#isValid()) return;
    try {
      this.#output.pushBroadcast(broadcast);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
    }
  }

  receivePresence(diff: string): void {
    if (this.#reads("presence") && this.#isValid()) this.#output.push("presence_diff", diff);
  }

  receiveChange(ids: number[], data: string): void {
    if (!this.#isValid()) return;
    this.#output.push("postgres_changes", `{"ids":${JSON.stringify(ids)},"data":${data}}`);
  }

  /** A client's broadcast; without the right to send it has no effect, and no answer. */
  async send(broadcast: Broadcast | undefined): Promise<Outcome> {
    if (broadcast === undefined || !await this.#maySend("broadcast")) return undefined;
    const except = this.#join.receivesOwn ? undefined : this;
    this.#services.topics.broadcast(this.#key, broadcast, except);
    return this.#join.acknowledges ? { status: "ok" } : undefined;
  }

  async changePresence(message: unknown): Promise<Outcome> {
    const { event, payload = {} } = (message ?? {}) as Record<string, unknown>;
    const action = String(event).toLowerCase();
    if (action === "untrack") {
      this.#services.presence.untrack(this.#key, this);
      return { status: "ok" };
    }
    if (typeof payload !== "object" || payload === null || Array.isArray(payload)) {
      return { status: "error", response: { reason: "Presence track payload must be a map" } };
    }
    if (action !== "track" || !await this.#maySend("presence")) return { status: "error" };
    this.#hasPresence = true;
    const content = payload as Record<string, unknown>;
    this.#services.presence.track(this.#key, this, this.#join.presenceKey, content);
    return { status: "ok" };
  }

  /** The client's token was replaced; a token that may not read the topic ends the channel. */
  async refresh(token: unknown): Promise<void> {
    if (typeof token !== "string" || token.startsWith("sb_")) return;
    if (token === this.identity.credential) return;
    try {
      this.identity = identify(token, this.#services.jwtCheck, this.#services.now());
      this.#sendable.clear();
      await this.#authorize();
    } catch (error) {
      if (!(error instanceof IdentityError || error instanceof ChannelError)) throw error;
      return this.shutDown(error.message.replace(/^\w+: /, ""));
    }
    if (this.#join.postgresChanges.length > 0) {
      this.#services.subscriptions.remove(this);
      await this.#subscribe();
    }
  }

  async #authorize(): Promise<void> {
    if (!this.#join.isPrivate) return;
    const extensions: Extension[] = this.#hasPresence ? ["broadcast", "presence"] : ["broadcast"];
    const { userPool } = this.#services;
    this.#readable = await readableExtensions(userPool, this.identity, this.#name, extensions);
    if (this.#readable.length > 0) return;
    throw new ChannelError(
      `Unauthorized: You do not have permissions to read from this Channel topic: ${this.#name}`,
    );
  }

  async #subscribe(): Promise<void> {
    try {
      await this.#services.subscriptions.add(this, this.#join.postgresChanges);
    } catch (error) {
      if (!(error instanceof SubscriptionError)) throw error;
      return this.#pushSystem("postgres_changes", "error", error.message);
    }
    // It may have been left meanwhile.
    if (!this.#isOpen) return this.#services.subscriptions.remove(this);
    this.#pushSystem("postgres_changes", "ok", "Subscribed to PostgreSQL");
  }

  #reads(extension: Extension): boolean {
    return !this.#join.isPrivate || this.#readable.includes(extension);
  }

  /** Whether its token still holds. A tick ends the channel soon after. */
  #isValid(): boolean {
    return this.#isOpen && this.identity.expiresAt > this.#services.now();
  }

  async #maySend(extension: Extension): Promise<boolean> {
    if (!this.#join.isPrivate) return true;
    const known = this.#sendable.get(extension);
    if (known !== undefined) return known;
    const may = await maySend(this.#services.userPool, this.identity, this.#name, extension);
    this.#sendable.set(extension, may);
    return may;
  }

  #pushSystem(extension: string, status: "ok" | "error", message: string): void {
    if (!this.#isOpen) return;
    const payload = { extension, status, message, channel: this.#name };
    this.#output.push("system", JSON.stringify(payload));
  }
}
