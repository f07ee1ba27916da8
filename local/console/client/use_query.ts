/// <reference lib="dom" />
/** Reads data for a page, and reads it again whenever it may have changed. */
import { useLayoutEffect, useRef } from "hono/jsx/dom";
import { CallError } from "./errors.ts";
import { useState } from "./hooks.ts";
import { onChange } from "./live.ts";
import { noteAnswer, noteSilence } from "./reachable.ts";
import { supabase } from "./supabase.ts";

export interface Query<Data> {
  /** The last answer for this key; it stays while a newer one is read. */
  data: Data | undefined;
  error: CallError | undefined;
  reload: () => void;
}

export interface QueryOptions<Data> {
  /** Whether it has rows of orders or shipments, so that it is read again when they change. @default {true} */
  hasRows?: boolean;
  /** Reads again at this pace, for what no message announces within ten seconds. @default {never} */
  everyMs?: number;
  /** Whether this is the answer that was awaited, which ends that pace. @default {never} */
  until?: (data: Data) => boolean;
}

interface Answer<Data> {
  key: string;
  data?: Data;
  error?: CallError;
}

function toError(error: unknown): CallError {
  if (error instanceof CallError) return error;
  return new CallError("refused", "unexpected", (error as Error).message);
}

/** An account that a reset has deleted, or a session that has ended. */
async function handleFailure(error: CallError): Promise<void> {
  if (error.kind === "offline") noteSilence();
  if (error.kind === "signed_out") await supabase.auth.signOut({ scope: "local" });
}

/**
 * @param key Names what is read: another key is another question, and forgets the answer before.
 * @param load Rejects with a `CallError`.
 */
export function useQuery<Data>(
  key: string,
  load: () => Promise<Data>,
  { hasRows = true, everyMs, until }: QueryOptions<Data> = {},
): Query<Data> {
  const [answer, setAnswer] = useState<Answer<Data>>({ key });
  const latest = useRef({
    ...{ key, load, until, isRunning: false, isWaiting: false },
    reading: undefined as ReturnType<typeof setInterval> | undefined,
  });
  const state = latest.current as NonNullable<typeof latest.current>;
  state.load = load;
  state.key = key;
  state.until = until;

  const read = async (): Promise<void> => {
    // One at a time: a slow answer never replaces a newer one.
    if (state.isRunning) {
      state.isWaiting = true;
      return;
    }
    state.isRunning = true;
    const asked = state.key;
    try {
      const data = await state.load();
      noteAnswer();
      if (asked === state.key) setAnswer({ key: asked, data });
      if (asked === state.key && state.until?.(data)) clearInterval(state.reading);
    } catch (caught) {
      const error = toError(caught);
      if (asked === state.key) {
        setAnswer((before) => before.key === asked ? { ...before, error } : { key: asked, error });
      }
      await handleFailure(error);
    } finally {
      state.isRunning = false;
      if (state.isWaiting || asked !== state.key) {
        state.isWaiting = false;
        void read();
      }
    }
  };

  const readIfSeen = () => void (document.hidden || read());

  useLayoutEffect(() => {
    void read();
    state.reading = everyMs === undefined ? undefined : setInterval(readIfSeen, everyMs);
    const stop = onChange((change) => {
      if (hasRows || change === "anything") void read();
    });
    return () => {
      clearInterval(state.reading);
      stop();
    };
  }, [key]);

  const current: Answer<Data> = answer.key === key ? answer : { key };
  return { data: current.data, error: current.error, reload: () => void read() };
}
