/**
 * Every hole of the requested schema (tests/fixtures/requested_schema.sql), attacked twice with the same
 * statements: on that schema the attack succeeds, on ours it fails and leaves no trace.
 */
import assert from "node:assert/strict";
import {
  type Actor,
  CIPHERTEXT,
  createOurTarget,
  createRequestedTarget,
  nextNumber,
  type Outcome,
  type Seller,
  type Target,
} from "../support/attacks.ts";

let requested: Target;
let ours: Target;

Deno.test.beforeAll(async () => {
  requested = await createRequestedTarget();
  ours = await createOurTarget();
});

Deno.test.afterAll(async () => {
  await requested.drop();
  await ours.drop();
});

/** A new seller's attack on their own rows: it reaches a row of the requested schema, and is refused here. */
async function assertHole(
  attack: (target: Target, seller: Seller) => Promise<Outcome>,
  prepare: (target: Target, seller: Seller) => Promise<void> = () => Promise.resolve(),
): Promise<{ theirs: Seller; own: Seller }> {
  const theirs = await requested.addSeller();
  await prepare(requested, theirs);
  const success = await attack(requested, theirs);
  assert.equal(success.code, undefined, success.message);
  assert.ok(success.count > 0);

  const own = await ours.addSeller();
  await prepare(ours, own);
  const before = await ours.belongings(own);
  assert.equal((await attack(ours, own)).code, "42501");
  assert.deepEqual(await ours.belongings(own), before);
  return { theirs, own };
}

async function takeOrders(target: Target, seller: Seller, orders: number): Promise<void> {
  for (let n = 0; n < orders; n++) await target.takeOrder(target.sql, seller);
}

/** A trial's ten orders: an eleventh must be refused. */
const fillTrial = (target: Target, seller: Seller) => takeOrders(target, seller, 10);

async function hasRoom(target: Target, seller: Seller): Promise<unknown> {
  const [row] = await target.sql`select public.check_order_limit(${seller.id}) as room`;
  return row?.room;
}

async function countOrders(target: Target, seller: Seller): Promise<number> {
  return (await target.sql`select from public.orders where user_id = ${seller.id}`).length;
}

Deno.test("the requested schema's hole: users are not tied to sign-up", async () => {
  const attack = (target: Target) =>
    target.attempt(
      "service_role",
      `insert into users (id, email) values (gen_random_uuid(), '${nextNumber()}@example.com')`,
    );
  assert.equal((await attack(requested)).count, 1);
  assert.equal((await attack(ours)).code, "42501");
  await assert.rejects(
    ours.sql`insert into public.users (id, email) values (gen_random_uuid(), 'ghost@example.com')`,
    { code: "23503" },
  );

  const profiles = async (target: Target) => {
    const id = crypto.randomUUID();
    await target.sql`insert into auth.users (id, email) values (${id}, ${id + "@example.com"})`;
    const made = await target.sql`select from public.users where id = ${id}`;
    await target.sql`insert into public.users (id, email) values (${id}, ${id})
      on conflict do nothing`;
    await target.sql`delete from auth.users where id = ${id}`;
    const left = await target.sql`select from public.users where id = ${id}`;
    return { made: made.length, left: left.length };
  };
  assert.deepEqual(await profiles(requested), { made: 0, left: 1 });
  assert.deepEqual(await profiles(ours), { made: 1, left: 0 });
});

Deno.test("the requested schema's hole: a user raises their own subscription_tier", async () => {
  await assertHole((target, seller) =>
    target.attempt(
      seller,
      "update users set subscription_tier = 'scale', subscription_status = 'active'",
    )
  );
});

Deno.test("the requested schema's hole: a seller writes their own plan", async () => {
  const { theirs, own } = await assertHole(
    (target, seller) =>
      target.attempt(
        seller,
        `insert into subscriptions (user_id, stripe_customer_id, plan_name, status)
         values ('${seller.id}', 'none', 'scale', 'active')`,
      ),
    fillTrial,
  );
  assert.equal(await hasRoom(requested, theirs), true);
  assert.equal(await hasRoom(ours, own), false);
});

