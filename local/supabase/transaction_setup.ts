/**
 * Sends the begin of a transaction and its settings together with its first statement. @supabase/lite sends
 * the dozen settings of a request one by one; PostgREST sends them in one query.
 */
import type { createPostgresConnection } from "@supabase/lite/postgres";
import type postgres from "postgres";

type Connection = ReturnType<typeof createPostgresConnection>;
type Reserved = postgres.ReservedSql;
type Parameter = postgres.ParameterOrJSON<never>;

/** `set_config` for the transaction; name and value are parameters or literals. */
const SETTING =
  /^select set_config\((\$\d+|'[^']*'), (\$\d+|'[^']*'), (true|\$\d+)\)(?: as "value")?$/i;

/** Result of a statement that is not sent yet. */
const NO_ROWS = Object.assign([], { command: "", count: 0 });

interface Setup {
  begin: string;
  /** Names and values, in turn. */
  settings: string[];
}

/** Name and value of a setting of the transaction; `undefined` for every other statement. */
function readSetting(statement: string, parameters: unknown[]): [string, string] | undefined {
  const [, ...operands] = SETTING.exec(statement) ?? [];
  const [name, value, isLocal] = operands.map((operand) =>
    operand.startsWith("$")
      ? parameters[Number(operand.slice(1)) - 1]
      : operand.replace(/^'|'$/g, "")
  );
  if (typeof name !== "string" || typeof value !== "string") return undefined;
  return String(isLocal) === "true" ? [name, value] : undefined;
}

/** Values are parameters: the log of Postgres shows the text of a failed statement. */
function sendSettings(reserved: Reserved, settings: string[]): Promise<unknown>[] {
  if (settings.length === 0) return [];
  const calls = settings.flatMap((_, i) =>
    i % 2 === 0 ? [`set_config($${i + 1}, $${i + 2}, true)`] : []
  );
  return [reserved.unsafe(`select ${calls.join(", ")}`, settings, { prepare: true }).execute()];
}

/** Sends all of it at once, and waits. @throws {Error} the first error: later ones follow from it. */
async function sendTogether<T>(
  reserved: Reserved,
  { begin, settings }: Setup,
  statement: () => Promise<T>,
): Promise<T> {
  const before = [reserved.unsafe(begin).execute(), ...sendSettings(reserved, settings)];
  const outcomes = await Promise.allSettled([...before, statement()]);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  return (outcomes.at(-1) as PromiseFulfilledResult<T>).value;
}

/** The only two calls that the library's driver makes. */
function holdSetup(reserved: Reserved): Pick<Reserved, "release"> & { unsafe: unknown } {
  let setup: Setup | undefined;
  const send = (statement: string, parameters: Parameter[]) =>
    reserved.unsafe(statement, parameters).execute();
  return {
    release: () => reserved.release(),
    async unsafe(statement: string, parameters: Parameter[] = []) {
      if (/^(begin|start transaction)\b/.test(statement)) {
        setup = { begin: statement, settings: [] };
        return NO_ROWS;
      }
      if (setup === undefined) return await send(statement, parameters);
      const setting = readSetting(statement, parameters);
      if (setting !== undefined) {
        setup.settings.push(...setting);
        return NO_ROWS;
      }
      const held = setup;
      setup = undefined;
      if (/^(commit|rollback)$/.test(statement)) return NO_ROWS;
      return await sendTogether(reserved, held, () => send(statement, parameters));
    },
  };
}

/** Changes how a connection of the library sends its transactions. */
export function joinTransactionSetup({ driver }: Connection): void {
  const reserve = driver.reserve.bind(driver);
  driver.reserve = async () => holdSetup(await reserve()) as Reserved;
}
