/** `bench logins`: the token refresh of many logins, while TikTok takes its time for each. */
import type postgres from "postgres";
import { environmentOf } from "../../local/stack/running_stack.ts";
import { readEncryptionKeys } from "../../shared/config.ts";
import { encryptTokens } from "../../shared/tiktok/connections/encrypted_tokens.ts";
import {
  REFRESH_BUDGET_MS,
  REFRESH_CONCURRENCY,
} from "../../shared/tiktok/connections/refresh_due_logins.ts";
import type { Comparison, Line } from "../measure/line.ts";
import { median } from "../measure/rounds.ts";
import { type BenchStack, startBenchStack } from "../measure/stack.ts";

const LOGINS = 2000;
/** Logins of one round; the last measurement takes all of them in one run. */
const PER_ROUND = 400;
const ROUNDS = 5;
const ANSWER_MS = 200;
const TARGET = 0.9;

/** Connects logins with a shop each; none of them is due. */
async function connectLogins({ stack, sql }: BenchStack): Promise<void> {
  const { tiktok, env } = stack;
  if (tiktok === undefined) throw new Error("TikTok is not simulated.");
  const keys = readEncryptionKeys(environmentOf(env));
  const userId = crypto.randomUUID();
  await sql`insert into auth.users (id, email) values (${userId}, 'logins@example.com')`;
  const rows = await Promise.all(Array.from({ length: LOGINS }, async (_, n) => {
    const shop_id = String(7_462_000_000_000_000_000n + BigInt(n));
    const { openId, cipher } = tiktok.addShop({ id: shop_id, openId: `bench_${n}` });
    const grant = tiktok.authorizations.exchangeCode(tiktok.authorizations.createCode(openId));
    const tokens = await encryptTokens(keys, {
      ...{ accessToken: grant.accessToken, accessTokenExpiresAt: grant.accessEnd },
      ...{ refreshToken: grant.refreshToken, refreshTokenExpiresAt: grant.refreshEnd },
      ...{ scopes: [], requestedAt: 0 },
    }, shop_id);
    return { user_id: userId, shop_id, shop_cipher: cipher, open_id: openId, ...tokens };
  }));
  await sql`
    insert into private.tiktok_logins ${
    sql(rows.map(({ user_id, open_id }) => ({ user_id, open_id })))
  }`;
  for (let n = 0; n < rows.length; n += 500) {
    const timed = rows.slice(n, n + 500).map((row) => ({
      ...{ ...row, token_expires_at: new Date(Date.now() + 7 * 86_400_000).toISOString() },
      refresh_token_expires_at: "2090-01-01T00:00:00Z",
    }));
    await sql`insert into public.tiktok_shops ${sql(timed)}`;
  }
  await sql`delete from private.webhook_events`;
  await sql`vacuum analyze`;
}

async function makeDue(sql: postgres.Sql, count: number): Promise<void> {
  await sql`update private.tiktok_logins set last_refreshed_at = null`;
  await sql`
    update public.tiktok_shops set token_expires_at = now() + interval '1 hour'
    where id in (select id from public.tiktok_shops order by token_expires_at, id limit ${count})`;
}

interface Run {
  refreshed: number;
  /** Milliseconds. */
  took: number;
}

/** A run of the function, as the scheduler calls it. What is left when its budget ends waits for the next one. */
async function run({ stack: { env } }: BenchStack): Promise<Run> {
  const startedAt = performance.now();
  const response = await fetch(`${env.SUPABASE_URL}/functions/v1/tiktok-token-refresh`, {
    method: "POST",
    headers: { apikey: env.SUPABASE_SECRET_KEY },
  });
  const { refreshed, waiting, needs_reauth } = await response.json();
  const took = performance.now() - startedAt;
  if (waiting + needs_reauth > 0) throw new Error("TikTok refused a refresh.");
  return { refreshed, took };
}

function compare(what: string, runs: Run[], figures: string): Comparison {
  const ratios = runs.map(({ refreshed, took }) =>
    Math.ceil(refreshed / REFRESH_CONCURRENCY) * ANSWER_MS / took
  );
  return {
    what,
    against: `${REFRESH_CONCURRENCY} answers of TikTok at a time without a gap`,
    ratio: median(ratios),
    spread: [Math.min(...ratios), Math.max(...ratios)],
    target: { bound: "at least", value: TARGET },
    figures,
  };
}

async function measure(): Promise<Comparison[]> {
  await using bench = await startBenchStack();
  await connectLogins(bench);
  // The first run loads the function.
  await makeDue(bench.sql, 20);
  await run(bench);
  bench.stack.tiktok?.faults.add({
    ...{ path: "/api/v2/token/refresh", kind: "delay", delayMs: ANSWER_MS },
  });
  const rounds: Run[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await makeDue(bench.sql, PER_ROUND);
    rounds.push(await run(bench));
  }
  await makeDue(bench.sql, LOGINS);
  const all = await run(bench);
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  return [
    compare(
      `${PER_ROUND} logins due, 200 ms each`,
      rounds,
      seconds(median(rounds.map(({ took }) => took))),
    ),
    compare(
      `${LOGINS} logins due, 200 ms each, in one run`,
      [all],
      `${all.refreshed} logins in ${seconds(all.took)}; budget ${seconds(REFRESH_BUDGET_MS)}`,
    ),
  ];
}

export const loginsLine: Line = {
  name: "logins",
  title: "A run of the token refresh never waits for the database instead of TikTok",
  measure,
};