Deno.test("the requested schema's hole: a seller inserts orders past the limit", async () => {
  const { theirs, own } = await assertHole(
    (target, { id, shop }) =>
      target.attempt(
        { id, shop },
        `insert into orders
           (user_id, tiktok_shop_id, tiktok_order_id, total_amount, shipping_address, order_items)
         values ('${id}', '${shop}', '${nextNumber()}', 10, '{}', '[]')`,
      ),
    fillTrial,
  );
  assert.equal(await countOrders(requested, theirs), 11);
  assert.equal(await countOrders(ours, own), 10);
});

Deno.test("the requested schema's hole: a seller makes room by dating orders back, or deleting them", async () => {
  for (const attack of ["update orders set created_at = '2020-01-01'", "delete from orders"]) {
    const { theirs, own } = await assertHole(
      (target, seller) => target.attempt(seller, attack),
      fillTrial,
    );
    assert.equal(await hasRoom(requested, theirs), true);
    assert.equal(await hasRoom(ours, own), false);
  }
});

Deno.test("the requested schema's hole: a seller invents shipments", async () => {
  await assertHole(
    (target, seller) =>
      target.attempt(
        seller,
        `insert into shipments (order_id, carrier, service_type, status)
         select id, 'USPS', 'Priority', 'delivered' from orders`,
      ),
    (target, seller) => target.takeOrder(target.sql, seller),
  );
});

Deno.test("the requested schema's hole: a seller rewrites and deletes their analytics", async () => {
  const prepare = async ({ sql }: Target, { id }: Seller) => {
    await sql`insert into public.analytics_events (user_id, event_type) values (${id}, 'seen')`;
  };
  for (
    const attack of [
      "update analytics_events set event_type = 'label_bought'",
      "update analytics_events set timestamp = '2020-01-01'",
      "delete from analytics_events",
    ]
  ) {
    await assertHole((target, seller) => target.attempt(seller, attack), prepare);
  }
  await assertHole((target, seller) =>
    target.attempt(
      seller,
      `insert into analytics_events (user_id, event_type)
       values ('${seller.id}', 'order_received')`,
    )
  );
});

Deno.test("the requested schema's hole: tokens are stored in plain text, and their owner's browser reads them", async () => {
  await assertHole((target, seller) =>
    target.attempt(seller, "select access_token, refresh_token from tiktok_shops")
  );
  const store = (target: Target, { id }: Seller) =>
    target.attempt(
      "service_role",
      `update tiktok_shops set access_token = 'TTP_plain' where user_id = '${id}'`,
    );
  assert.equal((await store(requested, await requested.addSeller())).count, 1);
  assert.equal((await store(ours, await ours.addSeller())).code, "23514");
});

Deno.test("the requested schema's hole: subscription data has no encryption", async () => {
  const store = (target: Target, { id }: Seller, columns: string, values: string) =>
    target.attempt(
      "service_role",
      `insert into subscriptions (user_id, stripe_customer_id, plan_name, status ${columns})
       values ('${id}', 'cus_plain', 'growth', 'active' ${values})`,
    );
  const [theirs, own] = [await requested.addSeller(), await ours.addSeller()];
  assert.equal((await store(requested, theirs, "", "")).count, 1);
  assert.equal((await store(ours, own, ", stripe_customer_id_hash", ", 'hash'")).code, "23514");

  const read = (target: Target, seller: Seller) =>
    target.attempt(seller, "select stripe_customer_id from subscriptions");
  assert.deepEqual((await read(requested, theirs)).rows, [{ stripe_customer_id: "cus_plain" }]);
  assert.equal((await read(ours, own)).code, "42501");
});

Deno.test("the requested schema's hole: auth.uid() is evaluated for each row", async () => {
  for (const table of ["users", "orders", "shipments", "analytics_events"]) {
    const plan = async (target: Target) => {
      const { rows } = await target.attempt(
        await target.addSeller(),
        "set local enable_indexscan = off",
        "set local enable_bitmapscan = off",
        `explain select id from ${table}`,
      );
      return rows.map((row) => row["QUERY PLAN"]).join("\n");
    };
    // The filter holds the function's inlined body, or a single call of it before the rows.
    const [theirs, own] = [await plan(requested), await plan(ours)];
    assert.match(theirs, /current_setting/, theirs);
    assert.doesNotMatch(theirs, /InitPlan/, theirs);
    assert.match(own, /InitPlan/, own);
    assert.doesNotMatch(own, /Filter:.*current_setting/, own);
  }
});

