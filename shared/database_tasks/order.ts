/** Order of objects in which each comes after what it needs. */
import type { CatalogObjects } from "./catalog.ts";

type CatalogObject = CatalogObjects["objects"][number];

/** A binary heap of places: the smallest first. */
class Heap {
  readonly #items: number[] = [];

  get size(): number {
    return this.#items.length;
  }

  push(item: number): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((items[parent] as number) <= item) break;
      items[at] = items[parent] as number;
      at = parent;
    }
    items[at] = item;
  }

  pop(): number {
    const items = this.#items;
    const top = items[0] as number;
    const last = items.pop() as number;
    if (items.length === 0) return top;
    let at = 0;
    while (true) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && (items[child + 1] as number) < (items[child] as number)) {
        child++;
      }
      if ((items[child] as number) >= last) break;
      items[at] = items[child] as number;
      at = child;
    }
    items[at] = last;
    return top;
  }
}

/**
 * The objects come sorted by rank and name; among those whose needs are met, the first follows. Equal schemas
 * give the same order.
 * @returns `circular`: names of objects that need each other, in the order given.
 */
export function orderObjects(
  objects: readonly CatalogObject[],
): { ordered: CatalogObject[]; circular: string[] } {
  const missing = objects.map(({ needs }) => needs.length);
  const neededBy = objects.map((): number[] => []);
  objects.forEach(({ needs }, place) => needs.forEach((need) => neededBy[need]?.push(place)));

  const ready = new Heap();
  missing.forEach((count, place) => count === 0 && ready.push(place));
  const ordered: CatalogObject[] = [];
  while (ready.size > 0) {
    const place = ready.pop();
    ordered.push(objects[place] as CatalogObject);
    for (const next of neededBy[place] ?? []) {
      missing[next] = (missing[next] ?? 0) - 1;
      if (missing[next] === 0) ready.push(next);
    }
  }
  const rest = objects.filter((_, place) => (missing[place] ?? 0) > 0);
  return { ordered: [...ordered, ...rest], circular: rest.map(({ name }) => name) };
}
