/** Redirects of vendors: followed nowhere, because they would carry credentials to another host. */

/**
 * Whether an answer leads elsewhere. Its body counts for nothing: a proxy wrote it. Requests are sent with
 * `redirect: "manual"`, which returns such an answer.
 */
export function isRedirect({ status }: Pick<Response, "status">): boolean {
  return status >= 300 && status < 400;
}
