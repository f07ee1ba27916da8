/** Long ids in REST's filters. */

const NOT_FILTERS = new Set(["select", "order", "limit", "offset", "columns", "on_conflict"]);

/**
 * Quotes long digits in filters. @supabase/lite reads digits as a double, also for a text column: TikTok's
 * ids would lose their last digits and match nothing. It leaves quoted values unchanged.
 */
export function withQuotedIds(request: Request): Request {
  // Most requests have none.
  if (!/\d{16}/.test(request.url)) return request;
  const url = new URL(request.url);
  const parameters = [...url.searchParams].map(([name, value]) => [
    name,
    NOT_FILTERS.has(name) ? value : value.replace(/(?<=^|[.(,])\d{16,}(?=$|[,)])/g, '"$&"'),
  ]);
  const search = new URLSearchParams(parameters).toString();
  if (search === url.searchParams.toString()) return request;
  url.search = search;
  const { method, headers, body } = request;
  return new Request(url, { method, headers, body });
}
