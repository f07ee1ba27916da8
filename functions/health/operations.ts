/** The routes of `health`, for the API's document. */
import * as z from "zod/mini";
import { Figure, Health, ServiceStatus } from "../../shared/health/read_health.ts";
import { type FunctionOperations, type NamedSchema, TIME } from "../../shared/http/operations.ts";
import { PROBLEMS } from "./problems.ts";

const STATUS: NamedSchema = {
  id: "ServiceStatus",
  schema: ServiceStatus,
  description: "The answer without a secret key.",
  fields: {
    status: "unavailable: the database does not answer.",
    version: "The newest migration of the database; null if it is unknown.",
  },
  example: { status: "healthy", version: "20261123001200" },
};

const HEALTH: NamedSchema = {
  id: "Health",
  schema: Health,
  description: "The answer with a secret key.",
  fields: {
    status: "The worst of all figures.",
    version: "The newest migration of the database.",
    checked_at: { ...TIME, description: "When the figures were measured." },
    figures: "docs/health.md explains each.",
  },
  parts: [{
    id: "HealthFigure",
    schema: Figure,
    description: "A measured value with its thresholds.",
    fields: {
      metric: "Name, which ends with its unit where it has one, e.g. _seconds.",
      subject: "The job, source or period; null for a figure of the whole system.",
      value: "In the unit of the metric; null if it is not known.",
      status: "info: the figure has no thresholds.",
      warning: "Threshold, in the unit of the metric.",
      critical: "Threshold, in the unit of the metric.",
      bad_when: "On which side of the thresholds the bad values are.",
    },
  }],
};

export const operations: FunctionOperations = {
  description: "The health of the running system. docs/health.md.",
  operations: [{
    id: "readHealth",
    method: "get",
    path: "/",
    caller: "anyone_or_secret_key",
    summary: "The status for anyone; every figure with a secret key",
    parameters: [{
      name: "format",
      in: "query",
      description: "With a secret key; without it the header Accept decides.",
      schema: { type: "string", enum: ["json", "openmetrics"] },
    }],
    answers: {
      200: [
        {
          description: "The figures with a secret key, else the status.",
          body: {
            id: "HealthAnswer",
            schema: z.union([ServiceStatus, Health]),
            description: "The figures with a secret key, else the status.",
            parts: [STATUS, HEALTH],
            example: { status: "healthy", version: "20261123001200" },
          },
        },
        {
          description: "The figures as OpenMetrics text.",
          type: "application/openmetrics-text; version=1.0.0; charset=utf-8",
        },
      ],
      503: { description: "Without a secret key: not healthy.", body: STATUS },
    },
    problems: PROBLEMS,
  }],
};
