/** `task logs`: the functions' log of a data folder. */
import { join, resolve } from "node:path";
import * as z from "zod";
import { type Arguments, command, UsageError } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { DATA_HELP, DATA_OPTION, shownPath, taskLine } from "../cli/data_folder.ts";
import { interruptSignal } from "../cli/interrupt.ts";
import {
  dayAndTime,
  formatLogLine,
  type Level,
  LEVELS,
  type LogLine,
  parseLogLine,
} from "../cli/log_lines.ts";
import { plainText } from "../cli/plain_text.ts";
import { FUNCTION_CONCERNS } from "../stack/receivers.ts";
import { followLines, readLastEntries } from "../functions/read_lines.ts";

const OPTIONS = {
  follow: { type: "boolean", short: "f", default: false },
  function: { type: "string" },
  level: { type: "string", default: "info" },
  request: { type: "string" },
  lines: { type: "string", short: "n", default: "50" },
  json: { type: "boolean", default: false },
  ...DATA_OPTION,
} as const;

type Values = Arguments<typeof OPTIONS>["values"];

/** @throws {UsageError} */
function readLevel(value: string): Level {
  const level = LEVELS.find((name) => name === value);
  if (level) return level;
  throw new UsageError(`--level takes ${LEVELS.join(", ")}, not "${value}".`);
}

/** Whether a line is wanted; other output than log lines is, unless only some lines are. */
function makeFilter(values: Values): (line: LogLine | undefined) => boolean {
  const { function: name, request } = values;
  const names = Object.keys(FUNCTION_CONCERNS);
  if (name !== undefined && !names.includes(name)) {
    throw new UsageError(`--function takes ${names.join(", ")}, not "${name}".`);
  }
  if (request !== undefined && !z.uuid().safeParse(request).success) {
    throw new UsageError(`--request takes the id of a request (a UUID), not "${request}".`);
  }
  const level = LEVELS.indexOf(readLevel(values.level));
  const isNarrow = name !== undefined || request !== undefined || values.json;
  return (line) => {
    if (line === undefined) return !isNarrow;
    // Only programs read their times.
    if (line.message === "spans" && !values.json) return false;
    return LEVELS.indexOf(line.level) >= level && (name === undefined || line.function === name) &&
      (request === undefined || line.request_id === request.toLowerCase());
  };
}

async function showLogs(values: Values): Promise<void> {
  if (!/^\d{1,6}$/.test(values.lines)) {
    throw new UsageError(`--lines takes a number, not "${values.lines}".`);
  }
  const isWanted = makeFilter(values);
  const data = resolve(values.data);
  const path = join(data, "logs", "functions.log");
  const show = (text: string) => {
    const line = parseLogLine(text);
    print(values.json || line === undefined ? plainText(text) : formatLogLine(line, dayAndTime));
  };
  const wanted = (text: string) => isWanted(parseLogLine(text));
  const last = await readLastEntries(path, wanted, Number(values.lines));
  if (last === undefined && !values.follow) {
    const folder = shownPath(data);
    return print(`${folder}/ has no log yet. Start a stack: ${taskLine("start", data)}`);
  }
  for (const entry of last?.entries ?? []) entry.split("\n").forEach(show);
  if (!values.follow) {
    const isEmpty = last?.entries.length === 0 && values.lines !== "0";
    return isEmpty && !values.json ? print("No line of the log matches.") : undefined;
  }
  const stopping = interruptSignal();
  for await (const line of followLines(path, last?.end ?? 0, stopping)) {
    if (wanted(line)) show(line);
  }
  print("Stopped.");
}

export default await command(import.meta, {
  name: "logs",
  help: `Shows the log of the functions, whether a stack runs or not.

  npx -y deno@2.9.5 task logs [options]

  --follow, -f    go on with new lines, until Ctrl-C
  --function NAME only the lines of this function
  --level LEVEL   info, warn or error, and what is worse  (info)
  --request ID    only the lines of this request and of its events
  --lines, -n N   number of entries to begin with, whole  (50)
  --json          the lines as they are, for programs; also those of spans
${DATA_HELP}

docs/logs.md explains every line. Other logs are in the same folder: rest-auth.log, and stack.log of a
stack that was started with --detach.`,
  options: OPTIONS,
  run: ({ values }) => showLogs(values),
});
