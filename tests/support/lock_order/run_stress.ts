/** Many connections that call SQL functions at random over few rows, and what went wrong. */
import postgres from "postgres";
import { type Random, seededRandom } from "../random.ts";
import { CALLS, OFTEN } from "./calls.ts";

export interface Stress {
  /** Number of calls that ended well or were refused. */
  calls: number;
  /** Number of errors, by SQLSTATE and call. */
  errors: Record<string, number>;
  /** What Postgres said of each deadlock and each lock that was waited for too long. */
  lockFailures: string[];
}

const CONNECTIONS = 24;
const DEADLOCK = "40P01";
const LOCK_TIMEOUT = "55P03";
/** New orders take the place of the older ones after so many calls. */
const CALLS_PER_WINDOW = 600;

/** Postgres looks for deadlocks at once, and nothing waits as long as the platform lets it wait. */
const IMPATIENT = { deadlock_timeout: "20ms", lock_timeout: "5s" } as Record<string, string>;

const NAMES = Object.keys(CALLS).flatMap((name) =>
  Array.from({ length: OFTEN[name] ?? 1 }, () => name)
);

/** The statements of one call, each a transaction of its own. */
function statementsOf(name: string, random: Random, window: number): string[] {
  const numbers: Record<string, number> = { w: 1 + window };
  for (const letter of ["a", "b", "c"]) numbers[letter] = random.whole(0, 100_000);
  return [CALLS[name] ?? []].flat().map((call) =>
    `select ${call.replaceAll(/\$([abcw])/g, (_, letter: string) => String(numbers[letter]))}`
  );
}

async function readSql(name: string): Promise<string> {
  return await Deno.readTextFile(new URL(name, import.meta.url));
}

/** Counts an error; where one call waited for another, it names both. */
function note(result: Stress, running: Map<number, string>, name: string, error: unknown): void {
  if (!(error instanceof postgres.PostgresError)) throw error;
  const key = `${error.code} ${name}`;
  result.errors[key] = (result.errors[key] ?? 0) + 1;
  if (![DEADLOCK, LOCK_TIMEOUT].includes(error.code)) return;
  const detail = (error.detail ?? error.message).replaceAll(
    /rocess (\d+)/g,
    (_, pid) => `rocess ${pid} (${running.get(Number(pid))})`,
  );
  result.lockFailures.push([key, detail, error.where].join("\n"));
}

/** Adds the world to a migrated database. */
export async function prepareStress(sql: postgres.Sql): Promise<void> {
  await sql.unsafe(await readSql("world.sql")).simple();
  await sql.unsafe(await readSql("audit.sql")).simple();
}

/** @param url As a superuser. */
export async function runStress(
  url: string,
  { seed, calls }: { seed: number; calls: number },
): Promise<Stress> {
  const random = seededRandom(seed);
  const result: Stress = { calls: 0, errors: {}, lockFailures: [] };
  const running = new Map<number, string>();
  const work = async () => {
    const sql = postgres(url, { max: 1, onnotice: () => {}, connection: IMPATIENT });
    try {
      const [session] = await sql`select pg_backend_pid() as pid`;
      while (result.calls < calls) {
        const name = NAMES[random.whole(0, NAMES.length - 1)] as string;
        const window = Math.floor(result.calls++ / CALLS_PER_WINDOW);
        running.set(session?.pid, name);
        for (const statement of statementsOf(name, random, window)) {
          await sql.unsafe(statement).catch((error) => note(result, running, name, error));
        }
      }
    } finally {
      await sql.end();
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  return result;
}
