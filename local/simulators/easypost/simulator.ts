/**
 * Simulator of EasyPost: shipments, rates, labels, refunds and tracking webhooks, in memory, over real
 * HTTP. It refuses what EasyPost refuses; in test mode it charges labels too, unlike EasyPost.
 * `/control` operates it (see control.ts).
 */
import { EasyPostOperations } from "./operations.ts";
import type { EasyPostSimulatorOptions } from "./options.ts";
import { simulatorRoutes } from "./routes.ts";

export class EasyPostSimulator extends EasyPostOperations {
  readonly fetch: (request: Request) => Response | Promise<Response>;

  constructor(options: EasyPostSimulatorOptions) {
    super(options);
    this.fetch = simulatorRoutes(this, options).fetch;
  }
}
