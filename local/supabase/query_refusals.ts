/**
 * Refusals of query parameters that PostgREST has and @supabase/lite lacks, or words differently. As PostgREST,
 * it ignores a `limit` or `offset` that is not a number, and what follows a complete list.
 */

interface Refusal {
  /** What was parsed: `columns parameter (id,)`. */
  what: string;
  /** Place of the first character that does not fit, from 1. */
  column: number;
  details: string;
}

const NAME = "field name (* or [a..z0..9_$])";

/** Names, separated by commas. */
const LISTS = ["columns", "on_conflict"];

const PLAIN_NAME = /[\p{L}\p{Nd}_ $]+(?:-[\p{L}\p{Nd}_ $]+)*/uy;
const QUOTED_NAME = /"(?:[^\\"]|\\[^])*"/y;
const SPACES = /[ \t]*/y;

/** Index behind a match at `at`; `undefined` without one. */
function matchAt(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

function foundAt(text: string, at: number): string {
  const character = String.fromCodePoint(...[text.codePointAt(at) ?? []].flat());
  return character === "" ? "unexpected end of input" : `unexpected ${JSON.stringify(character)}`;
}

function unclosedQuote(what: string, text: string): Refusal {
  const details = String.raw`unexpected end of input expecting "\\" or "\""`;
  return { what, column: text.length + 1, details };
}

function refuseNames(parameter: string, text: string): Refusal | undefined {
  const what = `${parameter} parameter (${text})`;
  for (let at = 0;;) {
    const isQuoted = text[at] === '"';
    const end = matchAt(isQuoted ? QUOTED_NAME : PLAIN_NAME, text, at);
    if (end === undefined) {
      if (isQuoted) return unclosedQuote(what, text);
      return { what, column: at + 1, details: `${foundAt(text, at)} expecting ${NAME}` };
    }
    const comma = matchAt(SPACES, text, end) ?? end;
    if (text[comma] !== ",") return undefined;
    at = matchAt(SPACES, text, comma + 1) ?? comma + 1;
  }
}

/** A quotation mark that is not closed; @supabase/lite answers it with 500. */
function refuseSelect(text: string): Refusal | undefined {
  const open = text.replaceAll(new RegExp(QUOTED_NAME.source, "g"), "").includes('"');
  return open ? unclosedQuote(`select parameter (${text})`, text) : undefined;
}

function toResponse({ what, column, details }: Refusal): Response {
  const message = `"failed to parse ${what}" (line 1, column ${column})`;
  return Response.json({ code: "PGRST100", details, hint: null, message }, { status: 400 });
}

/** The refusal of a request, before anything is done for it. */
export function refuseQuery(request: Request): Response | undefined {
  if (!request.url.includes("?")) return undefined;
  const query = new URL(request.url).searchParams;
  for (const parameter of LISTS) {
    const text = query.get(parameter);
    const refusal = text === null ? undefined : refuseNames(parameter, text);
    if (refusal !== undefined) return toResponse(refusal);
  }
  const refusal = refuseSelect(query.get("select") ?? "");
  return refusal && toResponse(refusal);
}

const OPERATORS = ["eq", "neq", "gt", "gte", "lt", "lte", "like", "ilike", "match", "imatch"]
  .concat(["in", "is", "isdistinct", "fts", "plfts", "phfts", "wfts"])
  .concat(["cs", "cd", "ov", "sl", "sr", "nxr", "nxl", "adj"]);

/** The first character that differs from `word`. */
function differsFrom(word: string, text: string): string {
  const at = [...word].findIndex((character, i) => text[i] !== character);
  return foundAt(text, at);
}

/** PostgREST's words about a filter without an operator. */
function refuseFilter(text: string): Refusal | undefined {
  const isNegated = text.startsWith("not.");
  const rest = isNegated ? text.slice("not.".length) : text;
  if (OPERATORS.some((operator) => rest.startsWith(operator))) return undefined;
  const what = `filter (${text})`;
  const operator = "operator (eq, gt, ...)";
  return isNegated
    ? { what, column: 5, details: `${differsFrom("in", rest)} expecting ${operator}` }
    : { what, column: 1, details: `${differsFrom("not", rest)} expecting "not" or ${operator}` };
}

/** Puts PostgREST's words into an answer about a filter. */
export async function rewordRefusal(response: Response): Promise<Response> {
  if (response.status !== 400) return response;
  const { message } = await response.clone().json().catch(() => ({}));
  const [, text] = /^"failed to parse filter \(([^]*)\)" \(line 1, column \d+\)$/.exec(message) ??
    [];
  const refusal = text === undefined ? undefined : refuseFilter(text);
  return refusal === undefined ? response : toResponse(refusal);
}