Deno.test("the requested schema's hole: a definer function without search_path is hijacked", async () => {
  // A session's temporary objects come first wherever a name is not qualified.
  const shadowed = (target: Target, actor: Actor, { id }: Seller, question: string) =>
    target.attempt(
      actor,
      `create temporary table subscriptions on commit drop as
       select gen_random_uuid() as id, '${id}'::uuid as user_id, 'scale' as plan_name,
         'active' as status, now() as current_period_end, now() as created_at`,
      "grant select on subscriptions to public",
      question.replace("$1", `'${id}'`),
    );
  const plan = "select plan_name from public.get_user_active_subscription($1)";
  const room = "select public.check_order_limit($1) as room";
  const [theirs, own] = [await requested.addSeller(), await ours.addSeller()];
  await fillTrial(requested, theirs);
  await fillTrial(ours, own);

  assert.deepEqual((await shadowed(requested, theirs, theirs, plan)).rows, [{
    plan_name: "scale",
  }]);
  assert.deepEqual((await shadowed(ours, own, own, plan)).rows, []);
  assert.deepEqual((await shadowed(requested, theirs, theirs, room)).rows, [{ room: true }]);
  assert.equal((await shadowed(ours, own, own, room)).code, "42501");
  assert.deepEqual((await shadowed(ours, "service_role", own, room)).rows, [{ room: false }]);
});

Deno.test("the requested schema's hole: anyone reads any seller's plan and limit", async () => {
  const subscribe = async (target: Target, columns: Record<string, string>) => {
    const seller = await target.addSeller();
    await target.sql`
      insert into public.subscriptions ${
      target.sql({ user_id: seller.id, plan_name: "growth", status: "active", ...columns })
    }`;
    return seller;
  };
  const theirs = await subscribe(requested, { stripe_customer_id: "cus_1" });
  const own = await subscribe(ours, {
    stripe_customer_id: CIPHERTEXT,
    stripe_customer_id_hash: "hash",
  });
  const call = (target: Target, actor: Actor, { id }: Seller) =>
    target.attempt(actor, `select plan_name from get_user_active_subscription('${id}')`);
  const limit = (target: Target, actor: Actor, { id }: Seller) =>
    target.attempt(actor, `select check_order_limit('${id}')`);

  for (const spy of ["anon", await requested.addSeller()] as const) {
    assert.deepEqual((await call(requested, spy, theirs)).rows, [{ plan_name: "growth" }]);
    assert.equal((await limit(requested, spy, theirs)).count, 1);
  }
  const spy = await ours.addSeller();
  assert.equal((await call(ours, "anon", own)).code, "42501");
  assert.deepEqual((await call(ours, spy, own)).rows, []);
  assert.deepEqual((await call(ours, own, own)).rows, [{ plan_name: "growth" }]);
  for (const actor of ["anon", spy] as const) {
    assert.equal((await limit(ours, actor, own)).code, "42501");
  }
});

Deno.test("the requested schema's hole: parallel orders race past check_order_limit", async () => {
  /** Eight connections check the limit, and write only after all of them have checked it. */
  const race = async (target: Target) => {
    const seller = await target.addSeller();
    await takeOrders(target, seller, 9);
    const everyoneChecked = Promise.withResolvers<void>();
    let checking = 8;
    await Promise.all(Array.from({ length: checking }, () =>
      target.sql.begin(async (sql) => {
        const [row] = await sql`select public.check_order_limit(${seller.id}) as room`;
        if (--checking === 0) everyoneChecked.resolve();
        await everyoneChecked.promise;
        assert.equal(row?.room, true);
        await target.takeOrder(sql, seller);
      })));
    return await countOrders(target, seller);
  };
  assert.equal(await race(requested), 17);
  assert.equal(await race(ours), 10);
});

