/** Paths on which the console's page is served. `/app` is where TikTok's and Stripe's pages end. */
export const PAGE_PATH = /^\/(?:(?:app|seller|operator|world)(?:\/[\w-]+)*\/?)?$/;
