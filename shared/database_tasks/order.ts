/** Order of objects in which each comes after what it needs. */
import type { CatalogObjects } from "./catalog.ts";

type CatalogObject = CatalogObjects["objects"][number];

/** Inserts into places sorted downwards, so that pop() takes the smallest. */
function insert(places: number[], place: number): void {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle] as number) > place) low = middle + 1;
    else high = middle;
  }
  places.splice(low, 0, place);
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

  const ready = objects.map((_, place) => place).filter((place) => missing[place] === 0).reverse();
  const ordered: CatalogObject[] = [];
  for (let place = ready.pop(); place !== undefined; place = ready.pop()) {
    ordered.push(objects[place] as CatalogObject);
    for (const next of neededBy[place] ?? []) {
      missing[next] = (missing[next] ?? 0) - 1;
      if (missing[next] === 0) insert(ready, next);
    }
  }
  const rest = objects.filter((_, place) => (missing[place] ?? 0) > 0);
  return { ordered: [...ordered, ...rest], circular: rest.map(({ name }) => name) };
}
