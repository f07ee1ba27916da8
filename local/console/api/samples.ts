/** The sellers of `db:seed` that the database has: the start page offers them, one click each. */
// @ts-types="../../postgres/pg.d.ts"
import type { Pool } from "pg";

export interface SampleLogin {
  email: string;
  name: string;
  about: string;
}

export interface SampleOptions {
  pool: Pool;
  samples: readonly SampleLogin[];
  /** The password of each of them. */
  samplePassword: string;
  /** Makes them. */
  seedCommand: string;
}

export async function listSamples({ pool, samples, samplePassword, seedCommand }: SampleOptions) {
  const { rows } = await pool.query<{ email: string }>(
    "select email from auth.users where email = any($1) and email_confirmed_at is not null",
    [samples.map(({ email }) => email)],
  );
  const known = new Set(rows.map(({ email }) => email));
  return {
    samples: samples.filter(({ email }) => known.has(email)),
    password: samplePassword,
    command: seedCommand,
  };
}
