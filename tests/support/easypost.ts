/** The EasyPost simulator on a port, with our client and provider for it. */
import {
  EasyPostClient,
  type EasyPostClientOptions,
} from "../../shared/shipping/providers/easypost/client.ts";
import { EasyPostProvider } from "../../shared/shipping/providers/easypost/provider.ts";
import type { Choice } from "../../shared/shipping/providers/provider.ts";
import type { Purchase } from "../../shared/shipping/schemas.ts";
import { KEY, NOW, SECRET } from "./easypost_caller.ts";
import { EasyPostSimulator } from "../../local/simulators/easypost/simulator.ts";
import { purchaseOf } from "./purchases.ts";

export interface EasyPostWorld {
  simulator: EasyPostSimulator;
  url: string;
  client: EasyPostClient;
  provider: EasyPostProvider;
}

export async function withEasyPost(
  use: (world: EasyPostWorld) => Promise<void>,
  options: EasyPostClientOptions = {},
): Promise<void> {
  const simulator = new EasyPostSimulator({
    apiKey: KEY,
    webhookSecret: SECRET,
    webhookUrl: "http://127.0.0.1:1/",
    now: () => NOW,
  });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => simulator.fetch(request),
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  const client = new EasyPostClient({ apiKey: KEY, apiUrl: `${url}/v2` }, options);
  try {
    await use({ simulator, url, client, provider: new EasyPostProvider(client) });
  } finally {
    // Ends the waits of faults, which the server would wait for.
    simulator.faults.close();
    simulator.close();
    await server.shutdown();
  }
}

/** A purchase with a stored choice, ready to be bought. */
export async function prepared(
  { provider }: Pick<EasyPostWorld, "provider">,
  fields: Partial<Purchase> = {},
): Promise<{ purchase: Purchase; choice: Choice }> {
  const intent = purchaseOf(fields);
  const choice = await provider.prepare(intent);
  return { purchase: { ...intent, ...choice }, choice };
}
