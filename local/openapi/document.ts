/** The parts of an OpenAPI document that we write and read. */
import type { SchemaPart } from "../../shared/http/operations.ts";

export interface OpenApiDocument {
  openapi: string;
  paths: Record<string, Record<string, DocumentedOperation>>;
  components: {
    securitySchemes: Record<string, SchemaPart>;
    schemas: Record<string, SchemaPart>;
    responses?: Record<string, DocumentedResponse>;
  };
  [member: string]: unknown;
}

export interface DocumentedOperation {
  operationId: string;
  /** The name of the function. */
  tags: [string];
  responses: Record<string, DocumentedResponse>;
  [member: string]: unknown;
}

export interface DocumentedResponse {
  content?: Record<string, DocumentedContent>;
  [member: string]: unknown;
}

export interface DocumentedContent {
  schema: SchemaPart;
  examples?: Record<string, { value: SchemaPart }>;
}
