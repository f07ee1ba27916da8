/** Ids of rows: in the addresses of pages, which people can change, and in tables. */

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Whether a row may have this id: Postgres answers anything else with an error of its own. */
export function isRowId(text: string): boolean {
  return UUID.test(text);
}

/** The last group: ids that were made in the same hours begin alike. */
export function shortId(id: string): string {
  return id.slice(id.lastIndexOf("-") + 1);
}
