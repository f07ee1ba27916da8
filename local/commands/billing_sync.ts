/** `deno task billing:sync`: compares Stripe's subscriptions with ours now; every night it runs anyway. */
import { resolve } from "node:path";
import * as z from "zod";
import { createServiceClient, type DatabaseClient } from "../../shared/database/client.ts";
import { unwrap } from "../../shared/database/errors.ts";
import { command } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { countOf } from "../cli/count_of.ts";
import { DATA_OPTION } from "../cli/data_folder.ts";
import {
  countOrphans,
  followSync,
  type Project,
  requestSync,
} from "../operations/sync_subscriptions.ts";
import { findRunningStack, supabaseConfigOf } from "../stack/running_stack.ts";

/** The project at `url`, or the running stack. */
async function findProject(url: string | undefined, data: string): Promise<Project> {
  if (url === undefined) {
    const config = supabaseConfigOf(await findRunningStack(resolve(data)));
    return { ...config, database: createServiceClient(config) };
  }
  const secretKey = Deno.env.get("SUPABASE_SECRET_KEY");
  if (!secretKey) throw new Error("Set SUPABASE_SECRET_KEY to a secret key of the project.");
  const config = {
    url: url.replace(/\/+$/, ""),
    secretKey,
    publishableKey: secretKey,
    secretKeys: [secretKey],
  };
  return { ...config, database: createServiceClient(config) };
}

/** @param user An id or an e-mail address. */
async function findUserId(database: DatabaseClient, user: string): Promise<string> {
  if (z.uuid().safeParse(user).success) return user;
  // Auth keeps addresses in small letters.
  const email = user.trim().toLowerCase();
  const rows = unwrap("users", await database.from("users").select("id").eq("email", email));
  const [row] = rows;
  if (row === undefined) throw new Error(`Unknown user: ${user}.`);
  return row.id;
}

export default await command(import.meta, {
  name: "billing:sync",
  help: `Compares Stripe's subscriptions with ours, repairs differences, and prints their number.

  npx -y deno@2.9.5 task billing:sync [USER] [options]

  USER          a user's id or e-mail address; without it all users
  --url URL     a project's address, with its secret key in SUPABASE_SECRET_KEY
  --data DIR    data folder of the running stack, for its address and key   (.local)

The same comparison runs every night.`,
  options: { url: { type: "string" }, ...DATA_OPTION },
  positionals: ["[USER]"],
  async run({ values, positionals: [user] }) {
    const project = await findProject(values.url, values.data);
    const { database } = project;
    const userId = user === undefined ? undefined : await findUserId(database, user);
    const outcome = await followSync(database, await requestSync(project, userId), print);
    print(
      `Compared ${
        countOf(outcome.checked, "subscription")
      } with Stripe's: ${outcome.repaired} repaired.`,
    );
    if (outcome.unreadable > 0) {
      print(
        `Not compared: ${outcome.unreadable}, whose stored ids ENCRYPTION_KEYS does not decrypt. ` +
          "See which: npx -y deno@2.9.5 task keys:rotate",
      );
    }
    const orphans = userId === undefined ? await countOrphans(database) : 0;
    if (orphans > 0) {
      print(
        `${
          countOf(orphans, "live subscription")
        } without an account: see subscription_orphaned in system_logs, ` +
          "and docs/runbooks/billing.md.",
      );
    }
    if (outcome.failed > 0) {
      throw new Error(`${outcome.failed} could not be stored: see the log of the functions.`);
    }
  },
});
