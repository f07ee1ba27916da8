/** Ids of the current work: they follow it through every `await`, and into lines, calls and spans. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { LogFields } from "./fields.ts";
import type { LineTrace } from "./line_trace.ts";
import type { ContextField } from "./lines.ts";

export type ContextFields = LogFields<ContextField>;

export interface WorkContext {
  fields: ContextFields;
  /** The open span, where spans become log lines. */
  span?: { trace: LineTrace; id: string };
}

const storage = new AsyncLocalStorage<WorkContext>();

/** The context of the work at hand; without fields outside of a request or an event. */
export function workContext(): WorkContext {
  return storage.getStore() ?? { fields: {} };
}

/** Runs `work` in this context, and in no other. */
export function runInContext<T>(context: WorkContext, work: () => T): T {
  return storage.run(context, work);
}
