/**
 * Sends the begin of a transaction, its role and its settings together with its first statement, and reads the
 * status that a function has set in the same turn. @supabase/lite sends the dozen settings of a request one by
 * one; PostgREST sends them in one query.
 */

export interface StatementResult {
  command: string;
  rowCount: number | null;
  rows: unknown[];
}

/** A connection of the pool, which sends a statement without waiting for those before it. */
export interface PipelinedClient {
  /** @param keepsPlan Whether the session keeps its plan: of statements whose texts are few. */
  query(
    statement: string,
    parameters: readonly unknown[],
    keepsPlan?: boolean,
  ): Promise<StatementResult>;
  /** Whether the statement is sent before later ones: Postgres describes a new one's parameters first. */
  isKnown(statement: string): boolean;
  /** Sends texts, whose types need no description. */
  queryTexts(statement: string, texts: string[]): Promise<StatementResult>;
  release(): void;
}

/** What @supabase/lite sends to a connection. */
type Connection = Pick<PipelinedClient, "query" | "release">;

/** `set_config` for the transaction; name and value are parameters or literals. */
const SETTING =
  /^select set_config\((\$\d+|'[^']*'), (\$\d+|'[^']*'), (true|\$\d+)\)(?: as "value")?$/i;

/** The same as the setting `role`. */
const ROLE = /^set local role "([^"]+)"$/i;

/** A call of a function: @supabase/lite reads next which status and headers it has set. */
const CALL = /^select \* from [\w".]+\(/;
const ANSWER = /^\s*select current_setting\('response\.status', true\)/i;

/** Result of a statement that is not sent yet. */
const NO_ROWS: StatementResult = { command: "", rowCount: 0, rows: [] };

interface Setup {
  begin: string;
  /** Names and values, in turn. */
  settings: string[];
}

/** Name and value of a setting of the transaction; `undefined` for every other statement. */
function readSetting(
  statement: string,
  parameters: readonly unknown[],
): [string, string] | undefined {
  const role = ROLE.exec(statement)?.[1];
  if (role !== undefined) return ["role", role];
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
function sendSettings(client: PipelinedClient, settings: string[]): Promise<StatementResult>[] {
  if (settings.length === 0) return [];
  const calls = settings.flatMap((_, i) =>
    i % 2 === 0 ? [`set_config($${i + 1}, $${i + 2}, true)`] : []
  );
  return [client.queryTexts(`select ${calls.join(", ")}`, settings)];
}

/** Sends all of it at once, and waits. @throws {Error} the first error: later ones follow from it. */
async function sendTogether(
  client: PipelinedClient,
  { begin, settings }: Setup,
  statement: () => Promise<StatementResult>,
): Promise<StatementResult> {
  const before = [client.query(begin, []), ...sendSettings(client, settings)];
  const outcomes = await Promise.allSettled([...before, statement()]);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  return (outcomes.at(-1) as PromiseFulfilledResult<StatementResult>).value;
}

/** What @supabase/lite reads after each call of a function, as it has sent it the first time. */
export interface KnownAnswer {
  statement?: string;
}

/**
 * The client, with another way to send its transactions.
 * @param answer One for all clients of an app.
 */
export function joinTransactionSetup(
  client: PipelinedClient,
  answer: KnownAnswer = {},
): Connection {
  let setup: Setup | undefined;
  /** Read ahead of its statement. */
  let read: Promise<StatementResult> | undefined;

  /** Sends a call, and behind it what is read of its answer: an error of the call is that of both. */
  function sendCall(statement: string, parameters: readonly unknown[]): Promise<StatementResult> {
    const isKnown = client.isKnown(statement);
    const isCall = CALL.test(statement);
    const sent = client.query(statement, parameters, isCall);
    if (isKnown && answer.statement !== undefined && isCall) {
      read = client.query(answer.statement, [], true);
      read.catch(() => {});
    }
    return sent;
  }

  return {
    release: () => client.release(),
    async query(statement, parameters) {
      const ahead = read;
      read = undefined;
      if (ANSWER.test(statement)) {
        if (ahead !== undefined && statement === answer.statement) return await ahead;
        answer.statement = statement;
      }
      if (/^(begin|start transaction)\b/.test(statement)) {
        setup = { begin: statement, settings: [] };
        return NO_ROWS;
      }
      if (setup === undefined) return await client.query(statement, parameters);
      const setting = readSetting(statement, parameters);
      if (setting !== undefined) {
        setup.settings.push(...setting);
        return NO_ROWS;
      }
      const held = setup;
      setup = undefined;
      if (/^(commit|rollback)$/.test(statement)) return NO_ROWS;
      return await sendTogether(client, held, () => sendCall(statement, parameters));
    },
  };
}
