/** Starts and stops the local stack. */
import { parseKeyRing } from "../../shared/crypto/key_ring.ts";
import { requireSameKeys } from "../operations/check_keys.ts";
import { withConnection } from "../postgres/connection.ts";
import type { DatabaseAccess } from "../supabase/bootstrap.ts";
import { deleteUnusedKeys } from "./delete_data.ts";
import { makeEnvironment, type StackEnvironment, writeEnvironment } from "./environment.ts";
import { prepareData } from "./prepare_data.ts";
import { reloadOnChange } from "./reload_functions.ts";
import { Resources } from "./resources.ts";
import { serve } from "./serve.ts";
import type { StackSettings } from "./settings.ts";
import {
  prepareDatabase,
  startDatabase,
  storeSchedulerSecrets,
  withDatabasePort,
} from "./start_database.ts";
import { beginFunctions } from "./start_functions.ts";
import { startScheduler } from "./start_scheduler.ts";
import { type Simulators, startSimulators } from "./start_simulators.ts";

export interface Stack extends Simulators {
  env: StackEnvironment;
  /** Signs an operator in to the console, once. */
  operatorUrl: string;
  /** Addresses of the database, for tests that look behind the API. */
  database: DatabaseAccess;
  /** Closes the simulators and starts new ones without any data. */
  replaceSimulators(): Promise<Simulators>;
  functionHostPid(): number;
  /** Calls a function past the gateway, for tests that call it very often. */
  callFunction(request: Request): Promise<Response>;
  /** Stops everything that this stack started; data stays. */
  stop(): Promise<void>;
}

/** @throws {Error} whose message says what to do; nothing is left running. */
export async function startStack(settings: StackSettings): Promise<Stack> {
  const given = settings.environment ?? Deno.env.toObject();
  const { onProgress = () => {}, onWarning = () => {} } = settings;
  const resources = new Resources(onWarning);
  try {
    const { publicPort, keys, areKeysNew } = await prepareData(settings, resources)
      .catch(async (error) => {
        throw await withDatabasePort(error, settings, given);
      });

    onProgress("Postgres");
    const database = await startDatabase(settings, given, keys, resources)
      .catch(async (error) => {
        if (areKeysNew) await deleteUnusedKeys(settings.data).catch(() => {});
        throw error;
      });
    const { access } = database;
    const addresses = { url: `http://127.0.0.1:${publicPort.port}`, databaseUrl: access.url };
    const env = makeEnvironment(keys, addresses, given);

    // Loading the functions takes as long as preparing the database: do both at once.
    const { started } = beginFunctions(settings, env, given, resources);
    if (!settings.isDatabasePrepared) await prepareDatabase(database, settings.data, onProgress);
    await withConnection(access.adminUrl, async (sql) => {
      await storeSchedulerSecrets(sql, env);
      // Before the functions receive anything that they would encrypt.
      await requireSameKeys(sql, parseKeyRing(env.ENCRYPTION_KEYS));
    }, { fetch_types: false });

    onProgress("functions");
    const functions = await started;
    const simulators = startSimulators({ ...settings, addresses }, env, resources);
    const { operatorPath } = await serve(
      { access, env, publicPort, settings, functions, simulators },
      resources,
    );
    if (settings.schedule ?? true) startScheduler(access.adminUrl, resources, onWarning);
    await writeEnvironment(settings.data, env);
    if (settings.onReload) {
      // A system watches so many files only; everything else works without.
      await reloadOnChange(functions, resources, settings.onReload).catch(({ message }: Error) => {
        onWarning(`Functions are not reloaded when they change: ${message}`);
      });
    }
    return {
      ...simulators.current,
      env,
      operatorUrl: `${env.SUPABASE_URL}${operatorPath}`,
      database: access,
      replaceSimulators: () => simulators.replace(),
      functionHostPid: () => functions.pid(),
      callFunction: (request) => functions.fetch(request),
      stop: () => resources.stop(),
    };
  } catch (error) {
    await resources.stop();
    throw error;
  }
}
