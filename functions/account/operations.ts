/** The routes of `account`, for the API's document. */
import {
  type Answer,
  type FunctionOperations,
  type Parameter,
  pickProblems,
} from "../../shared/http/operations.ts";
import { DeleteBody } from "./bodies.ts";
import { PROBLEMS } from "./problems.ts";

const FILE: Answer = {
  description: "A file, sent while it is made: a download that breaks off is not whole.",
  type: "application/octet-stream",
  headers: { "content-disposition": "The name of the file." },
};

const RANGE: Parameter[] = [
  {
    name: "from",
    in: "query",
    required: true,
    description: "The first day in UTC, or a time with its offset.",
    schema: { type: "string", examples: ["2026-11-01"] },
  },
  {
    name: "to",
    in: "query",
    required: true,
    description: "The last day in UTC, included; or a time with its offset, excluded.",
    schema: { type: "string", examples: ["2026-11-30"] },
  },
];

export const operations: FunctionOperations = {
  description: "A seller's own data: downloads, and the end of the account. docs/account.md.",
  operations: [
    {
      id: "deleteAccount",
      method: "delete",
      path: "/",
      caller: "user",
      summary: "Deletes the account with everything in it",
      description: "Ends the subscription at Stripe first. It cannot be undone.",
      isLimited: true,
      body: {
        id: "DeleteAccountRequest",
        schema: DeleteBody,
        description: "Proof that the request is meant.",
        fields: { email: "The account's own e-mail address." },
        example: { email: "ada@example.com" },
      },
      answers: { 204: { description: "The account is deleted." } },
      problems: pickProblems(PROBLEMS, "email_mismatch", "stripe_refused", "stripe_unavailable"),
    },
    {
      id: "downloadOrders",
      method: "get",
      path: "/orders.csv",
      caller: "user",
      summary: "Orders that buyers placed in a range, as CSV",
      description: "Without buyers' names, streets and e-mail addresses, the oldest first.",
      isLimited: true,
      parameters: RANGE,
      answers: { 200: FILE },
      problems: pickProblems(PROBLEMS, "invalid_range"),
    },
    {
      id: "downloadShipments",
      method: "get",
      path: "/shipments.csv",
      caller: "user",
      summary: "Shipments that were created in a range, as CSV",
      isLimited: true,
      parameters: RANGE,
      answers: { 200: FILE },
      problems: pickProblems(PROBLEMS, "invalid_range"),
    },
    {
      id: "exportAccount",
      method: "get",
      path: "/export",
      caller: "user",
      summary: "Every row of the account, as ZIP files of JSON and CSV",
      description: "A part has at most 2000 rows. The header x-next-cursor names the next part.",
      isLimited: true,
      parameters: [{
        name: "cursor",
        in: "query",
        description: "x-next-cursor of the part before.",
        schema: { type: "string" },
      }],
      answers: {
        200: {
          ...FILE,
          headers: { ...FILE.headers, "x-next-cursor": "The next part; absent from the last one." },
        },
      },
      problems: pickProblems(PROBLEMS, "invalid_cursor"),
    },
  ],
};
