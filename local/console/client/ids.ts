/** Ids in the addresses of pages, which people can change. */

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Whether a row may have this id: Postgres answers anything else with an error of its own. */
export function isRowId(text: string): boolean {
  return UUID.test(text);
}
