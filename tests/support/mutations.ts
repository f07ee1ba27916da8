/** Mutates JSON bodies as a network, a bug or an attacker could. Pure: equal seeds give equal results. */

/** 0 <= x < 1. */
export type Random = () => number;

export function below(random: Random, end: number): number {
  return Math.floor(random() * end);
}

export function pick<T>(random: Random, values: readonly T[]): T {
  return values[below(random, values.length)] as T;
}

/** JSON as it is written: a value of JavaScript has no duplicate keys, and no digits beyond a double's. */
type Node = { text: string } | { items: Node[] } | { entries: [key: string, value: Node][] };

function toNode(value: unknown): Node {
  if (Array.isArray(value)) return { items: value.map(toNode) };
  if (value === null || typeof value !== "object") return { text: JSON.stringify(value) };
  return {
    entries: Object.entries(value).map(([key, entry]) => [JSON.stringify(key), toNode(entry)]),
  };
}

function write(node: Node): string {
  if ("text" in node) return node.text;
  if ("items" in node) return `[${node.items.map(write).join(",")}]`;
  return `{${node.entries.map(([key, value]) => `${key}:${write(value)}`).join(",")}}`;
}

function nested(depth: number, open: string, close: string): string {
  return open.repeat(depth) + "1" + close.repeat(depth);
}

const DEPTHS = [50, 500, 2000, 2700, 2900, 3000, 3100, 3200, 3300, 3500, 10_000];

/** Written as they are, where a value was. */
export const ODD_VALUES = [
  ...["null", "true", "false", "[]", "{}", "[[]]", "[null]", '{"":{}}', '""', '" "', '"abc"'],
  // Numbers that are not ids, or that a double rounds.
  ...["0", "-0", "-1", "1.0", "1.5", "1e3", "1e15", "-1e15", "1e400", "-1e400", "1e-400"],
  ...["9007199254740990.6", "9007199254740993", "-9007199254740993", "7490000000000000001.0"],
  ...["749e16", "9".repeat(40), `-${"9".repeat(40)}`, "1".repeat(5000), `0.${"3".repeat(400)}`],
  // Texts that are almost ids.
  ...['"0"', '"-1"', '"+1"', '"1e3"', '"0x10"', '"1.0"', '" 1 "', '"1\\n"', '"１２３"', '"1,2"'],
  ...[`"${"9".repeat(32)}"`, `"${"9".repeat(33)}"`, '"../1"', '"1?x=1&y"', '"\' or 1=1 --"'],
  // Texts that Postgres, UTF-8 or a terminal cannot hold.
  ...['"\\u0000"', '"1\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"\\uffff"'],
  ...['"\\u001b[31m"', '"\u2028"', '"\ufeff1"', '"é✓😀"', '"\\\\u0000"'],
  ...['{"__proto__":{"order_id":"5"}}', '{"toString":1}', '{"constructor":{"prototype":{}}}'],
  ...['"__proto__"', '"constructor"'],
];

const ODD_KEYS = [
  ...['"__proto__"', '"constructor"', '"toString"', '"length"', '""', '"\\u0000"', '"\\ud800"'],
  ...['"shop_id"', '"order_id"', '"data"', '"tts_notification_id"', '"timestamp"', '"TYPE"', '"0"'],
];

/** Without 6: a shop that is disconnected at the start has no events to process. */
const TYPES = ["1", "2", "3", "4", "5", "7", "11", "12", "14", "68", "0", "999", "1000000"];

function randomDigits(random: Random, length: number): string {
  return Array.from({ length }, (_, n) => n === 0 ? 1 + below(random, 9) : below(random, 10))
    .join("");
}

/** Every object and array that is not empty. */
function containers(root: Node): Exclude<Node, { text: string }>[] {
  if ("text" in root) return [];
  const inner = "items" in root ? root.items : root.entries.map(([, value]) => value);
  return inner.length === 0 ? [] : [root, ...inner.flatMap(containers)];
}

/** Replaces a random value by the result of `change`. */
function replaceOne(random: Random, root: Node, change: (value: Node) => Node): void {
  const all = containers(root);
  if (all.length === 0) return;
  const parent = pick(random, all);
  if ("items" in parent) {
    const index = below(random, parent.items.length);
    parent.items[index] = change(parent.items[index] as Node);
  } else {
    const entry = pick(random, parent.entries);
    entry[1] = change(entry[1]);
  }
}

