/** Executes a plan: changes orders at the simulated TikTok and delivers its webhooks, many at once. */
import { setTimeout as sleep } from "node:timers/promises";
import type { TikTokSimulator } from "../../local/simulators/tiktok/simulator.ts";
import type { Notification } from "../../local/simulators/tiktok/notifications.ts";
import { ORDER_KINDS } from "../support/orders.ts";
import type { Change, Plan } from "./plan.ts";

interface Job {
  notification: Notification;
  /** Number of refusals. */
  refused: number;
  /** Milliseconds since 1970. */
  notBefore: number;
}

const KINDS = Object.values(ORDER_KINDS);
const CONCURRENCY = 40;
/** TikTok waits 2 minutes and more. */
const RETRY_MS = 1000;
/** Pause of a sender after a refusal: without it an unreachable host would refuse the whole plan at once. */
const PAUSE_MS = 200;
const MAX_REFUSALS = 100;

export class Deliveries {
  /** Ids of the notifications that were answered 200. */
  readonly accepted = new Set<string>();
  /** Number of answers by HTTP status; 0 means no answer within TikTok's 3 s. */
  readonly answers = new Map<number, number>();
  /** Steps of the plan that have begun. */
  begun = 0;
  readonly #tiktok: TikTokSimulator;
  readonly #plan: Plan;
  readonly #shopIds: string[];
  readonly #notifications = new Map<number, Notification>();
  readonly #orderIds = new Map<number, string>();
  readonly #retries: Job[] = [];
  #underWay = 0;

  constructor(tiktok: TikTokSimulator, plan: Plan, shopIds: string[]) {
    this.#tiktok = tiktok;
    this.#plan = plan;
    this.#shopIds = shopIds;
  }

  get progress(): number {
    return this.begun / this.#plan.steps.length;
  }

  get notifications(): Notification[] {
    return [...this.#notifications.values()];
  }

  #change(change: Change): void {
    const shopId = this.#shopIds[change.shop] as string;
    const known = this.#orderIds.get(change.order);
    const order = known === undefined
      ? this.#tiktok.addOrder({
        shopId,
        orderId: `57641${String(change.order).padStart(13, "0")}`,
        status: change.status,
        quantity: 1 + change.order % 3,
        detail: KINDS[change.order % KINDS.length] as Record<string, unknown>,
      })
      : this.#tiktok.changeOrder(known, change.status);
    this.#orderIds.set(change.order, order.id);
    const notification = this.#tiktok.notificationOf(order);
    // TikTok's form, but from the seed.
    const id = (BigInt(notification.id) >> 32n << 32n | BigInt(change.id)).toString();
    this.#notifications.set(change.id, { ...notification, id });
  }

  /** The next delivery; `later` while none is due. */
  #next(): Job | "later" | undefined {
    const retry = this.#retries[0];
    if (retry !== undefined && retry.notBefore <= Date.now()) return this.#retries.shift();
    while (this.begun < this.#plan.steps.length) {
      const step = this.#plan.steps[this.begun++] as Plan["steps"][number];
      if (step.type === "change") {
        this.#change(step);
        continue;
      }
      const notification = this.#notifications.get(step.change.id) as Notification;
      return { notification, refused: 0, notBefore: 0 };
    }
    return this.#retries.length > 0 || this.#underWay > 0 ? "later" : undefined;
  }

  async #send(job: Job): Promise<void> {
    const status = await this.#tiktok.send(job.notification);
    this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
    if (status === 200) this.accepted.add(job.notification.id);
    // TikTok takes 401 for "received" and does not send again.
    if (status === 200 || status === 401) return;
    const refused = job.refused + 1;
    if (refused >= MAX_REFUSALS) {
      throw new Error(`A webhook was refused ${refused} times, at last with ${status}.`);
    }
    this.#retries.push({ ...job, refused, notBefore: Date.now() + RETRY_MS });
    await sleep(PAUSE_MS);
  }

  /** Resolves when every delivery of the plan was answered 200 or 401. */
  async run(): Promise<void> {
    const failed = new AbortController();
    const sender = async () => {
      for (let job = this.#next(); job !== undefined; job = this.#next()) {
        failed.signal.throwIfAborted();
        if (job === "later") {
          await sleep(20);
          continue;
        }
        this.#underWay++;
        try {
          await this.#send(job);
        } catch (error) {
          failed.abort(error);
        } finally {
          this.#underWay--;
        }
      }
      failed.signal.throwIfAborted();
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, sender));
  }
}
