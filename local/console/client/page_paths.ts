/** Paths on which the console's page is served. `/app` is where TikTok's and Stripe's pages end. */
export const PAGE_PATH = /^\/(?:(?:app|seller|operator|world)(?:\/[\w-]+)*\/?)?$/;

/** The pages of routes.ts, for the server, which has none of their code. */
export const PAGES = [
  "/app",
  "/seller",
  "/seller/orders",
  "/seller/orders/:id",
  "/seller/shops",
  "/seller/plan",
  "/world",
  "/operator/inbox",
  "/operator/inbox/:id",
  "/operator/health",
  "/operator/jobs",
  "/operator/functions",
  "/operator/connections",
  "/operator/log",
  "/operator/sign-in",
];

const EXISTING = new RegExp(`^(?:${PAGES.join("|").replaceAll(/:\w+/g, "[^/]+")})/?$`);

/** Whether a path that `PAGE_PATH` matches is one of a page. */
export function isPage(path: string): boolean {
  return path === "/" || EXISTING.test(path);
}
