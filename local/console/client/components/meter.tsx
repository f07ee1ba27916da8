/** @jsxImportSource hono/jsx/dom */
/** How much of a limit is used. A use above the limit is a full bar. */
import { formatNumber } from "../format.ts";

export function Meter({ label, used, limit }: { label: string; used: number; limit: number }) {
  const share = limit > 0 ? Math.min(1, used / limit) : 1;
  const text = `${formatNumber(used)} of ${formatNumber(limit)}`;
  return (
    <div class={share >= 1 ? "meter full" : "meter"}>
      <div class="row">
        <span>{label}</span>
        <span class="push number">{text}</span>
      </div>
      <div
        class="meter-track"
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={limit}
        aria-valuenow={Math.min(used, limit)}
        aria-valuetext={text}
      >
        {used > 0 && <span class="meter-fill" style={{ width: `${(share * 100).toFixed(1)}%` }} />}
      </div>
    </div>
  );
}