Deno.test("the requested schema's hole: check_order_limit reads more, the more orders there are", async () => {
  const blocksRead = async (target: Target, { id }: Seller) => {
    const reserved = await target.sql.reserve();
    try {
      let blocks = 0;
      // The first time a session looks things up in the catalogue, too.
      for (let n = 0; n < 2; n++) {
        const [row] = await reserved.unsafe(
          `explain (analyze, buffers, format json) select public.check_order_limit('${id}')`,
        );
        const plan = row?.["QUERY PLAN"][0].Plan;
        blocks = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"];
      }
      return blocks;
    } finally {
      reserved.release();
    }
  };
  const growth = async (target: Target) => {
    const seller = await target.addSeller();
    await target.takeOrder(target.sql, seller);
    const few = await blocksRead(target, seller);
    await target.sql.begin(async (sql) => {
      // Copies of the order, without what its triggers do.
      await sql`set local session_replication_role = replica`;
      const columns = await sql`
        select column_name from information_schema.columns
        where table_schema = 'public' and table_name = 'orders' and is_generated = 'NEVER'
          and column_name not in ('id', 'tiktok_order_id')`;
      const names = columns.map((row) => row.column_name).join(", ");
      await sql.unsafe(
        `insert into public.orders (tiktok_order_id, ${names})
         select 'copy ' || n, ${names} from public.orders, generate_series(1, 3000) as n
         where user_id = '${seller.id}'`,
      );
    });
    await target.sql`analyze public.orders`;
    return await blocksRead(target, seller) - few;
  };
  assert.ok(await growth(requested) > 50);
  assert.ok(await growth(ours) < 5);
});

Deno.test("the requested schema's hole: a materialized view shows everyone's revenue", async () => {
  const look = async (target: Target, actor: Actor, view: string) => {
    await target.takeOrder(target.sql, await target.addSeller());
    await target.sql`select public.refresh_dashboard_metrics()`;
    return await target.attempt(actor, `select total_revenue from ${view} where total_revenue > 0`);
  };
  for (const spy of ["anon", await requested.addSeller()] as const) {
    assert.ok((await look(requested, spy, "user_dashboard_metrics")).count > 0);
  }
  const spy = await ours.addSeller();
  for (const actor of ["anon", spy] as const) {
    assert.equal((await look(ours, actor, "private.user_dashboard_metrics")).code, "42501");
  }
  assert.equal((await look(ours, spy, "user_dashboard_metrics")).code, "42P01");
  const own = await ours.attempt(spy, "select get_dashboard_metrics() as figures");
  const { user_id, total_revenue } = own.rows[0]?.figures as Record<string, unknown>;
  assert.deepEqual([user_id, Number(total_revenue)], [spy.id, 0]);
});

Deno.test("the requested schema's hole: orders_realtime_filter filters nothing", async () => {
  // No user is signed in when the backend writes: the filter answers null for every order.
  const theirs = await requested.addSeller();
  const written = await requested.attempt(
    "service_role",
    `insert into orders
       (user_id, tiktok_shop_id, tiktok_order_id, total_amount, shipping_address, order_items)
     values ('${theirs.id}', '${theirs.shop}', '1', 10, '{}', '[]') returning auth.uid() as filter`,
  );
  assert.deepEqual(written.rows, [{ filter: null }]);
  assert.equal(await countOrders(requested, theirs), 1);

  const own = await ours.addSeller();
  await ours.takeOrder(ours.sql, own);
  const filters = (target: Target) =>
    target.sql`select from pg_trigger where tgname = 'orders_realtime_trigger'`;
  assert.equal((await filters(requested)).length, 1);
  assert.equal((await filters(ours)).length, 0);
  // What replaces it: the owner's private topic, which no other user may join.
  const listen = (actor: Actor) =>
    ours.attempt(
      actor,
      `select set_config('realtime.topic', 'user:${own.id}', true)`,
      `select event from realtime.messages where topic = 'user:${own.id}'`,
    );
  assert.deepEqual((await listen(own)).rows, [{ event: "orders_received" }]);
  assert.deepEqual((await listen(await ours.addSeller())).rows, []);
  assert.deepEqual((await listen("anon")).rows, []);
});

