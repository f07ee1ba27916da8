/** Messages of the websocket: Phoenix's two serializers, with the binary broadcasts that Realtime adds. */

export type ProtocolVersion = "1.0.0" | "2.0.0";

export interface Frame {
  joinRef: string | null;
  ref: string | null;
  topic: string;
  event: string;
  payload: unknown;
}

/** A message between clients, or from the database. */
export interface Broadcast {
  event: string;
  /** The text of a JSON value, or bytes. */
  payload: string | Uint8Array<ArrayBuffer>;
  /** Id of the row of `realtime.messages` that it comes from. */
  id?: string;
}

export type WireData = string | Uint8Array<ArrayBuffer>;

const USER_BROADCAST_PUSH = 3;
const USER_BROADCAST = 4;
const JSON_ENCODING = 1;

/** The message is not in the connection's protocol. */
export class FrameError extends Error {
  override name = "FrameError";
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function toRef(value: unknown): string | null {
  return value === undefined || value === null ? null : String(value);
}

/** Kind, five sizes of one byte each, the encoding, and what the sizes are of; the rest is the payload. */
function decodePush(bytes: Uint8Array<ArrayBuffer>): Frame {
  const [kind, joinRefSize, refSize, topicSize, eventSize, metadataSize, encoding] = bytes;
  if (kind !== USER_BROADCAST_PUSH) throw new FrameError(`unknown kind of message: ${kind}`);
  let offset = 7;
  const take = (size = 0) => decoder.decode(bytes.subarray(offset, offset += size));
  const joinRef = take(joinRefSize);
  const ref = take(refSize);
  const topic = take(topicSize);
  const event = take(eventSize);
  take(metadataSize);
  const rest = bytes.slice(offset);
  const payload = encoding === JSON_ENCODING ? decoder.decode(rest) : rest;
  return {
    joinRef: joinRef || null,
    ref: ref || null,
    topic,
    event: "broadcast",
    payload: { event, payload } satisfies Broadcast,
  };
}

/** The broadcast of a frame whose payload is an object, as text messages bring it. */
function toBroadcast(payload: unknown): Broadcast | undefined {
  const { event, payload: content = {} } = (payload ?? {}) as Record<string, unknown>;
  return typeof event === "string" ? { event, payload: JSON.stringify(content) } : undefined;
}

/** @throws {FrameError} */
export function decodeFrame(data: string | ArrayBuffer, version: ProtocolVersion): Frame {
  if (typeof data !== "string") return decodePush(new Uint8Array(data));
  let message;
  try {
    message = JSON.parse(data);
  } catch {
    throw new FrameError("a message is not JSON");
  }
  const [joinRef, ref, topic, event, payload] = version === "1.0.0"
    ? [message?.join_ref, message?.ref, message?.topic, message?.event, message?.payload]
    : Array.isArray(message)
    ? message
    : [];
  if (typeof topic !== "string" || typeof event !== "string") {
    throw new FrameError("a message has no topic or no event");
  }
  return {
    joinRef: toRef(joinRef),
    ref: toRef(ref),
    topic,
    event,
    payload: event === "broadcast" ? toBroadcast(payload) : payload,
  };
}

/** @param payload The text of a JSON value. */
export function encodeFrame(
  version: ProtocolVersion,
  { joinRef, ref, topic, event, payload }: Frame & { payload: string },
): string {
  const [join, own, name, kind] = [joinRef, ref, topic, event].map((part) => JSON.stringify(part));
  return version === "2.0.0"
    ? `[${join},${own},${name},${kind},${payload}]`
    : `{"topic":${name},"event":${kind},"payload":${payload},"ref":${own},"join_ref":${join}}`;
}

function encodeBinary(topic: string, { event, payload, id }: Broadcast): WireData {
  const metadata = id === undefined ? "" : JSON.stringify({ id });
  const parts = [topic, event, metadata].map((part) => encoder.encode(part));
  if (parts.some((part) => part.length > 255)) {
    throw new FrameError("a topic or an event is too long");
  }
  const isText = typeof payload === "string";
  const content = isText ? encoder.encode(payload) : payload;
  const header = [USER_BROADCAST, ...parts.map((part) => part.length), isText ? JSON_ENCODING : 0];
  const size = header.length + parts.reduce((sum, part) => sum + part.length, content.length);
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const part of [header, ...parts, content]) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** Version 1 cannot carry bytes: the result is undefined then. @throws {FrameError} */
export function encodeBroadcast(
  version: ProtocolVersion,
  topic: string,
  broadcast: Broadcast,
): WireData | undefined {
  if (version === "2.0.0") return encodeBinary(topic, broadcast);
  const { event, payload, id } = broadcast;
  if (typeof payload !== "string") return undefined;
  const meta = id === undefined ? "" : `,"meta":${JSON.stringify({ id })}`;
  const text = `{"type":"broadcast","event":${JSON.stringify(event)},"payload":${payload}${meta}}`;
  return encodeFrame(version, {
    joinRef: null,
    ref: null,
    topic,
    event: "broadcast",
    payload: text,
  });
}
