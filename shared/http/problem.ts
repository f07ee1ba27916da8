/** Every error that a caller sees: RFC 9457 `application/problem+json`. */

/** A field of the body that is wrong, as RFC 9457 names it. */
export interface FieldError {
  /** A JSON pointer: `#/parcel/length`. */
  pointer: string;
  /** What the field must be. */
  detail: string;
}

type Members = Record<string, string | string[] | FieldError[]>;

export interface ProblemOptions {
  /** HTTP status, 400-599. */
  status: number;
  /** Stable and machine-readable, e.g. `invalid_signature`. */
  code: string;
  /** One sentence that the caller may read; without secrets or internal details. */
  detail: string;
  headers?: Record<string, string>;
  /** Further members of the body, e.g. the id of the object concerned. */
  members?: Members;
  /** For the log line. */
  cause?: unknown;
}

/** Thrown anywhere below a route; `createApp` turns it into the response. */
export class Problem extends Error {
  override name = "Problem";
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;
  readonly members: Members;

  constructor({ status, code, detail, headers = {}, members = {}, cause }: ProblemOptions) {
    super(detail, { cause });
    this.status = status;
    this.code = code;
    this.headers = headers;
    this.members = members;
  }
}

const TITLES: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  413: "Content Too Large",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** The body of the response. */
export function problemBody(problem: Problem, requestId: string) {
  return {
    type: "about:blank",
    title: TITLES[problem.status] ?? "Error",
    status: problem.status,
    detail: problem.message,
    code: problem.code,
    ...problem.members,
    request_id: requestId,
  };
}

export function problemResponse(problem: Problem, requestId: string): Response {
  return new Response(JSON.stringify(problemBody(problem, requestId)), {
    status: problem.status,
    headers: {
      ...problem.headers,
      "content-type": "application/problem+json",
      "x-request-id": requestId,
    },
  });
}
