/**
 * What the simulated TikTok knows: logins, shops, tokens, orders, packages; kept in a journal file if
 * asked.
 */
import type { SimulatedLabel, SimulatedPackage, SimulatedShipment } from "./package_types.ts";

export interface SimulatedLogin {
  openId: string;
  /** 0 seller, 1 creator, 3 partner. */
  userType: 0 | 1 | 3;
  name: string;
  region: string;
  /** What the app may do for it. */
  scopes: string[];
  /** How long an access token lives. */
  accessSeconds: number;
  /** How long the seller's consent lasts, and with it every refresh token of the grant. */
  refreshSeconds: number;
}

export interface SimulatedShop {
  id: string;
  name: string;
  region: string;
  sellerType: "LOCAL" | "CROSS_BORDER";
  cipher: string;
  code: string;
  /** The login that owns it. */
  openId: string;
  /** TikTok refuses calls for it. */
  inactive?: boolean;
  /** It is offered exactly one shipping service, and gets that whichever it asks for. */
  oneService?: boolean;
}

/** Where one topic of one shop is sent. Times are unix seconds. */
export interface SimulatedSubscription {
  shopId: string;
  eventType: string;
  address: string;
  createTime: number;
  updateTime: number;
}

export interface SimulatedCode {
  openId: string;
  expiresAt: number;
}

export interface SimulatedToken {
  openId: string;
  /** Unix seconds. */
  expiresAt: number;
}

/** An order as Get Order Detail answers it. */
export interface SimulatedOrder {
  id: string;
  shopId: string;
  /** TikTok delivers it, and shows nobody the whole address. */
  isMasked?: boolean;
  detail: Record<string, unknown> & { status: string; update_time: number; create_time: number };
}

interface Collections {
  logins: SimulatedLogin;
  shops: SimulatedShop;
  codes: SimulatedCode;
  accessTokens: SimulatedToken;
  refreshTokens: SimulatedToken;
  orders: SimulatedOrder;
  /** By `subscriptionId`. */
  subscriptions: SimulatedSubscription;
  packages: SimulatedPackage;
  /** By the id of their package. */
  labels: SimulatedLabel;
  /** By `shipmentId`. */
  shipments: SimulatedShipment;
}

export function subscriptionId(shopId: string, eventType: string): string {
  return `${shopId}/${eventType}`;
}

/** @param count How many tracking numbers the package had before. */
export function shipmentId(packageId: string, count: number): string {
  return `${packageId}/${count}`;
}

type Kind = keyof Collections;

/** A set of maps; every change is appended to the journal before it is answered for. */
export class SimulatorState {
  readonly #maps: { [K in Kind]: Map<string, Collections[K]> } = {
    logins: new Map(),
    shops: new Map(),
    codes: new Map(),
    accessTokens: new Map(),
    refreshTokens: new Map(),
    orders: new Map(),
    subscriptions: new Map(),
    packages: new Map(),
    labels: new Map(),
    shipments: new Map(),
  };
  readonly #journal: Deno.FsFile | undefined;

  /** @param journalPath A file that survives restarts; made if it is not there. */
  constructor(journalPath?: string) {
    if (journalPath === undefined) return;
    this.#journal = Deno.openSync(journalPath, { create: true, append: true, mode: 0o600 });
    const text = Deno.readTextFileSync(journalPath);
    // What is written next begins a line of its own.
    if (text !== "" && !text.endsWith("\n")) {
      this.#journal.writeSync(new TextEncoder().encode("\n"));
    }
    for (const line of text.split("\n")) {
      try {
        const [kind, id, value] = JSON.parse(line) as [Kind, string, never];
        this.#apply(kind, id, value);
      } catch {
        // The end of the file, or a line that a kill cut short.
      }
    }
  }

  #apply<K extends Kind>(kind: K, id: string, value: Collections[K] | null): void {
    if (value === null) this.#maps[kind].delete(id);
    else this.#maps[kind].set(id, value);
  }

  get<K extends Kind>(kind: K, id: string): Collections[K] | undefined {
    return this.#maps[kind].get(id);
  }

  all<K extends Kind>(kind: K): Collections[K][] {
    return [...this.#maps[kind].values()];
  }

  entries<K extends Kind>(kind: K): [string, Collections[K]][] {
    return [...this.#maps[kind].entries()];
  }

  put<K extends Kind>(kind: K, id: string, value: Collections[K]): void {
    this.#write(kind, id, value);
  }

  delete(kind: Kind, id: string): void {
    this.#write(kind, id, null);
  }

  #write<K extends Kind>(kind: K, id: string, value: Collections[K] | null): void {
    this.#apply(kind, id, value);
    this.#journal?.writeSync(new TextEncoder().encode(JSON.stringify([kind, id, value]) + "\n"));
  }

  close(): void {
    this.#journal?.close();
  }
}
