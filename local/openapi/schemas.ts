/** JSON Schemas of the named zod schemas: one component each. */
import * as z from "zod";
import type { NamedSchema, SchemaPart } from "../../shared/http/operations.ts";

const URI = "#/components/schemas/";

export function referenceTo({ id }: Pick<NamedSchema, "id">): SchemaPart {
  return { $ref: `${URI}${id}` };
}

/** With the parts of each; each once. @throws {Error} for two schemas of one name */
function collect(named: readonly NamedSchema[], found = new Map<string, NamedSchema>()) {
  for (const entry of named) {
    const known = found.get(entry.id);
    if (known !== undefined && known.schema !== entry.schema) {
      throw new Error(`Two schemas are named ${entry.id}`);
    }
    found.set(entry.id, entry);
    collect(entry.parts ?? [], found);
  }
  return found;
}

/** Adds the descriptions of the fields. @throws {Error} for a field that the schema does not have */
function describeFields(schema: SchemaPart, { id, fields = {} }: NamedSchema): void {
  const properties = schema.properties as Record<string, SchemaPart> | undefined;
  for (const [name, text] of Object.entries(fields)) {
    const property = properties?.[name];
    if (property === undefined) throw new Error(`${id} has no field ${name}`);
    const { pattern, ...part } = typeof text === "string" ? { description: text } : text;
    Object.assign(property, part, pattern !== undefined && { pattern });
  }
}

/**
 * @param io `input`: bodies as callers send them; `output`: answers, which have no other fields.
 * @returns By name. @throws {Error} for a schema that JSON Schema cannot express
 */
export function toComponents(
  named: readonly NamedSchema[],
  io: "input" | "output",
): Record<string, SchemaPart> {
  const found = collect(named);
  const registry = z.registry<{ id: string }>();
  for (const { id, schema } of found.values()) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { io, uri: (id) => `${URI}${id}` });
  return Object.fromEntries(
    [...found.values()].map((entry) => {
      const { $schema: _, $id: __, id: ___, ...schema } = schemas[entry.id] as SchemaPart;
      describeFields(schema, entry);
      const examples = entry.example === undefined ? {} : { examples: [entry.example] };
      return [entry.id, { ...schema, description: entry.description, ...examples }];
    }),
  );
}
