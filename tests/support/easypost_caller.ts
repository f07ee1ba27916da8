/** Calls the EasyPost simulator as the backend does, with a clock of the test. */
import type { EasyPostSimulatorOptions } from "../../local/simulators/easypost/options.ts";
import { EasyPostSimulator } from "../../local/simulators/easypost/simulator.ts";

export const KEY = "EZTKsimulated";
export const SECRET = "secret";
export const NOW = 1_790_000_000_000;

const ADDRESS = { city: "San Francisco", state: "CA", zip: "94107", country: "US" };

/** A valid shipment; `fields` changes it. */
export function shipmentOf(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    to_address: { name: "Ada Buyer", street1: "1 First St", ...ADDRESS },
    from_address: { company: "Seller", street1: "2 Second St", phone: "4155550100", ...ADDRESS },
    parcel: { length: 10, width: 8, height: 4, weight: 15.4 },
    ...fields,
  };
}

export interface Rated {
  id: string;
  service: string;
  rate: string;
}

export interface Answer {
  status: number;
  // deno-lint-ignore no-explicit-any -- answers are read freely
  body: any;
}

export class Caller {
  readonly simulator: EasyPostSimulator;
  readonly #key: string;
  now = NOW;

  constructor(options: Partial<EasyPostSimulatorOptions> = {}) {
    this.#key = options.apiKey ?? KEY;
    this.simulator = new EasyPostSimulator({
      apiKey: KEY,
      webhookSecret: SECRET,
      webhookUrl: "http://127.0.0.1:1/",
      now: () => this.now,
      ...options,
    });
  }

  async fetch(method: string, path: string, body?: unknown): Promise<Response> {
    return await this.simulator.fetch(
      new Request(`http://easypost${path}`, {
        method,
        headers: {
          authorization: `Basic ${btoa(`${this.#key}:`)}`,
          "content-type": "application/json",
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    );
  }

  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await this.fetch(method, path, body);
    return { status: response.status, body: await response.json() };
  }

  get(path: string): Promise<Answer> {
    return this.call("GET", path);
  }

  post(path: string, body: unknown = {}): Promise<Answer> {
    return this.call("POST", path, body);
  }

  create(fields: Record<string, unknown> = {}): Promise<Answer> {
    return this.post("/v2/shipments", { shipment: shipmentOf(fields) });
  }

  /** Buys at the shipment's rate for a service. */
  async buy(id: string, service = "GroundAdvantage"): Promise<Answer> {
    const { rates } = (await this.get(`/v2/shipments/${id}`)).body as { rates: Rated[] };
    const rate = rates.find((candidate) => candidate.service === service);
    return await this.post(`/v2/shipments/${id}/buy`, { rate: { id: rate?.id } });
  }

  /** A shipment with a label. */
  async bought(fields: Record<string, unknown> = {}): Promise<Answer["body"]> {
    return (await this.buy((await this.create(fields)).body.id)).body;
  }

  /** Balance, number of labels and charged cents: unchanged by a refused call. */
  money(): [string, number, number] {
    const { balance, labelsBought, charged } = this.simulator.accounts;
    return [balance, labelsBought, charged];
  }
}
