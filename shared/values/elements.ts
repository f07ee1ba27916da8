/** Lists in the answers of vendors, read element by element: an odd element does not spoil the others. */
import * as z from "zod/mini";
import { log } from "../log.ts";

/** A list of anything, which may be absent. */
export const AnyList = z.pipe(
  z.transform((value) => value === "" || value === null || value === undefined ? [] : value),
  z.array(z.unknown()),
);

/**
 * A list whose unreadable elements are logged and left out.
 * @param what Names the list in the log.
 */
export function elementsOf<T extends z.ZodMiniType>(schema: T, what: string) {
  return z.pipe(
    AnyList,
    z.transform((list) =>
      list.flatMap((element): z.infer<T>[] => {
        const { success, data, error } = schema.safeParse(element);
        if (success) return [data];
        logUnreadable(what, error);
        return [];
      })
    ),
  );
}

/** Paths and kinds only: values may be personal. */
function logUnreadable(what: string, error: z.core.$ZodError): void {
  const issues = error.issues.map(({ path, code }) => `${path.join(".") || "element"}: ${code}`);
  log.error("list element is not readable", { list: what, issues: issues.join("; ") });
}
