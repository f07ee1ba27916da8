/** What a person reads about an error of the system: one sentence with the way out, and no error number. */

import * as z from "zod";
import { describeIssues } from "../../shared/values/zod_messages.ts";

/** Deno's message: `Permission denied (os error 13): mkdir '/data'`. */
const FILE_ERROR = /^([^:]+) \(os error \d+\): (\w+)(?: '(.+?)'(?: -> '(.+)')?)?/;

/** Deno's names of operations that only read. */
const READING = ["readfile", "readdir", "stat", "lstat", "readlink", "realpath"];

/** The sentence about a file that a command was to read. @param message Deno's. */
export function unreadable(path: string, message: string): string {
  const [reason] = message.split(" (os error");
  return `${path} cannot be read (${reason}). Check the path, and who may read it.`;
}

function explainFileError(message: string): string | undefined {
  const [, reason = "", operation = "", from, to] = FILE_ERROR.exec(message) ?? [];
  if (reason === "") return undefined;
  const path = to ?? from;
  if (path === undefined) {
    return `The folder of temporary files cannot be written (${reason}). Set TMPDIR to another folder.`;
  }
  if (READING.includes(operation)) {
    return unreadable(path, reason);
  }
  return `${path} cannot be written (${reason}). Allow this user to write there, or name another place.`;
}

function explainConnection(message: string): string | undefined {
  const [, code, target] = /^(?:connect|getaddrinfo) (E[A-Z_]+) (\S+)$/.exec(message) ?? [];
  if (code === undefined) return undefined;
  return `Nothing answers at ${target} (${code}). Check the address, and that it runs.`;
}

/** An answer or a file of another form: Zod's own message is its list of issues as JSON. */
function explainIssues(error: unknown): string | undefined {
  if (!(error instanceof z.core.$ZodError)) return undefined;
  return `An answer or a file does not have the expected form. ${
    describeIssues(error.issues, "all of it")
  }`;
}

/** One sentence for errors of files and connections, the error's own message otherwise. */
export function errorMessage(error: unknown): string {
  const { message } = error as Error;
  return explainIssues(error) ?? explainFileError(message) ?? explainConnection(message) ?? message;
}
