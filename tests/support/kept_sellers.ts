/** Connected sellers of a shared stack: connected once, and put back into each test that needs one. */
import type postgres from "postgres";
import { createSellerClient, type Seller } from "../../local/stack/seller.ts";
import { beginRows, keepRows, putRows } from "./reset_database.ts";
import type { TestStack } from "./stack.ts";

/** Few tests need more; those connect the others. */
const MOST = 2;

interface KeptSeller {
  seller: Omit<Seller, "client"> & { shopId: string };
  /** Name of the rows that the connection has written. */
  rows: string;
  /** Adds to a new simulator what the connection has left at TikTok. */
  addToTikTok: (tiktok: TestStack["tiktok"]) => void;
}

interface KeptSellers {
  sellers: KeptSeller[];
  /** Number of sellers that the present test has asked for. */
  wanted: number;
}

/** By the connection of their stack: a reset replaces its simulators, not its database. */
const keptOf = new WeakMap<postgres.Sql, KeptSellers>();

/** From now on tests of this stack share connected sellers. Its rows must have been remembered. */
export function shareSellers({ sql }: TestStack): void {
  keptOf.set(sql, { sellers: [], wanted: 0 });
}

/** The next kept seller, connected as if just now; `undefined` if the test has to connect one. */
export async function takeSeller(
  stack: TestStack,
): Promise<Seller & { shopId: string } | undefined> {
  const kept = keptOf.get(stack.sql);
  const next = kept?.sellers[kept.wanted++];
  if (next === undefined) return undefined;
  await putRows(stack, next.rows);
  next.addToTikTok(stack.tiktok);
  const { seller } = next;
  return { ...seller, client: createSellerClient(stack.env, seller.accessToken) };
}

/** Whether the last test would have used another kept seller. Ends its claims to the others. */
export function lacksSeller({ sql }: TestStack): boolean {
  const kept = keptOf.get(sql);
  if (kept === undefined) return false;
  const lacks = kept.sellers.length < Math.min(kept.wanted, MOST);
  kept.wanted = 0;
  return lacks;
}

/** The simulator's kinds of state that a connection adds to. */
const KINDS = ["logins", "shops", "accessTokens", "refreshTokens", "subscriptions"] as const;

/** Connects a seller on a stack that nothing has used, and keeps all that this has written. */
export async function keepSeller(
  stack: TestStack,
  connect: (stack: TestStack) => Promise<Seller & { shopId: string }>,
): Promise<void> {
  const { state } = stack.tiktok;
  const before = KINDS.map((kind) => new Set(state.entries(kind).map(([id]) => id)));
  const since = await beginRows(stack);
  const { client: _, ...seller } = await connect(stack);
  await keepRows(stack, seller.shopId, since);
  const additions = KINDS.map((kind, index) =>
    state.entries(kind).filter(([id]) => !before[index]?.has(id))
  );
  keptOf.get(stack.sql)?.sellers.push({
    seller,
    rows: seller.shopId,
    addToTikTok: ({ state }) =>
      KINDS.forEach((kind, index) => {
        for (const [id, value] of additions[index] ?? []) {
          state.put(kind, id, structuredClone(value));
        }
      }),
  });
}
