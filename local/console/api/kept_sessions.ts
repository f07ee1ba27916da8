/** The operator's sessions in the data folder, so that they outlive a restart of the stack. */

export interface SessionStore {
  /** The end of each session, by the digest of its token. */
  load: () => Map<string, number>;
  save: (sessions: ReadonlyMap<string, number>) => void;
}

/** For a process that keeps nothing. */
export const noStore: SessionStore = { load: () => new Map(), save: () => {} };

function readEntries(path: string): [digest: string, end: number][] {
  try {
    return Object.entries(JSON.parse(Deno.readTextFileSync(path)));
  } catch (error) {
    // What is cut or missing holds no session: the operator opens another link.
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return [];
    throw error;
  }
}

/** A file that only its owner may read; it holds digests, not tokens. */
export function sessionFile(path: string): SessionStore {
  return {
    load: () => new Map(readEntries(path)),
    save(sessions) {
      const partial = `${path}.${crypto.randomUUID()}`;
      Deno.writeTextFileSync(partial, JSON.stringify(Object.fromEntries(sessions)), {
        mode: 0o600,
      });
      Deno.renameSync(partial, path);
    },
  };
}
