/** The routes of `event-worker`, for the API's document. */
import {
  type FunctionOperations,
  type NamedSchema,
  pickProblems,
} from "../../shared/http/operations.ts";
import { ProcessAnswer, RequestedAnswer, SubscriptionSyncAnswer } from "./answers.ts";
import { SubscriptionSyncBody, SyncBody } from "./bodies.ts";
import { PROBLEMS } from "./problems.ts";

const SYNC_REQUEST: NamedSchema = {
  id: "SyncRequest",
  schema: SyncBody,
  description: "Which shops are meant.",
  fields: { shop_id: "TikTok's shop id; without it every connected shop is meant." },
  example: { shop_id: "7490000000000000001" },
};

const REQUESTED: NamedSchema = {
  id: "SyncAnswer",
  schema: RequestedAnswer,
  description: "What was put into the inbox.",
  fields: { requested: "Number of shops; one whose task waits already does not count." },
  example: { requested: 1 },
};

export const operations: FunctionOperations = {
  description:
    "For the scheduler, other functions and operators: processes the inbox. docs/inbox.md.",
  operations: [
    {
      id: "processInbox",
      method: "post",
      path: "/",
      caller: "secret_key",
      summary: "Processes due events, releases held orders, stores label tasks",
      description: "Takes about a minute at most.",
      answers: {
        200: {
          description: "What was done.",
          body: {
            id: "ProcessAnswer",
            schema: ProcessAnswer,
            description: "What a run has done.",
            fields: {
              released: "Held orders that the plans now have room for.",
              label_tasks: "Tasks that were stored for labels and parcels.",
              oldest_open_seconds: "Age of the oldest open event in seconds; 0 without one.",
              events: "Number of events by outcome, e.g. inserted, ignored, failed.",
            },
            example: {
              ...{ released: 0, label_tasks: 1, oldest_open_seconds: 0 },
              events: { inserted: 3, ignored: 1 },
            },
          },
        },
      },
    },
    {
      id: "wakeWorker",
      method: "post",
      path: "/wake",
      caller: "secret_key",
      summary: "Processes due events after the answer",
      description: "Our other functions call it when they have stored events.",
      answers: { 202: { description: "Accepted. No body." } },
    },
    {
      id: "syncOrders",
      method: "post",
      path: "/sync",
      caller: "secret_key",
      summary: "Searches TikTok for orders that were missed",
      body: SYNC_REQUEST,
      answers: { 202: { description: "Accepted.", body: REQUESTED } },
      problems: pickProblems(PROBLEMS, "shop_not_connected"),
    },
    {
      id: "rereadOrders",
      method: "post",
      path: "/reread",
      caller: "secret_key",
      summary: "Reads orders again that an older version stored with fewer columns",
      body: SYNC_REQUEST,
      answers: { 202: { description: "Accepted.", body: REQUESTED } },
      problems: pickProblems(PROBLEMS, "shop_not_connected"),
    },
    {
      id: "syncSubscriptions",
      method: "post",
      path: "/sync-subscriptions",
      caller: "secret_key",
      summary: "Compares Stripe's subscriptions with ours",
      body: {
        id: "SubscriptionSyncRequest",
        schema: SubscriptionSyncBody,
        description: "Whose subscriptions are meant.",
        fields: { user_id: "A user; without it the subscriptions of all users are compared." },
        example: {},
      },
      answers: {
        202: {
          description: "Accepted.",
          body: {
            id: "SubscriptionSyncAnswer",
            schema: SubscriptionSyncAnswer,
            description: "The task in the inbox.",
            fields: { event_id: "Id of the event." },
            example: { event_id: 17 },
          },
        },
      },
      problems: pickProblems(PROBLEMS, "customer_not_found"),
    },
  ],
};
