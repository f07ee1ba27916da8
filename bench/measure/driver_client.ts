/** The database client of the functions over the driver: what a call costs without REST in between. */
import type postgres from "postgres";
import type { DatabaseClient } from "../../shared/database/client.ts";

interface Answer {
  data: unknown;
  error: { code: string } | null;
}

/** Text of a call as PostgREST writes it: the arguments are one JSON object, and each has its type. */
async function callText(sql: postgres.Sql, name: string, given: string[]): Promise<string> {
  const [row] = await sql`
    select pg_get_function_identity_arguments(oid) as arguments from pg_proc
    where pronamespace = 'public'::regnamespace and proname = ${name}`;
  const listed = String(row?.arguments).split(", ")
    .filter((argument) => given.includes(argument.split(" ")[0] ?? ""));
  if (listed.length !== given.length) throw new Error(`${name} has other arguments.`);
  const values = given.map((argument) => `${argument} => argument.${argument}`).join(", ");
  const from = `from jsonb_to_record($1::jsonb) as argument (${listed.join(", ")})`;
  return `select to_jsonb(public.${name}(${values})) as result ${given.length === 0 ? "" : from}`;
}

/**
 * Calls functions that return one value, as the role `service_role`.
 * @param connections One connection each: a pool of so many.
 */
export async function driverClient(connections: postgres.Sql[]): Promise<DatabaseClient> {
  const pool = connections.map((sql) => ({ sql, calls: 0 }));
  const texts = new Map<string, Promise<string>>();
  for (const { sql } of pool) await sql`set role service_role`;

  async function call(name: string, args: Record<string, unknown>): Promise<Answer> {
    const given = Object.keys(args).filter((argument) => args[argument] !== undefined);
    const [first = { sql: connections[0] as postgres.Sql, calls: 0 }, ...others] = pool;
    const connection = others.reduce((least, one) => one.calls < least.calls ? one : least, first);
    const { sql } = connection;
    connection.calls++;
    try {
      const key = [name, ...given].join();
      if (!texts.has(key)) texts.set(key, callText(sql, name, given));
      const values = given.length === 0 ? [] : [sql.json(args as postgres.JSONValue)];
      const [row] = await sql.unsafe(await texts.get(key) ?? "", values, { prepare: true });
      return { data: row?.result, error: null };
    } catch (error) {
      return { data: null, error: { code: String((error as { code?: unknown }).code) } };
    } finally {
      connection.calls--;
    }
  }

  const client = {
    rpc(name: string, args: Record<string, unknown>) {
      const answer = call(name, args);
      return Object.assign(answer, { abortSignal: () => answer });
    },
  };
  return client as unknown as DatabaseClient;
}
