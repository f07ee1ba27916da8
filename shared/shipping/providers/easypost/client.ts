/** Calls EasyPost's API (https://docs.easypost.com, v2): sends, times out, reads the answer. */
import { Buffer } from "node:buffer";
import * as z from "zod/mini";
import type { EasyPostConfig } from "../../../config.ts";
import { isRedirect } from "../../../http/redirects.ts";
import { parseJson } from "../../../values/json.ts";
import { inVendorSpan } from "../../../logging/spans.ts";
import { sendOnce } from "../../../http/send_once.ts";
import { ErrorBody, FoundTracker, Shipment, Webhook, WebhookList } from "./schemas.ts";
import { EasyPostError } from "./easypost_error.ts";
import { describeIssues } from "../../../values/zod_messages.ts";

export interface EasyPostClientOptions {
  /** @default {15000} */
  timeoutMs?: number;
  /** Timeout of a purchase: carriers draw the label meanwhile. @default {30000} */
  buyTimeoutMs?: number;
}

export interface NewShipment {
  /** Our own id: EasyPost finds the shipment by it too. */
  reference: string;
  to_address: Record<string, string>;
  from_address: Record<string, string>;
  /** Inches and ounces. */
  parcel: { length: number; width: number; height: number; weight: number };
  options?: { label_format: string };
}

function retryAfterOf(response: Response): number | undefined {
  const seconds = Number(response.headers.get("retry-after") ?? NaN);
  return seconds > 0 ? Math.ceil(Math.min(seconds, 3600)) : undefined;
}

/** EasyPost's id of the request, a UUID in one of two headers; empty without one. */
function requestIdOf({ headers }: Response): string {
  const id = headers.get("x-ep-request-uuid") ?? headers.get("x-request-id") ?? "";
  return /^[0-9a-f-]{32,36}$/.test(id) ? id : "";
}

export class EasyPostClient {
  readonly #config: EasyPostConfig;
  readonly #options: Required<EasyPostClientOptions>;

  constructor(config: EasyPostConfig, options: EasyPostClientOptions = {}) {
    this.#config = config;
    this.#options = { timeoutMs: 15_000, buyTimeoutMs: 30_000, ...options };
  }

  /** Costs nothing until it is bought. @throws {EasyPostError} */
  async createShipment(shipment: NewShipment): Promise<Shipment> {
    return await this.#call(Shipment, "POST", "/shipments", { shipment });
  }

  /** @param id EasyPost's id, or our reference. @throws {EasyPostError} */
  async getShipment(id: string): Promise<Shipment> {
    return await this.#call(Shipment, "GET", `/shipments/${encodeURIComponent(id)}`);
  }

  /** Spends money. EasyPost sells the label of a shipment once. @throws {EasyPostError} */
  async buyShipment(id: string, rateId: string): Promise<Shipment> {
    const path = `/shipments/${encodeURIComponent(id)}/buy`;
    return await this.#call(Shipment, "POST", path, { rate: { id: rateId } });
  }

  /** Draws the PNG label of a bought shipment in another format, once. @throws {EasyPostError} */
  async convertLabel(id: string, format: "PDF" | "ZPL"): Promise<Shipment> {
    const path = `/shipments/${encodeURIComponent(id)}/label?file_format=${format}`;
    return await this.#call(Shipment, "GET", path);
  }

  /** @throws {EasyPostError} */
  async refundShipment(id: string): Promise<Shipment> {
    return await this.#call(Shipment, "POST", `/shipments/${encodeURIComponent(id)}/refund`);
  }

  /** Every webhook of the account, of both modes. @throws {EasyPostError} */
  async listWebhooks(): Promise<Webhook[]> {
    return (await this.#call(WebhookList, "GET", "/webhooks")).webhooks;
  }

  /** Any update switches a webhook on again; an empty one keeps its secret. @throws {EasyPostError} */
  async enableWebhook(id: string): Promise<Webhook> {
    return await this.#call(Webhook, "PATCH", `/webhooks/${encodeURIComponent(id)}`);
  }

  /**
   * Tracks a parcel whose label EasyPost did not sell. A repetition returns the same tracker, for three months.
   * @throws {EasyPostError}
   */
  async createTracker(tracker: { tracking_code: string; carrier?: string }): Promise<FoundTracker> {
    return await this.#call(FoundTracker, "POST", "/trackers", { tracker });
  }

  /** @throws {EasyPostError} */
  async getTracker(id: string): Promise<FoundTracker> {
    return await this.#call(FoundTracker, "GET", `/trackers/${encodeURIComponent(id)}`);
  }

  async #call<T extends z.ZodMiniType>(
    schema: T,
    method: "GET" | "POST" | "PATCH",
    path: string,
    json?: unknown,
  ): Promise<z.infer<T>> {
    const { apiUrl, apiKey } = this.#config;
    const timeoutMs = path.endsWith("/buy") ? this.#options.buyTimeoutMs : this.#options.timeoutMs;
    const body = method === "GET"
      ? undefined
      : new TextEncoder().encode(JSON.stringify(json ?? {}));
    let response: Response;
    let text: string;
    try {
      // Not fetch, which may send a request a second time.
      const send = () =>
        sendOnce(`${apiUrl}${path}`, {
          method,
          headers: {
            authorization: `Basic ${Buffer.from(`${apiKey}:`).toString("base64")}`,
            "content-type": "application/json",
          },
          ...(body && { body }),
          signal: AbortSignal.timeout(timeoutMs),
        });
      response = await inVendorSpan("EasyPost", { method, path }, send);
      text = await response.text();
    } catch (error) {
      const timedOut = error instanceof DOMException && error.name === "TimeoutError";
      const what = timedOut ? `did not answer within ${timeoutMs} ms` : "could not be reached";
      throw new EasyPostError(`EasyPost ${what}`);
    }
    return this.#read(schema, response, text);
  }

  #read<T extends z.ZodMiniType>(schema: T, response: Response, text: string): z.infer<T> {
    const { status } = response;
    if (isRedirect(response)) {
      throw new EasyPostError(`EasyPost answered HTTP ${status}, a redirect`, { status });
    }
    let json: unknown;
    try {
      json = parseJson(text);
    } catch {
      throw new EasyPostError(`EasyPost answered HTTP ${status} without JSON`, {
        status,
        retryAfterSeconds: retryAfterOf(response),
      });
    }
    if (!response.ok) {
      const { code = "", words = "" } = ErrorBody.safeParse(json).data?.error ?? {};
      const text = [`EasyPost answered HTTP ${status}`, code, requestIdOf(response)];
      throw new EasyPostError(text.filter(Boolean).join(" "), {
        status,
        code,
        retryAfterSeconds: retryAfterOf(response),
        words,
      });
    }
    const { success, data, error } = schema.safeParse(json);
    if (!success) {
      throw new EasyPostError(
        `EasyPost's answer is not readable: ${describeIssues(error.issues, "answer")}`,
        {
          status,
        },
      );
    }
    return data;
  }
}
