/** Compares what our zod schemas read with what TikTok's OpenAPI says that it sends. */
import * as z from "zod";
import type { OpenApiSchema } from "./read_openapi.ts";

type Read = z.core.JSONSchema.BaseSchema;

/** The forms that a schema accepts, without `null`: TikTok's OpenAPI does not know it. */
function formsOf(read: Read): Read[] {
  if (read.anyOf !== undefined) return read.anyOf.flatMap((form) => formsOf(form as Read));
  if (!Array.isArray(read.type)) return read.type === "null" ? [] : [read];
  return (read.type as string[]).filter((type) => type !== "null")
    .map((type) => ({ ...read, type }) as Read);
}

function compareForms(read: Read, sent: OpenApiSchema | undefined, at: string): string[] {
  if (sent === undefined) return [`${at}: TikTok sends no such field`];
  const forms = formsOf(read);
  if (forms.some(({ type }) => type === undefined)) {
    // Elements of any type are read one by one, with a schema of their own.
    return at === "" || at.endsWith("/*") ? [] : [`${at}: we read any type`];
  }
  const form = forms.find(({ type }) =>
    type === sent.type || (type === "number" && sent.type === "integer")
  );
  if (form === undefined) {
    return [
      `${at}: we read ${forms.map(({ type }) => type).join(" or ")}, TikTok sends ${sent.type}`,
    ];
  }
  const fields = Object.entries(form.properties ?? {}).flatMap(([name, field]) =>
    compareForms(field as Read, sent.properties?.[name], `${at}/${name}`)
  );
  if (form.items === undefined) return fields;
  return [...fields, ...compareForms(form.items as Read, sent.items, `${at}/*`)];
}

/** With the type behind a `z.preprocess`, whose own input may be anything. */
function describe(schema: z.core.$ZodType): Read {
  return z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      const { def } = zodSchema._zod;
      if (def.type !== "pipe" || def.in._zod.def.type !== "transform") return;
      Object.assign(jsonSchema, describe(def.out));
    },
  }) as Read;
}

/** The fields that the schema reads and TikTok does not send, or sends with another type. */
export function compareWithSchema(
  schema: z.core.$ZodType,
  sent: OpenApiSchema | undefined,
): string[] {
  return compareForms(describe(schema), sent, "");
}
