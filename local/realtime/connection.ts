/** One client's websocket: its channels, its heartbeats, and the limit of what waits for it. */
import { Channel, ChannelError, type Outcome } from "./channel.ts";
import {
  type Broadcast,
  decodeFrame,
  encodeBroadcast,
  encodeFrame,
  type Frame,
  FrameError,
  type ProtocolVersion,
  type WireData,
} from "./frames.ts";
import { identify, type Identity, IdentityError } from "./identity.ts";
import { readJoinPayload } from "./join_payload.ts";
import type { Services } from "./services.ts";
import { ReplicationUnavailableError } from "./slot.ts";

/** The websocket, as far as it is used. */
export interface Wire {
  send(data: WireData): void;
  close(code: number, reason: string): void;
  /** Bytes that the client has not taken yet. */
  readonly bufferedAmount: number;
}

/** Above it, the client is too slow: it is disconnected, and reads again when it is back. */
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;
/** As on Supabase. */
const MAX_CHANNELS = 100;
const MAX_WAITING_MESSAGES = 1000;
/** Clients send a heartbeat every 25 s. */
const SILENCE_MS = 60_000;
const PREFIX = "realtime:";

const TOO_SLOW = 1013;
const INTERNAL_ERROR = 1011;
const SILENT = 1001;
const NOT_OUR_PROTOCOL = 1003;
const TOO_MANY_MESSAGES = 1008;

interface Joined {
  joinRef: string | null;
  channel: Channel;
}

export class Connection {
  readonly #services: Services;
  readonly #wire: Wire;
  readonly #version: ProtocolVersion;
  readonly #identity: Identity;
  readonly #onError: (error: unknown) => void;
  readonly #channels = new Map<string, Joined>();
  #work: Promise<void> = Promise.resolve();
  #waiting = 0;
  #lastSeen: number;
  #isOpen = true;

  /** @param options.identity Of the API key; channels without a token of their own have it. */
  constructor(
    services: Services,
    options: {
      wire: Wire;
      version: ProtocolVersion;
      identity: Identity;
      onError: (error: unknown) => void;
    },
  ) {
    this.#services = services;
    this.#wire = options.wire;
    this.#version = options.version;
    this.#identity = options.identity;
    this.#onError = options.onError;
    this.#lastSeen = services.now();
  }

