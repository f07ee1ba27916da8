/** The schema of a migrated database, read once a process for all of its stacks. */
import type { SchemaCache } from "../../local/supabase/lite_connection.ts";

/** By library and login. */
const schemas = new Map<string, string>();

/** Each stack has a database of its own, which all hold the same schema. */
function withoutDatabase(key: string): string {
  return key.slice(0, key.lastIndexOf("/"));
}

/** For one stack, which reads its schema itself as soon as it may differ. */
export function createSharedSchema(): SchemaCache {
  let mayDiffer = false;
  return {
    get: (key) => Promise.resolve(mayDiffer ? undefined : schemas.get(withoutDatabase(key))),
    set(key, schema) {
      if (!mayDiffer) schemas.set(withoutDatabase(key), schema);
      return Promise.resolve();
    },
    delete() {
      mayDiffer = true;
      return Promise.resolve();
    },
  };
}
