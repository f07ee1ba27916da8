/** Attack: a man in the middle between a command and its database, with a certificate that no authority has signed. */
import assert from "node:assert/strict";
import { inTransaction } from "../../local/backup/session.ts";
import { parseTarget } from "../../local/cli/target.ts";
import { runSupabaseCli } from "../../local/supabase/cli.ts";
import { callCommand } from "../support/run_command.ts";
import { ADDRESS, PASSWORD, startListeningPostgres } from "../support/listening_postgres.ts";

/** Commands that connect to the database of `--db-url`. */
const COMMANDS: [name: string, args: string[]][] = [
  ["events", []],
  ["db_health_check", []],
  ["migration_up", []],
  ["db_seed", ["--yes", "--not-local", ADDRESS]],
];

// Other systems have no second address of their own.
const options = { ignore: Deno.build.os !== "linux" };

Deno.test(
  "a listener in the place of a database receives no password, whatever the address asks for",
  options,
  async () => {
    await using listener = await startListeningPostgres();
    for (const [name, args] of COMMANDS) {
      const { code, text } = await callCommand(name, [...args, "--db-url", listener.url]);
      assert.equal(code, 1, `${name}: ${text}`);
      assert.match(
        text,
        /certificate of the database was refused.*Nothing was sent.*--db-ca/,
        name,
      );
      assert.ok(!text.includes(PASSWORD));
    }
    for (const mode of ["require", "prefer", "allow", "no-verify", "verify-ca"]) {
      const { text } = await callCommand("events", ["--db-url", `${listener.url}?sslmode=${mode}`]);
      assert.match(text, /certificate of the database was refused/, mode);
    }
    const address = new URL(parseTarget(listener.url).url);
    await assert.rejects(inTransaction(address, "", () => Promise.resolve()), /was refused/);
    const databaseUrl = `${listener.url}?sslmode=require`;
    await assert.rejects(runSupabaseCli(["migration", "list"], { databaseUrl }), /tls error/);
    assert.deepEqual(listener.passwords, []);
  },
);

Deno.test(
  "--db-ca trusts the authority of a database, for its own address only",
  options,
  async () => {
    await using database = await startListeningPostgres();
    const trusted = ["--db-url", database.url, "--db-ca", database.caFile];
    const { text } = await callCommand("events", trusted);
    assert.match(text, /the password was taken/);
    assert.deepEqual(database.passwords, [PASSWORD]);
    const databaseUrl = `${database.url}?sslmode=verify-full&sslrootcert=${database.caFile}`;
    await assert.rejects(runSupabaseCli(["migration", "list"], { databaseUrl }), (error: Error) => {
      assert.match(error.message, /the password was taken/);
      assert.ok(!error.message.includes(PASSWORD));
      return true;
    });
    assert.deepEqual(database.passwords, [PASSWORD, PASSWORD]);

    await using other = await startListeningPostgres("127.0.0.3");
    const foreign = await callCommand("events", [
      ...["--db-url", other.url],
      ...["--db-ca", other.caFile],
    ]);
    assert.match(foreign.text, /certificate of the database was refused/);
    const missing = await callCommand("events", ["--db-url", other.url, "--db-ca", "missing.pem"]);
    assert.match(missing.text, /missing\.pem, cannot be read/);
    assert.deepEqual(other.passwords, []);
  },
);
