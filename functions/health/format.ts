/** The format of the figures: `?format=`, or the header Accept. */
import type { Context } from "hono";
import { accepts } from "hono/accepts";
import { problemOf } from "../../shared/http/problem_table.ts";
import { PROBLEMS } from "./problems.ts";

const TYPES = { json: "application/json", openmetrics: "application/openmetrics-text" };

export type Format = keyof typeof TYPES;

function isFormat(name: string): name is Format {
  return Object.hasOwn(TYPES, name);
}

/** JSON unless the caller prefers OpenMetrics. @throws {Problem} 400 for another `?format=`. */
export function chooseFormat(c: Context): Format {
  const wanted = c.req.query("format");
  if (wanted !== undefined) {
    if (isFormat(wanted)) return wanted;
    throw problemOf(PROBLEMS, "invalid_format");
  }
  const type = accepts(c, {
    header: "Accept",
    supports: Object.values(TYPES),
    default: TYPES.json,
  });
  return type === TYPES.openmetrics ? "openmetrics" : "json";
}
