/** A value that is created late. */

/** Creates the value at its first use; a failure is not kept. */
export function createOnFirstUse<T>(create: () => T): () => T {
  let created: { value: T } | undefined;
  return () => (created ??= { value: create() }).value;
}
