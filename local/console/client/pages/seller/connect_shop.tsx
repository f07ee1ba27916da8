/// <reference lib="dom" />
/** @jsxImportSource hono/jsx/dom */
/** The way to TikTok's page, on which the seller agrees; it leads back to /app. */
import { ActionButton } from "../../components/button.tsx";
import { beginConnection } from "../../data/shops.ts";

export interface ConnectShopProps {
  /** Sellers in the United States have a page of their own. */
  region?: string | null;
  /** @default {"Connect a shop"} */
  text?: string;
  isSmall?: boolean;
}

export function ConnectShop({ region, text = "Connect a shop", isSmall }: ConnectShopProps) {
  const open = async (): Promise<void> => {
    location.assign(await beginConnection(region ?? undefined));
  };
  return <ActionButton isSmall={isSmall ?? false} onPress={open}>{text}</ActionButton>;
}
