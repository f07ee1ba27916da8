/** @jsxImportSource hono/jsx/dom */
/** What was sent, what the product answered, and the way to what came of it. */
import { Card } from "../../components/card.tsx";
import { EmptyState } from "../../components/empty_state.tsx";
import { showToast } from "../../components/toast.tsx";
import { findOrder } from "../../data/world.ts";
import { formatNumber } from "../../format.ts";
import { currentSession } from "../../session.ts";
import { Store, useStore } from "../../store.ts";

export interface Effect {
  id: number;
  time: number;
  sent: string;
  answer: string;
  link?: { href: string; text: string };
  /** What is still awaited, or why there is no link. */
  note?: string;
}

const SHOWN = 12;
const FIND_MS = 500;
const FIND_TIMES = 30;

const effects = new Store<readonly Effect[]>([]);
let count = 0;

function change(id: number, fields: Partial<Effect>): void {
  effects.set(effects.get().map((effect) => effect.id === id ? { ...effect, ...fields } : effect));
}

/** `200` of `{answers: [200, 200]}` twice is "200 OK, twice received". */
export function describeAnswers(answers: number[] | Record<string, number>): string {
  const counts = new Map<number, number>();
  const pairs = Array.isArray(answers)
    ? answers.map((status) => [status, 1] as const)
    : Object.entries(answers).map(([status, times]) => [Number(status), times] as const);
  for (const [status, times] of pairs) counts.set(status, (counts.get(status) ?? 0) + times);
  if (counts.size === 0) return "No webhook was sent.";
  return [...counts].map(([status, times]) => {
    const what = status === 0 ? "no answer" : status === 200 ? "200 (stored)" : String(status);
    return `${formatNumber(times)} × ${what}`;
  }).join(", ");
}

/** Waits for the order in the seller's own list, as it arrives there. */
async function awaitOrder(id: number, orderId: string): Promise<void> {
  if (currentSession() === null) {
    return change(id, { note: "Sign in as the shop's seller to see the order." });
  }
  for (let attempt = 0; attempt < FIND_TIMES; attempt++) {
    const found = await findOrder(orderId).catch(() => undefined);
    if (found) {
      const link = { href: `/seller/orders/${found}`, text: `Order ${orderId}` };
      return change(id, { link, note: "It has arrived." });
    }
    await new Promise((resolve) => setTimeout(resolve, FIND_MS));
  }
  change(id, {
    note:
      "It is not in your orders: the shop is another seller's, the plan is full, TikTok has an " +
      "outage, or the webhook was lost.",
  });
}

export interface NewEffect {
  sent: string;
  answer: string;
  /** TikTok's id of an order whose row is awaited. */
  orderId?: string;
  link?: Effect["link"];
}

export function addEffect({ sent, answer, orderId, link }: NewEffect): void {
  const id = ++count;
  const note = orderId === undefined ? {} : { note: "Waiting for the order…" };
  const effect = { id, time: Date.now(), sent, answer, ...note, ...(link && { link }) };
  effects.set([effect, ...effects.get()].slice(0, SHOWN));
  // On a phone the list is below the buttons.
  showToast(`${sent}: ${answer}`);
  if (orderId !== undefined) void awaitOrder(id, orderId);
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

export function Effects() {
  const shown = useStore(effects);
  return (
    <Card title="What happened">
      {shown.length === 0
        ? (
          <EmptyState icon="world" title="Nothing yet">
            <p>Press a button: what was sent, and what came of it, stands here.</p>
          </EmptyState>
        )
        : (
          <ol class="timeline" aria-live="polite" data-testid="effects">
            {shown.map(({ id, time, sent, answer, link, note }) => (
              <li key={id}>
                <div>
                  <strong>{sent}</strong>
                  <span class="sub">
                    <span class="number">{CLOCK.format(time)}</span> · {answer}
                  </span>
                  {note && <span class="sub">{note}</span>}
                  {link && <a href={link.href}>{link.text}</a>}
                </div>
              </li>
            ))}
          </ol>
        )}
    </Card>
  );
}
