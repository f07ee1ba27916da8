/** Errors that another attempt may not have. */

/** Codes of Postgres: connection, resources, shutdown, and a slot that its last reader still has. */
const TRANSIENT_CODES = /^(08|53|57P|55006)/;

/** Whether an error is of the connection, and not of the statement. */
export function isTransient(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === undefined || !/^[0-9A-Z]{5}$/.test(code) || TRANSIENT_CODES.test(code);
}
