/// <reference lib="dom" />
/** The claim that TikTok's redirect brings in the address's fragment. */
const KEY = "creatorflow-claim";

/** Moves the claim out of the address and the history. Called before anything else reads the address. */
export function takeClaim(): void {
  const claim = new URLSearchParams(location.hash.slice(1)).get("claim");
  if (claim === null) return;
  // It has to outlive a sign-in in this window.
  sessionStorage.setItem(KEY, claim);
  history.replaceState(null, "", location.pathname + location.search);
}

export function currentClaim(): string | null {
  return sessionStorage.getItem(KEY);
}

export function forgetClaim(): void {
  sessionStorage.removeItem(KEY);
}
