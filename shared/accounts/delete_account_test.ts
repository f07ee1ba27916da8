import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { parseKeyRing } from "../crypto/key_ring.ts";
import type { DatabaseClient } from "../database/client.ts";
import { deleteAccount } from "./delete_account.ts";
import type { AccountDependencies } from "./dependencies.ts";

const SELLER = { email: "ada@example.com", stripe_customer_id: null, attempt: 1 };
const DELETED = { outcome: "deleted", shops: [] };

Deno.test("the rows of a large account have longer than a usual call, and less than a hosted function", async () => {
  const { timeout } = AbortSignal;
  const limits = new Map<AbortSignal, number>();
  AbortSignal.timeout = (ms) => {
    const { signal } = new AbortController();
    limits.set(signal, ms);
    return signal;
  };
  const waits: number[] = [];
  const database = {
    rpc(name: string) {
      const answer = Promise.resolve({
        data: name === "delete_account" ? DELETED : SELLER,
        error: null,
      });
      const abortSignal = (signal: AbortSignal) => {
        waits.push(limits.get(signal) ?? 0);
        return answer;
      };
      return Object.assign(answer, { abortSignal });
    },
  } as unknown as DatabaseClient;
  const keys = parseKeyRing(`k1:${Buffer.alloc(32, 1).toString("base64")}`);
  const customers = { search: () => Promise.resolve({ data: [] }) };
  const loadStripe = () => Promise.resolve({ customers });
  const dependencies = { database, keys, loadStripe } as unknown as AccountDependencies;
  try {
    await deleteAccount(dependencies, "seller", "Ada@example.com");
  } finally {
    AbortSignal.timeout = timeout;
  }
  assert.deepEqual(waits.map((ms) => ms > 110_000 && ms < 150_000), [true]);
});