Deno.test("the requested schema's hole: create_backup_point cannot work", async () => {
  const call = (target: Target, actor: Actor = "service_role") =>
    target.attempt(actor, "select create_backup_point('before the sale') as location");
  const logs = (target: Target) =>
    target.sql`select details from public.system_logs where event_type = 'backup_created'`;
  const refused = await call(requested);
  assert.match(refused.message ?? "", /permission denied for function pg_create_restore_point/);
  const explained = await call(ours);
  assert.equal(explained.code, "42501");
  assert.equal(explained.message, "The role postgres may not create restore points");
  assert.equal((await logs(ours)).length, 0);

  for (const { sql } of [requested, ours]) {
    await sql`grant execute on function pg_create_restore_point(text) to postgres`;
  }
  // Even where the role may, the log table is missing.
  assert.equal((await call(requested)).code, "42P01");
  const { location } = (await call(ours)).rows[0] ?? {};
  assert.match(String(location), /^[0-9A-F]+\/[0-9A-F]+$/);
  assert.deepEqual((await logs(ours)).map((row) => row.details), [
    { backup_name: "before the sale", location },
  ]);
  for (const actor of ["anon", await ours.addSeller()] as const) {
    assert.equal((await call(ours, actor)).code, "42501");
  }
  assert.equal((await logs(ours)).length, 1);
});

Deno.test("the requested schema's hole: a retry is a second order, and a shop belongs to two sellers", async () => {
  const retry = async (target: Target) => {
    const seller = await target.addSeller();
    const number = nextNumber();
    await target.takeOrder(target.sql, seller, number);
    await target.takeOrder(target.sql, seller, number);
    return await countOrders(target, seller);
  };
  assert.equal(await retry(requested), 2);
  assert.equal(await retry(ours), 1);

  const steal = async (target: Target) => {
    const [owner, other] = [await target.addSeller(), await target.addSeller()];
    return await target.attempt(
      "service_role",
      `update tiktok_shops
       set shop_id = (select shop_id from tiktok_shops where id = '${owner.shop}')
       where id = '${other.shop}'`,
    );
  };
  assert.equal((await steal(requested)).count, 1);
  assert.equal((await steal(ours)).code, "23505");
});

Deno.test("the requested schema's hole: indexes that other indexes contain", async () => {
  const redundant = async (target: Target) => {
    const rows = await target.sql`
      select part.indexrelid::regclass::text as name
      from pg_index as part
      join pg_index as whole on whole.indrelid = part.indrelid and whole.indexrelid <> part.indexrelid
      where part.indrelid in (
          select oid from pg_class
          where relnamespace in (to_regnamespace('public'), to_regnamespace('private'))
        )
        and not part.indisunique and part.indpred is null and whole.indpred is null
        and starts_with(whole.indkey::text || ' ', part.indkey::text || ' ')
      order by 1`;
    return rows.map((row) => row.name);
  };
  assert.deepEqual(await redundant(requested), [
    "idx_analytics_user_id",
    "idx_orders_user_id",
    "idx_users_email",
  ]);
  assert.deepEqual(await redundant(ours), []);
});

Deno.test("the requested schema's hole: statistics need every seller's rows", async () => {
  const day = "2026-11-22";
  const record = async (target: Target, eventType: string, sellers: number) => {
    for (let n = 0; n < sellers; n++) {
      const { id } = await target.addSeller();
      await target.sql`
        insert into public.analytics_events (user_id, event_type, timestamp)
        values (${id}, ${eventType}, ${day + "T12:00:00Z"})`;
    }
  };
  for (const target of [requested, ours]) {
    await record(target, "by_four", 4);
    await record(target, "by_five", 5);
  }
  // In the requested schema a count comes from rows with the sellers' ids, a single one's as well.
  const [aggregates] = await requested
    .sql`select to_regclass('private.daily_event_counts') as name`;
  assert.equal(aggregates?.name, null);
  await ours.sql`select private.aggregate_analytics(${day})`;
  const counts = await ours.attempt("service_role", "select * from private.daily_event_counts");
  assert.deepEqual(counts.rows.map(({ day: _, ...row }) => row), [
    { event_type: "by_five", events: "5", sellers: 5 },
  ]);
  const spy = await ours.addSeller();
  const looked = await ours.attempt(spy, "select * from private.daily_event_counts");
  assert.equal(looked.code, "42501");
});

