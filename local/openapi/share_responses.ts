/** Moves responses that several operations have into the document's components. */
import type { OpenApiDocument } from "./document.ts";

/** e.g. `shipments422`, `any401` for several functions, and `any401b` for another one of that status. */
function nameOf(tags: Set<string>, status: string, taken: ReadonlySet<string>): string {
  const tag = tags.size === 1 ? [...tags].join() : "any";
  const base = `${tag.replace(/-./g, ([, letter]) => letter?.toUpperCase() ?? "")}${status}`;
  const names = ["", ..."bcdefgh"].map((letter) => `${base}${letter}`);
  const name = names.find((candidate) => !taken.has(candidate));
  if (name === undefined) throw new Error(`Too many responses are named ${base}`);
  return name;
}

/** Changes the document. */
export function shareResponses({ paths, components }: OpenApiDocument): void {
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  const uses = operations.flatMap(({ tags, responses }) =>
    Object.entries(responses).map(([status, response]) => {
      return {
        tag: tags[0] as string,
        responses,
        status,
        response,
        text: JSON.stringify(response),
      };
    })
  );
  const shared: OpenApiDocument["components"]["responses"] = components.responses = {};
  for (const same of Map.groupBy(uses, ({ text }) => text).values()) {
    const [first] = same;
    if (first === undefined || same.length < 2) continue;
    const name = nameOf(
      new Set(same.map(({ tag }) => tag)),
      first.status,
      new Set(Object.keys(shared)),
    );
    shared[name] = first.response;
    for (const { responses, status } of same) {
      responses[status] = { $ref: `#/components/responses/${name}` };
    }
  }
}
