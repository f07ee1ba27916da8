/**
 * Simulator of TikTok Shop: the authorization page, the auth host, the Open API and the webhooks, in
 * memory, over real HTTP. It refuses what TikTok refuses; `/control` operates it (see control.ts).
 */
import { TikTokOperations } from "./operations.ts";
import type { TikTokSimulatorOptions } from "./options.ts";
import { simulatorRoutes } from "./routes.ts";

export class TikTokSimulator extends TikTokOperations {
  readonly fetch: (request: Request) => Response | Promise<Response>;

  constructor(options: TikTokSimulatorOptions) {
    super(options);
    this.fetch = simulatorRoutes(this, options).fetch;
  }
}
