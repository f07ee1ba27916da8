/** The simulators on a port of their own, for a Supabase stack that is not ours. */
import { dirname } from "node:path";
import { createSimulatorGateway } from "../gateway/gateway.ts";
import { makeEnvironment, writeFunctionSecrets } from "./environment.ts";
import { prepareData } from "./prepare_data.ts";
import { Resources } from "./resources.ts";
import { allSimulators, startSimulators } from "./start_simulators.ts";
import type { GivenVariables } from "./variables.ts";

export interface SimulatorsOptions {
  /** 0 picks a free one. */
  port: number;
  /** Address that the port listens on. */
  listen: string;
  /** Name of this machine for the functions. */
  host: string;
  /** Base of the functions that receive the webhooks, without a trailing slash. */
  functionsUrl: string;
  /** File that receives the variables of the functions. */
  envFile: string;
  /** Folder of keys and journals. Absolute. */
  data: string;
  /** Variables that win over our own values. @default {the process's environment} */
  environment?: GivenVariables;
  /** Receives errors while stopping. */
  onWarning?: (message: string) => void;
}

export interface ServedSimulators {
  /** Address of each simulator on this machine. */
  addresses: Record<string, string>;
  stop(): Promise<void>;
}

/** @throws {Error} whose message says what to do; nothing is left running. */
export async function serveSimulators(options: SimulatorsOptions): Promise<ServedSimulators> {
  const { data, host, functionsUrl, envFile } = options;
  const given = options.environment ?? Deno.env.toObject();
  const resources = new Resources(options.onWarning ?? (() => {}));
  try {
    const { publicPort, keys } = await prepareData(options, resources);
    const url = `http://127.0.0.1:${publicPort.port}`;
    const addresses = { url, simulatorsUrl: `http://${host}:${publicPort.port}`, databaseUrl: "" };
    const env = makeEnvironment(keys, addresses, given);
    const { current } = startSimulators({ data, addresses, functionsUrl }, env, resources);
    const simulators = allSimulators(current);
    publicPort.serve(
      createSimulatorGateway({
        functionsUrl,
        // Functions in a container know this machine by `host`.
        allowedHosts: [new URL(`http://${host}`).hostname, options.listen],
        simulators: Object.fromEntries(
          simulators.map(({ name, simulator }) => [name, (request) => simulator.fetch(request)]),
        ),
      }),
    );
    resources.defer(() => publicPort.close());
    // Before the server ends: calls that hang would delay it.
    resources.defer(() => simulators.forEach(({ simulator }) => simulator.faults.close()));
    await Deno.mkdir(dirname(envFile), { recursive: true });
    await writeFunctionSecrets(envFile, env);
    return {
      addresses: Object.fromEntries(
        simulators.map(({ name }) => [name, `${url}/simulators/${name}`]),
      ),
      stop: () => resources.stop(),
    };
  } catch (error) {
    await resources.stop();
    throw error;
  }
}