  /** Messages take effect one after the other; the result is when this one has. */
  receive(data: string | ArrayBuffer): Promise<void> {
    this.#lastSeen = this.#services.now();
    let frame: Frame;
    try {
      frame = decodeFrame(data, this.#version);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.close(NOT_OUR_PROTOCOL, error.message);
      return Promise.resolve();
    }
    if (frame.topic === "phoenix") {
      this.#reply(frame, { status: "ok" });
      return Promise.resolve();
    }
    if (++this.#waiting > MAX_WAITING_MESSAGES) {
      this.close(TOO_MANY_MESSAGES, "too many messages at once");
      return Promise.resolve();
    }
    return this.#work = this.#work
      .then(() => this.#isOpen ? this.#handle(frame) : undefined)
      .catch((error) => {
        this.#onError(error);
        this.close(INTERNAL_ERROR, "the message could not be processed");
      })
      .finally(() => this.#waiting--);
  }

  /** Ends channels whose token has expired, and a connection whose client has gone. */
  tick(now: number): void {
    if (now - this.#lastSeen > SILENCE_MS) return this.close(SILENT, "no heartbeat");
    for (const { channel } of [...this.#channels.values()]) channel.checkExpiry(now);
  }

  close(code: number, reason: string): void {
    if (!this.#isOpen) return;
    this.#wire.close(code, reason);
    this.end();
  }

  /** The websocket was closed. */
  end(): void {
    this.#isOpen = false;
    for (const { channel } of this.#channels.values()) channel.leave();
    this.#channels.clear();
  }

  async #handle(frame: Frame): Promise<void> {
    if (frame.event === "phx_join") return await this.#join(frame);
    const joined = this.#channels.get(frame.topic);
    if (joined === undefined) {
      return this.#reply(frame, { status: "error", response: { reason: "unmatched topic" } });
    }
    // A message of an earlier join of the same topic.
    if (frame.joinRef !== null && frame.joinRef !== joined.joinRef) return;
    if (frame.event === "phx_leave") {
      this.#channels.delete(frame.topic);
      joined.channel.leave();
      this.#reply(frame, { status: "ok" });
      return this.#send(frame.topic, joined.joinRef, "phx_close", "{}");
    }
    const { channel } = joined;
    if (frame.event === "broadcast") {
      this.#reply(frame, await channel.send(frame.payload as Broadcast | undefined));
    } else if (frame.event === "presence") {
      this.#reply(frame, await channel.changePresence(frame.payload));
    } else if (frame.event === "access_token") {
      const { access_token } = (frame.payload ?? {}) as Record<string, unknown>;
      await channel.refresh(access_token);
    }
  }

  async #join(frame: Frame): Promise<void> {
    const { topic, joinRef } = frame;
    const earlier = this.#channels.get(topic);
    if (earlier) {
      this.#channels.delete(topic);
      earlier.channel.leave();
      this.#send(topic, earlier.joinRef, "phx_close", "{}");
    }
    try {
      const channel = this.#createChannel(frame);
      const { postgresChanges } = readJoinPayload(frame.payload);
      await channel.open(() => {
        this.#channels.set(topic, { joinRef, channel });
        const postgres_changes = postgresChanges.map((entry, index) => ({
          ...entry,
          id: index + 1,
        }));
        this.#reply(frame, { status: "ok", response: { postgres_changes } });
      });
      if (!this.#isOpen) channel.leave();
    } catch (error) {
      const isRefusal = error instanceof ChannelError || error instanceof IdentityError ||
        error instanceof ReplicationUnavailableError;
      // After the reply the client would miss what it was promised: it has to join again.
      if (!isRefusal && this.#channels.has(topic)) throw error;
      if (!isRefusal) this.#onError(error);
      const reason = isRefusal
        ? error.message
        : "UnknownErrorOnChannel: the join failed; try again";
      this.#reply(frame, { status: "error", response: { reason } });
    }
  }

  /** @throws {ChannelError} @throws {IdentityError} */
  #createChannel({ topic, joinRef, payload }: Frame): Channel {
    const name = topic.slice(PREFIX.length);
    if (!topic.startsWith(PREFIX) || name === "") {
      throw new ChannelError("TopicNameRequired: You must provide a topic name");
    }
    if (this.#channels.size >= MAX_CHANNELS) {
      throw new ChannelError("ChannelRateLimitReached: Too many channels");
    }
    const join = readJoinPayload(payload);
    const identity = join.token === undefined || join.token.startsWith("sb_")
      ? this.#identity
      : identify(join.token, this.#services.jwtCheck, this.#services.now());
    const output = {
      push: (event: string, text: string) => this.#send(topic, joinRef, event, text),
      pushBroadcast: (broadcast: Broadcast) => {
        const data = encodeBroadcast(this.#version, topic, broadcast);
        if (data !== undefined) this.#write(data);
      },
      close: () => {
        this.#channels.delete(topic);
        this.#send(topic, joinRef, "phx_close", "{}");
      },
    };
    return new Channel(this.#services, { name, join, identity, output });
  }

  #reply({ joinRef, ref, topic }: Frame, outcome: Outcome): void {
    if (outcome === undefined || ref === null) return;
    const payload = JSON.stringify({ status: outcome.status, response: outcome.response ?? {} });
    this.#write(encodeFrame(this.#version, { joinRef, ref, topic, event: "phx_reply", payload }));
  }

  #send(topic: string, joinRef: string | null, event: string, payload: string): void {
    this.#write(encodeFrame(this.#version, { joinRef, ref: null, topic, event, payload }));
  }

  #write(data: WireData): void {
    if (!this.#isOpen) return;
    this.#wire.send(data);
    if (this.#wire.bufferedAmount > MAX_BUFFERED_BYTES) {
      this.close(TOO_SLOW, "the client is too slow; read again after reconnecting");
    }
  }
}
