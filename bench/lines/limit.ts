/** `bench limit`: check_order_limit and the requested function, with few and with many orders this month. */
import type postgres from "postgres";
import { addSeller, startBenchDatabase } from "../measure/database.ts";
import type { Comparison, Line } from "../measure/line.ts";
import { compareRounds, measureInTurn, median } from "../measure/rounds.ts";

const ROUNDS = 11;
const CALLS = { ours: 500, requested: 3 };
const [FEW, MANY] = [10, 1_000_000];

const REQUESTED_FUNCTION = `
  create function private.requested_check_order_limit(user_uuid uuid) returns boolean as $$
  declare
    user_plan text;
    order_count integer;
    plan_limit integer;
  begin
    select plan_name into user_plan from public.subscriptions
    where user_id = user_uuid and status in ('active', 'trialing')
    order by created_at desc limit 1;
    select count(*) into order_count from public.orders
    where user_id = user_uuid and created_at >= date_trunc('month', now());
    plan_limit := case user_plan
      when 'starter' then 100 when 'growth' then 500 when 'scale' then 999999 else 10 end;
    return order_count < plan_limit;
  end;
  $$ language plpgsql security definer`;

function calls(sql: postgres.Sql, name: string, userId: string, count: number) {
  return async () => {
    for (let n = 0; n < count; n++) await sql`select ${sql(name)}(${userId})`;
  };
}

async function measure(): Promise<Comparison[]> {
  await using database = await startBenchDatabase();
  const { sql } = database;
  const few = (await addSeller(sql, "few", FEW)).userId;
  const many = (await addSeller(sql, "many", MANY)).userId;
  await sql.unsafe(REQUESTED_FUNCTION);
  await sql`vacuum analyze`;
  const requested = "private.requested_check_order_limit";
  const times = await measureInTurn(ROUNDS, {
    few: calls(sql, "public.check_order_limit", few, CALLS.ours),
    many: calls(sql, "public.check_order_limit", many, CALLS.ours),
    requestedFew: calls(sql, requested, few, CALLS.requested),
    requestedMany: calls(sql, requested, many, CALLS.requested),
  });
  const figure = (rounds: number[], count: number) => `${(median(rounds) / count).toFixed(3)} ms`;
  const against = "itself, 10 orders";
  return [{
    what: "check_order_limit, 1,000,000 orders",
    against,
    ...compareRounds(times.many, times.few),
    target: { bound: "at most", value: 1.1 },
    figures: `${figure(times.many, CALLS.ours)} : ${figure(times.few, CALLS.ours)} a call`,
  }, {
    what: "the requested function, 1,000,000 orders",
    against,
    ...compareRounds(times.requestedMany, times.requestedFew),
    figures: `${figure(times.requestedMany, CALLS.requested)} : ${
      figure(times.requestedFew, CALLS.requested)
    } a call`,
  }];
}

export const limitLine: Line = {
  name: "limit",
  title: "The order limit costs the same with any number of orders",
  measure,
};
