/** The routes of `tiktok-oauth`, for the API's document. */
import { type FunctionOperations, pickProblems, TIME } from "../../shared/http/operations.ts";
import { AuthorizeAnswer, CompleteAnswer, ShopsAnswer, ShopState } from "./answers.ts";
import { AuthorizeBody, CompleteBody } from "./bodies.ts";
import { PROBLEMS } from "./problems.ts";

const { shop_not_found, ...COMPLETE_PROBLEMS } = PROBLEMS;

const SHOP_ID = { type: "string", examples: ["7490000000000000001"] };

export const operations: FunctionOperations = {
  description: "A seller's TikTok shops: connects, lists and disconnects them. docs/tiktok.md.",
  operations: [
    {
      id: "beginAuthorization",
      method: "post",
      path: "/authorize",
      caller: "user",
      summary: "Returns TikTok's page on which the seller connects shops",
      isLimited: true,
      body: {
        id: "AuthorizeRequest",
        schema: AuthorizeBody,
        description: "Where the seller sells.",
        fields: { region: "ISO 3166-1 alpha-2: US has a page of its own." },
        example: { region: "US" },
      },
      answers: {
        200: {
          description: "Where to send the seller.",
          body: {
            id: "AuthorizationPage",
            schema: AuthorizeAnswer,
            description: "A page of TikTok.",
            fields: {
              url: { format: "uri", description: "Send the seller's browser there." },
              expires_at: { ...TIME, description: "By then the seller must have agreed." },
            },
            example: {
              url: "https://services.tiktokshop.com/open/authorize?service_id=1&state=s",
              expires_at: "2026-11-29T12:15:00+00:00",
            },
          },
        },
      },
    },
    {
      id: "returnFromTikTok",
      method: "get",
      path: "/callback",
      caller: "anyone",
      summary: "TikTok redirects the seller's browser here, and from here to the app",
      description: "Nothing is connected: the app's page receives status and code in its query, " +
        "and a claim in its fragment.",
      parameters: ["code", "state", "error"].map((name) => ({
        name,
        in: "query" as const,
        description: "From TikTok.",
        schema: { type: "string" },
      })),
      answers: { 303: { description: "To the app.", headers: { location: "The app's page." } } },
    },
    {
      id: "completeAuthorization",
      method: "post",
      path: "/complete",
      caller: "user",
      summary: "Shows whose shops a claim would connect, and connects them on confirm",
      isLimited: true,
      body: {
        id: "CompleteRequest",
        schema: CompleteBody,
        description: "Call it without confirm first, and show the seller the shops.",
        fields: {
          claim: "The claim in the fragment of the app's page.",
          confirm: "Only after the seller has seen the shops' names and agreed.",
        },
        example: { claim: "v1.c2VhbGVk", confirm: true },
      },
      answers: {
        200: {
          description: "The shops.",
          body: {
            id: "CompleteAnswer",
            schema: CompleteAnswer,
            description:
              "unconfirmed: nothing is connected yet, and the claim ends at expires_at. " +
              "connected: id is that of the table tiktok_shops. shop_id is TikTok's.",
            example: {
              status: "unconfirmed",
              shops: [{ shop_id: "7490000000000000001", shop_name: "Ada's", region: "US" }],
              expires_at: "2026-11-29T12:15:00+00:00",
            },
          },
        },
      },
      problems: COMPLETE_PROBLEMS,
    },
    {
      id: "listShops",
      method: "get",
      path: "/shops",
      caller: "user",
      summary: "The seller's shops with their state in words",
      answers: {
        200: {
          description: "Every shop that was ever connected.",
          body: {
            id: "ShopList",
            schema: ShopsAnswer,
            description: "The shops, the first connected first.",
            fields: { shops: "Ended connections included." },
            parts: [{
              id: "ShopState",
              schema: ShopState,
              description: "A shop and the state of its connection.",
              fields: {
                id: { format: "uuid", description: "Id in the table tiktok_shops." },
                shop_id: { ...SHOP_ID, description: "TikTok's shop id." },
                shop_name: "Name at TikTok.",
                region: "ISO 3166-1 alpha-2.",
                status: "State of the connection.",
                reason: "Code: why it is not active; null if it is.",
                message: "A sentence for the seller.",
                expires_at: {
                  ...TIME,
                  description: "When the seller's authorization expires, perhaps in a century; " +
                    "null without one.",
                },
                connected_at: { ...TIME, description: "When the seller last authorized it." },
              },
            }],
            example: {
              shops: [{
                ...{ id: "0b9a1c1e-5d1e-4a57-8d1f-0e9f2f6f7a11", shop_id: "7490000000000000001" },
                ...{ shop_name: "Ada's", region: "US", status: "active", reason: null },
                message: "Connected. Orders arrive automatically.",
                expires_at: "2122-11-29T12:00:00+00:00",
                connected_at: "2026-11-29T12:00:00+00:00",
              }],
            },
          },
        },
      },
    },
    {
      id: "disconnectShop",
      method: "delete",
      path: "/shops/{id}",
      caller: "user",
      summary: "Disconnects a shop; its orders stay",
      parameters: [{
        name: "id",
        in: "path",
        required: true,
        description: "Id in the table tiktok_shops.",
        schema: { type: "string" },
      }],
      answers: { 204: { description: "The shop is disconnected." } },
      problems: pickProblems({ shop_not_found }, "shop_not_found"),
    },
  ],
};
