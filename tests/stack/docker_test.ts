/** Settings and seed for `supabase start` with Docker, as far as they can be checked without it. */
import assert from "node:assert/strict";
import { parse } from "smol-toml";
import { parseStartOptions } from "../../local/cli/stack_options.ts";
import { open, SELLERS } from "../support/seed_sellers.ts";
import { createTestDatabase } from "../support/stack.ts";

const SUPABASE = new URL("../../supabase/", import.meta.url);

const config = await Deno.readTextFile(new URL("config.toml", SUPABASE));

Deno.test("config.toml: no port is privileged or taken twice; the database's are not ours", () => {
  const { api, db, studio } = parse(config) as Record<string, Record<string, number>>;
  const ports = [api?.port, studio?.port, db?.port, db?.shadow_port];
  const stack = parseStartOptions([]);
  assert.equal(new Set([...ports, stack?.dbPort, 54400]).size, 6);
  for (const port of ports) assert.ok(port !== undefined && port > 1023);
  // Linux gives out free ports from 32768 on: tests and `--db-port 0` take those.
  for (const port of [db?.port, db?.shadow_port]) assert.ok(port !== undefined && port < 32768);
});

/** Columns that Supabase's Auth reads into types without null (internal/models/user.go, identity.go). */
const NOT_NULL = {
  users: [
    ...["id", "aud", "role", "is_sso_user", "is_anonymous", "instance_id", "created_at"],
    ...["confirmation_token", "recovery_token", "reauthentication_token", "updated_at"],
    ...["email_change", "email_change_token_current", "email_change_token_new"],
    ...["email_change_confirm_status", "phone_change", "phone_change_token"],
  ],
  identities: ["id", "provider_id", "user_id", "provider", "created_at", "updated_at"],
};

Deno.test("seed.sql: Supabase's Auth finds its sellers and reads their rows", async () => {
  await using database = await createTestDatabase();
  await using sql = open(database.url);
  // As in Supabase's Auth: these columns have no default, and there is an instance.
  await sql.unsafe(`
    alter table auth.users add column instance_id uuid,
      alter created_at drop default, alter updated_at drop default;
    alter table auth.identities alter created_at drop default, alter updated_at drop default`);
  await sql.unsafe(await Deno.readTextFile(new URL("seed.sql", SUPABASE)));
  // The query of its sign-in (findUser in internal/models/user.go).
  const users = await sql`
    select * from auth.users
    where instance_id = '00000000-0000-0000-0000-000000000000' and aud = 'authenticated'
      and is_sso_user = false and lower(email) in ${sql(Object.values(SELLERS))}`;
  const identities = await sql`select * from auth.identities`;
  assert.deepEqual([users.length, identities.length], [2, 2]);
  for (const [rows, columns] of [[users, NOT_NULL.users], [identities, NOT_NULL.identities]]) {
    for (const row of rows as Record<string, unknown>[]) {
      assert.deepEqual((columns as string[]).filter((name) => row[name] == null), []);
    }
  }
  for (const user of users) {
    assert.match(user.encrypted_password, /^\$2[aby]\$10\$.{53}$/);
    assert.ok(user.email_confirmed_at);
    assert.deepEqual(user.raw_app_meta_data, { provider: "email", providers: ["email"] });
    const identity = identities.find((row) => row.user_id === user.id);
    assert.equal(identity?.provider, "email");
    assert.equal(identity?.provider_id, user.id);
    assert.equal(identity?.identity_data.sub, user.id);
    assert.equal(identity?.identity_data.email, user.email);
  }
});
