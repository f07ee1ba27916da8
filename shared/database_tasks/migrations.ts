/** `migrations`: what is applied and pending, with the lock and the effect of each pending statement. */
import type { AppliedMigrations } from "./catalog.ts";
import type { Answer } from "./answer.ts";
import type { MigrationFiles } from "./schemas.ts";

/** Effects that hold a lock for as long as the table is large. */
const LONG = ["scan", "rewrite", "data"];

export function describeMigrations(
  applied: AppliedMigrations,
  pending: MigrationFiles["pending"] | undefined,
): Answer {
  const statements = (pending ?? []).flatMap(({ file, statements }) =>
    statements.map((statement) => ({ file, ...statement }))
  );
  const risky = statements.filter(({ effect, tables }) =>
    LONG.includes(effect) && tables.length > 0
  );
  return {
    deliverable: { type: "migrations", applied, pending: pending ?? null },
    notes: [
      `${applied.length} migrations are applied.`,
      ...(!pending
        ? [
          "Pending files are unknown here: npx -y deno@2.9.5 task db:task FILE reads and parses them.",
        ]
        : [
          `${pending?.length ?? 0} migrations are pending, with ${statements.length} statements.`,
        ]),
      ...risky.map(({ file, lock, effect, tables }) =>
        `${file}: ${effect} of ${tables.join(", ")} under ${lock}.`
      ),
    ],
    checklist: [
      "Back the database up: npx -y deno@2.9.5 task db:backup.",
      "Apply the migrations to a copy first, and run the tests there.",
      "Set lock_timeout to a few seconds: a statement that waits for a lock stops all that come after it.",
      ...risky.flatMap(({ file, safe_form }) =>
        safe_form === null ? [] : [`${file}: ${safe_form}`]
      ),
      "Apply them: npx -y deno@2.9.5 task migration:up, or npx -y deno@2.9.5 task deploy.",
      "Afterwards check npx -y deno@2.9.5 task db:health-check, and write types and snapshot again.",
    ],
  };
}
