/** Rows that are read page by page, so that memory stays bounded. */
import * as z from "zod/mini";

export type Row = Record<string, unknown>;

/** The key of the last row of a page. */
export const PageKey = z.array(z.union([z.string(), z.number()])).check(z.length(2));
export type PageKey = z.infer<typeof PageKey>;

export const Page = z.object({
  rows: z.array(z.record(z.string(), z.unknown())),
  next: z.nullable(PageKey),
});
export type Page = z.infer<typeof Page>;

/** The rows of every page; `read` takes `next` of the page before, which is `null` after the last one. */
export async function* readPages(
  read: (after: PageKey | null) => Promise<Page>,
): AsyncGenerator<Row[]> {
  let after: PageKey | null = null;
  do {
    const page: Page = await read(after);
    yield page.rows;
    after = page.next;
  } while (after !== null);
}
