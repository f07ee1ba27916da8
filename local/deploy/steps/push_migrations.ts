import { runSupabaseCli } from "../../supabase/cli.ts";
import { missingMigrations } from "../../supabase/migration_files.ts";
import { findValue, type Step } from "../step.ts";

export const pushMigrations: Step = {
  name: "migrations",
  does: "Applies the migrations that the database lacks: supabase db push --remote.",
  leaves: "It never resets or seeds the database, and does not undo a migration.",
  async run(deployment) {
    const url = findValue(deployment, "databaseUrl");
    const missing = await missingMigrations(url);
    if (missing.length === 0) {
      return { changed: false, lines: ["the database has every migration"] };
    }
    await runSupabaseCli(["db", "push", "--yes"], { databaseUrl: url }).catch((cause) => {
      const hint = "The migrations before it are applied and stay. See docs/deploy.md, " +
        '"When a step fails".';
      throw new Error(`${cause.message}\n${hint}`, { cause });
    });
    return { changed: true, lines: [`applied ${missing.length}, up to ${missing.at(-1)}`] };
  },
};
