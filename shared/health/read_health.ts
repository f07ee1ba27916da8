/** The health of the running system: what anyone may know, and every figure for operators. */
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import type { DatabaseClient } from "../database/client.ts";
import { errorText, log } from "../log.ts";

/** Shorter than the 5 s that a status is kept, so one process waits for one call at most. */
const TIMEOUT_MS = 3_000;

const Status = z.object({
  status: z.enum(["healthy", "critical"]),
  /** The newest migration of the database. */
  version: z.nullable(z.string()),
});

export const Figure = z.object({
  metric: z.string(),
  /** The job, source or period; `null` for a figure of the whole system. */
  subject: z.nullable(z.string()),
  /** `null` if it is not known. */
  value: z.nullable(z.number()),
  status: z.enum(["healthy", "warning", "critical", "info"]),
  warning: z.nullable(z.number()),
  critical: z.nullable(z.number()),
  /** On which side of the thresholds the bad values are; `null` without thresholds. */
  bad_when: z.nullable(z.enum(["above", "below"])),
});
export type Figure = z.infer<typeof Figure>;

export const Health = z.object({
  /** The worst of all figures. */
  status: z.enum(["healthy", "warning", "critical"]),
  version: z.nullable(z.string()),
  checked_at: z.string(),
  figures: z.array(Figure),
});
export type Health = z.infer<typeof Health>;

export const ServiceStatus = z.extend(Status, {
  /** `unavailable`: the database does not answer. */
  status: z.enum([...Status.shape.status.options, "unavailable"]),
});
export type ServiceStatus = z.infer<typeof ServiceStatus>;

/** The part of the health that anyone may read. Never rejects. */
export async function readStatus(database: DatabaseClient): Promise<ServiceStatus> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    return await callFunction(database, "read_health_status", {}, Status, { signal });
  } catch (error) {
    log.error("health is not readable", { error: errorText(error) });
    return { status: "unavailable", version: null };
  }
}

/** Every figure, measured now. @throws {DatabaseError} */
export async function readHealth(database: DatabaseClient): Promise<Health> {
  return await callFunction(database, "read_health", {}, Health);
}
