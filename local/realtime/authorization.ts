/** What a caller may do in a private channel: the policies on `realtime.messages` decide. */
// @ts-types="../postgres/pg.d.ts"
import { escapeLiteral, type Pool, type PoolClient } from "pg";
import type { Identity } from "./identity.ts";

export type Extension = "broadcast" | "presence";

const INSUFFICIENT_PRIVILEGE = "42501";

/** The statement that makes the rest of a transaction the caller's, without parameters. */
export function becomeCaller({ role, claims, sub }: Identity, topic = ""): string {
  const settings = {
    role,
    "realtime.topic": topic,
    "request.jwt.claims": claims,
    "request.jwt.claim.sub": sub,
    "request.jwt.claim.role": role,
    "request.headers": "{}",
  };
  const calls = Object.entries(settings)
    .map(([name, value]) => `set_config('${name}', ${escapeLiteral(value)}, true)`);
  return `select ${calls.join(", ")}`;
}

/** Runs `work` in a transaction that is rolled back. */
async function rollBack<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let failed = true;
  try {
    await client.query("begin");
    const result = await work(client);
    await client.query("rollback");
    failed = false;
    return result;
  } finally {
    client.release(failed);
  }
}

const INSERT = "insert into realtime.messages (id, topic, extension) values ($1, $2, $3)";

/**
 * Which of the extensions the caller may receive in this topic.
 * @param pool Connections of the role `authenticator`.
 */
export async function readableExtensions(
  pool: Pool,
  identity: Identity,
  topic: string,
  extensions: Extension[],
): Promise<Extension[]> {
  const probes = new Map(extensions.map((extension) => [crypto.randomUUID() as string, extension]));
  return await rollBack(pool, async (client) => {
    await client.query("set local role service_role");
    for (const [id, extension] of probes) await client.query(INSERT, [id, topic, extension]);
    await client.query(becomeCaller(identity, topic));
    const { rows } = await client.query<{ id: string }>(
      "select id from realtime.messages where id = any($1::uuid[])",
      [[...probes.keys()]],
    );
    return rows.flatMap(({ id }) => probes.get(id) ?? []);
  });
}

/** Whether the caller may send in this topic. */
export async function maySend(
  pool: Pool,
  identity: Identity,
  topic: string,
  extension: Extension,
): Promise<boolean> {
  try {
    return await rollBack(pool, async (client) => {
      await client.query(becomeCaller(identity, topic));
      await client.query(INSERT, [crypto.randomUUID(), topic, extension]);
      return true;
    });
  } catch (error) {
    if ((error as { code?: string }).code === INSUFFICIENT_PRIVILEGE) return false;
    throw error;
  }
}
