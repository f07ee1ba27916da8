/** Recognises a stack by its public port. */

const ANSWER_MS = 500;

/** Whether a CreatorFlow stack, or its simulators alone, answer on the port of this machine. */
export async function isStackAt(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/simulators`, {
      headers: { accept: "application/json" },
      redirect: "error",
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const { control } = await response.json();
    const paths: unknown[] = Object.values(control);
    return response.ok && paths.length > 0 &&
      paths.every((path) => /^\/simulators\/[a-z]+\/control$/.test(String(path)));
  } catch {
    return false;
  }
}
