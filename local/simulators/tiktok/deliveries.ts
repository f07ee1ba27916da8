/** Sends many webhooks in the disorder in which they arrive from TikTok. */
import type { Notification } from "./webhooks.ts";

export interface ShuffledOptions {
  /** How many of them are sent once more, later. */
  duplicates?: number;
  /** How many are on their way at the same time. */
  concurrency?: number;
}

function shuffle<T>(items: T[], random: () => number): T[] {
  const shuffled = [...items];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T];
  }
  return shuffled;
}

/** Returns every HTTP status. */
export async function sendShuffled(
  notifications: Notification[],
  send: (notification: Notification) => Promise<number>,
  random: () => number,
  { duplicates = 0, concurrency = 10 }: ShuffledOptions,
): Promise<number[]> {
  const first = shuffle(notifications, random);
  const again = Array.from({ length: duplicates }, (_, i) => first[i % first.length]);
  const queue = [...first, ...shuffle(again, random)].filter((entry) => entry !== undefined);
  const answers: number[] = [];
  const sender = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      answers.push(await send(next));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, sender));
  return answers;
}
