import type postgres from "postgres";
import { withConnection } from "../../postgres/connection.ts";
import { findValue, type Step } from "../step.ts";

/** Creates or updates one entry. @returns Undefined if it has the value already. */
async function storeEntry(
  sql: postgres.Sql,
  name: string,
  value: string,
): Promise<"created" | "updated" | undefined> {
  const [entry] = await sql<{ id: string; decrypted_secret: string | null }[]>`
    select id, decrypted_secret from vault.decrypted_secrets where name = ${name}`;
  if (entry === undefined) {
    await sql`select vault.create_secret(${value}, ${name})`;
    return "created";
  }
  if (entry.decrypted_secret === value) return undefined;
  await sql`select vault.update_secret(${entry.id}, ${value})`;
  return "updated";
}

export const storeVault: Step = {
  name: "Vault",
  does: "Stores project_url and secret_key in Vault, with which the scheduler calls the functions.",
  leaves: "It does not touch other entries.",
  async run(deployment) {
    const values = {
      project_url: findValue(deployment, "url"),
      secret_key: findValue(deployment, "secretKey"),
    };
    return await withConnection(findValue(deployment, "databaseUrl"), async (sql) => {
      const lines: string[] = [];
      for (const [name, value] of Object.entries(values)) {
        const done = await storeEntry(sql, name, value);
        if (done !== undefined) lines.push(`${done} ${name}`);
      }
      if (lines.length === 0) return { changed: false, lines: ["both entries are up to date"] };
      return { changed: true, lines };
    });
  },
};
