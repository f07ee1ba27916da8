/** The settings of the role that REST switches to: Postgres applies only those of the login. */
import type { PostgresConnection } from "@supabase/lite/postgres";

type Setting = [name: string, value: string];

async function readSettings(connection: PostgresConnection): Promise<Map<string, Setting[]>> {
  const { rows } = await connection.exec<{ rows: { role: string; setting: string }[] }>(
    `select role.rolname as role, unnest(stored.setconfig) as setting
     from pg_catalog.pg_db_role_setting as stored join pg_catalog.pg_roles as role on role.oid = setrole
     where stored.setdatabase = 0`,
  );
  const settings = new Map<string, Setting[]>();
  for (const { role, setting } of rows) {
    const at = setting.indexOf("=");
    const entry: Setting = [setting.slice(0, at), setting.slice(at + 1)];
    settings.set(role, [...settings.get(role) ?? [], entry]);
  }
  return settings;
}

/** Applies them at the beginning of each request's transaction, as PostgREST does. */
export function applyRoleSettings(connection: PostgresConnection): void {
  let stored: Promise<Map<string, Setting[]>> | undefined;
  const withContext = connection.withContext.bind(connection);
  connection.withContext = async (vars, work, options) => {
    stored ??= readSettings(connection).catch((error) => {
      stored = undefined;
      throw error;
    });
    const { role = "anon" } = (vars?.auth ?? {}) as { role?: string };
    const settings = vars === undefined ? [] : (await stored).get(role) ?? [];
    return await withContext(vars, async (database) => {
      for (const [name, value] of settings) {
        await database
          .selectNoFrom((eb) =>
            eb.fn("set_config", [eb.val(name), eb.val(value), eb.val(true)]).as("value")
          )
          .execute();
      }
      return await work(database);
    }, options);
  };
}