/** The entries of some object. */
function someEntries(random: Random, root: Node): [string, Node][] {
  const objects = containers(root).filter((node) => "entries" in node);
  return objects.length === 0 ? [] : pick(random, objects).entries;
}

/** An entry that identifies the object of a body; key and values as JSON text. */
export interface Topic {
  key: string;
  values: readonly string[];
}

const TIKTOKS_TOPIC: Topic = { key: '"type"', values: TYPES };

type TreeOperator = (random: Random, root: Node, topic: Topic) => void;

const TREE_OPERATORS: Readonly<Record<string, TreeOperator>> = {
  "odd value": (random, root) =>
    replaceOne(random, root, () => ({ text: pick(random, ODD_VALUES) })),
  "other type": (random, root) =>
    replaceOne(random, root, (value) => {
      const text = write(value);
      if (/^"[0-9]+"$/.test(text)) return { text: text.slice(1, -1).replace(/^0+(?=.)/, "") };
      return { text: text.startsWith('"') ? `[${text}]` : JSON.stringify(text) };
    }),
  "wrapped": (random, root) =>
    replaceOne(
      random,
      root,
      (value) => random() < 0.5 ? { items: [value] } : { entries: [['"value"', value]] },
    ),
  "other digits": (random, root) =>
    replaceOne(random, root, (value) => {
      const digits = randomDigits(random, pick(random, [1, 5, 18, 19, 20, 32, 33]));
      return { text: "text" in value && value.text.startsWith('"') ? `"${digits}"` : digits };
    }),
  "escaped": (random, root) =>
    replaceOne(random, root, (value) => {
      const escape = (character: string) =>
        `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
      return "text" in value && value.text.startsWith('"')
        ? { text: value.text.replace(/[0-9A-Za-z]/, escape) }
        : value;
    }),
  "missing": (random, root) => {
    const entries = someEntries(random, root);
    entries.splice(below(random, entries.length), 1);
  },
  "duplicate key": (random, root) => {
    const entries = someEntries(random, root);
    if (entries.length === 0) return;
    const [key, value] = pick(random, entries);
    const twin: Node = random() < 0.3 ? value : { text: pick(random, ODD_VALUES) };
    entries.splice(below(random, entries.length + 1), 0, [key, twin]);
  },
  "odd key": (random, root) => {
    const entries = someEntries(random, root);
    if (entries.length === 0) return;
    const key = pick(random, ODD_KEYS);
    if (random() < 0.5) pick(random, entries)[0] = key;
    else entries.push([key, { text: random() < 0.5 ? pick(random, ODD_VALUES) : write(root) }]);
  },
  "shuffled": (random, root) => {
    const entries = someEntries(random, root);
    entries.push(...entries.splice(0, below(random, entries.length)));
  },
  "other topic": (random, root, topic) => {
    if (!("entries" in root)) return;
    const entry = root.entries.find(([key]) => key === topic.key);
    if (entry) entry[1] = { text: pick(random, topic.values) };
  },
  "no topic": (random, root, topic) => {
    if (!("entries" in root)) return;
    const entry = root.entries.find(([key]) => key === topic.key);
    if (entry) entry[1] = { text: pick(random, ODD_VALUES) };
  },
  "deep": (random, root) => {
    const depth = pick(random, DEPTHS);
    const text = random() < 0.5 ? nested(depth, "[", "]") : nested(depth, '{"a":', "}");
    if (random() < 0.5) replaceOne(random, root, () => ({ text }));
    else someEntries(random, root).push(['"deep"', { text }]);
  },
  "long": (random, root) => {
    const length = pick(random, [100, 1000, 5000, 20_000]);
    replaceOne(random, root, () => ({ text: `"${pick(random, ["x", "9", "é"]).repeat(length)}"` }));
  },
};

type TextOperator = (random: Random, text: string) => string;

function insertAt(random: Random, text: string, part: string): string {
  const at = below(random, text.length + 1);
  return text.slice(0, at) + part + text.slice(at);
}

const GARBAGE = [
  ...[
    ",",
    "}",
    "{",
    "]",
    "[",
    '"',
    ":",
    "\\",
    "\\u12",
    "\0",
    "\n",
    "\t",
    "/**/",
    "NaN",
    "Infinity",
  ],
  ...["'", "undefined", "-", "0", ".", "e", "\u00a0", "\ufeff", "\u2028", "\x7f"],
];

const TEXT_OPERATORS: Readonly<Record<string, TextOperator>> = {
  "truncated": (random, text) => text.slice(0, below(random, text.length)),
  "garbage inside": (random, text) => insertAt(random, text, pick(random, GARBAGE)),
  "garbage behind": (random, text) => text + pick(random, GARBAGE),
  "a part cut out": (random, text) => {
    const at = below(random, text.length);
    return text.slice(0, at) + text.slice(at + 1 + below(random, 20));
  },
  "twice": (_random, text) => text + text,
  "inside another": (random, text) => random() < 0.5 ? `[${text}]` : JSON.stringify(text),
  "single quotes": (_random, text) => text.replaceAll('"', "'"),
};

/** Mutations that keep the meaning of a body; a mebibyte of blanks only makes it too large. */
const HARMLESS_OPERATORS: Readonly<Record<string, TextOperator>> = {
  "blanks": (random, text) =>
    text.replace(/(?<=[{,:])(?=")/g, () => pick(random, ["", " ", "\n", "\t\r\n  "])) +
    " ".repeat(random() < 0.02 ? 2 ** 20 : below(random, 3)),
  "byte order mark": (_random, text) => `\ufeff${text}`,
};

type Bytes = Uint8Array<ArrayBuffer>;

type ByteOperator = (random: Random, bytes: Bytes) => Bytes;

/** Bytes that are not UTF-8: lone, missing and overlong bytes, surrogates, beyond U+10FFFF; and raw NUL. */
const BROKEN = [
  ...[[0xff], [0xfe, 0xff], [0x80], [0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0xc0, 0x80]],
  ...[[0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xed, 0xb0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0]],
];

const BYTE_OPERATORS: Readonly<Record<string, ByteOperator>> = {
  "broken UTF-8": (random, bytes) => {
    const at = below(random, bytes.length + 1);
    const part = pick(random, BROKEN);
    const spoiled = new Uint8Array(bytes.length + part.length);
    spoiled.set(bytes.subarray(0, at));
    spoiled.set(part, at);
    spoiled.set(bytes.subarray(at), at + part.length);
    return spoiled;
  },
  "flipped bit": (random, bytes) => {
    const at = below(random, bytes.length);
    return bytes.with(at, (bytes[at] ?? 0) ^ (1 << below(random, 8)));
  },
  "other byte": (random, bytes) => bytes.with(below(random, bytes.length), below(random, 256)),
  "UTF-16": (_random, bytes) => {
    const wide = new Uint8Array(bytes.length * 2);
    bytes.forEach((byte, index) => wide[index * 2] = byte);
    return wide;
  },
  "no UTF-8 at all": (random, bytes) =>
    new Uint8Array(below(random, Math.min(bytes.length, 1000))).map(() => below(random, 256)),
  "empty": () => new Uint8Array(),
};

export interface Mutation {
  /** What was done to the sample, in order. */
  operators: string[];
  body: Bytes;
}

function someName(random: Random, operators: Readonly<Record<string, unknown>>): string {
  return pick(random, Object.keys(operators));
}

/** The sample as it is. */
export function unchanged(sample: object): Mutation {
  return { operators: [], body: new TextEncoder().encode(write(toNode(sample))) };
}

/** Whether nothing was done to the sample: such a body has to be accepted. */
export function isUnchanged({ operators }: Mutation): boolean {
  return operators.length === 0;
}

/** About one body in twenty stays a webhook: storing and processing takes longest. */
export function mutate(random: Random, sample: object, topic: Topic = TIKTOKS_TOPIC): Mutation {
  const operators: string[] = [];
  const root = toNode(sample);
  for (let rest = 1 + below(random, 3); rest > 0; rest--) {
    const name = random() < 0.5 ? "no topic" : someName(random, TREE_OPERATORS);
    operators.push(name);
    TREE_OPERATORS[name]?.(random, root, topic);
  }
  let text = write(root);
  const kind = random();
  if (kind < 0.1) {
    const name = someName(random, HARMLESS_OPERATORS);
    operators.push(name);
    text = HARMLESS_OPERATORS[name]?.(random, text) ?? text;
  } else if (kind < 0.5) {
    const name = someName(random, TEXT_OPERATORS);
    operators.push(name);
    text = TEXT_OPERATORS[name]?.(random, text) ?? text;
  }
  let body: Bytes = new TextEncoder().encode(text);
  if (kind >= 0.5 && kind < 0.9 && body.length > 0) {
    const name = someName(random, BYTE_OPERATORS);
    operators.push(name);
    body = BYTE_OPERATORS[name]?.(random, body) ?? body;
  }
  return { operators, body };
}