/** Changes of a seller's rows to values without a meaning: table, assignment, the error of ours. */
const MEANINGLESS = [
  ["users", "created_at = null", "23502"],
  ["users", "subscription_status = 'rich'", "23514"],
  ["users", "subscription_tier = 'platinum'", "23503"],
  ["tiktok_shops", "shop_id = 'my shop'", "23514"],
  ["tiktok_shops", "user_id = null", "23502"],
  ["tiktok_shops", "token_expires_at = null", "23502"],
  ["tiktok_shops", "created_at = null", "23502"],
  ["tiktok_shops", "is_active = false", "428C9"],
  ["orders", "user_id = null", "23502"],
  ["orders", "tiktok_shop_id = null", "23502"],
  ["orders", "order_status = 'lost'", "23514"],
  ["orders", "payment_status = 'lost'", "23514"],
  ["orders", "total_amount = -1", "23514"],
  ["orders", "shipping_cost = -1", "23514"],
  ["orders", "shipping_cost = null", "23502"],
  ["orders", "shipping_address = '[]'", "23514"],
  ["orders", "order_items = '{}'", "23514"],
  ["orders", "created_at = null", "23502"],
  ["shipments", "order_id = null", "23502"],
  ["shipments", "shipping_cost = -1", "23514"],
  ["shipments", "status = null", "23502"],
  ["shipments", "status = 'lost'", "23514"],
  ["shipments", "created_at = null", "23502"],
  ["subscriptions", "user_id = null", "23502"],
  ["subscriptions", "plan_name = 'platinum'", "23503"],
  ["subscriptions", "status = 'rich'", "23514"],
  ["subscriptions", "cancel_at_period_end = null", "23502"],
  ["subscriptions", "created_at = null", "23502"],
  ["analytics_events", "user_id = null", "23502"],
  ["analytics_events", "event_type = 'A b'", "23514"],
  ["analytics_events", "properties = '[]'", "23514"],
  ["analytics_events", "session_id = repeat('x', 129)", "23514"],
  ["analytics_events", "timestamp = null", "23502"],
] as const;

Deno.test("the requested schema's hole: values without a meaning are stored, and large amounts are not", async () => {
  const addRows = async (target: Target, stripe: Record<string, string>) => {
    const { sql } = target;
    const seller = await target.addSeller();
    await target.takeOrder(sql, seller);
    await sql`insert into public.shipments (order_id, carrier, service_type)
      select id, 'USPS', 'Priority' from public.orders where user_id = ${seller.id}`;
    const plan = { user_id: seller.id, plan_name: "growth", status: "active", ...stripe };
    await sql`insert into public.subscriptions ${sql(plan)}`;
    await sql`insert into public.analytics_events (user_id, event_type) values (${seller.id}, 'seen')`;
    return seller;
  };
  const change = async ({ sql }: Target, { id }: Seller, table: string, assignment: string) => {
    const owned = table === "users" ? `id = '${id}'` : `user_id = '${id}'`;
    const orders = `order_id in (select id from public.orders where user_id = '${id}')`;
    const where = table === "shipments" ? orders : owned;
    let result = "";
    await sql.begin(async (transaction) => {
      const { count } = await transaction
        .unsafe(`update public.${table} set ${assignment} where ${where}`);
      result = `${count} stored`;
      throw new Error("Undo it.");
    }).catch((error) => result ||= error.code);
    return result;
  };
  const theirs = await addRows(requested, { stripe_customer_id: "cus_2" });
  const own = await addRows(ours, {
    stripe_customer_id: CIPHERTEXT,
    stripe_customer_id_hash: "hash 2",
  });
  for (const [table, assignment, code] of MEANINGLESS) {
    const attack = `${table}: ${assignment}`;
    assert.match(await change(requested, theirs, table, assignment), /^[1-9]\d* stored$/, attack);
    assert.equal(await change(ours, own, table, assignment), code, attack);
  }
  for (
    const [table, column] of [["orders", "total_amount"], ["shipments", "shipping_cost"]] as const
  ) {
    // 100,000,000 VND are some 4,000 USD.
    assert.equal(await change(requested, theirs, table, `${column} = 100000000`), "22003");
    assert.equal(await change(ours, own, table, `${column} = 100000000`), "1 stored");
  }
});
