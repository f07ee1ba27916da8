/** The database as sellers see it: the generated types, with the shapes of JSON columns and the codes of text columns. */
import type { Columns, Results } from "./generated/columns.ts";
import type { Database as Generated } from "./generated/database.ts";

type Public = Generated["public"];

/** A row whose columns have closer types; a column that may be null still may. */
type Narrow<Row, Closer> = {
  [Name in keyof Row]: Name extends keyof Closer
    ? null extends Row[Name] ? Closer[Name] | null : Closer[Name]
    : Row[Name];
};

type Table<Name extends keyof Public["Tables"]> = Name extends keyof Columns
  ? Omit<Public["Tables"][Name], "Row"> & {
    Row: Narrow<Public["Tables"][Name]["Row"], Columns[Name]>;
  }
  : Public["Tables"][Name];

/** Tables that a seller may read. */
type SellerTables =
  | "analytics_events"
  | "order_events"
  | "orders"
  | "plans"
  | "shipment_orders"
  | "shipments"
  | "subscriptions"
  | "tiktok_shops"
  | "users";

/** Functions that a seller may call. */
type SellerFunctions =
  | "get_dashboard_metrics"
  | "get_held_orders"
  | "get_order_overview"
  | "get_usage"
  | "get_user_active_subscription";

type SellerFunction<Name extends SellerFunctions> = Name extends keyof Results
  ? { Args: Public["Functions"][Name]["Args"]; Returns: Results[Name] }
  : Public["Functions"][Name];

export interface Database {
  public: {
    Tables: { [Name in SellerTables]: Table<Name> };
    Views: Public["Views"];
    Functions: { [Name in SellerFunctions]: SellerFunction<Name> };
    Enums: Public["Enums"];
    CompositeTypes: Public["CompositeTypes"];
  };
}

/** A row of a table, e.g. `Row<"orders">`. */
export type Row<Name extends SellerTables> = Database["public"]["Tables"][Name]["Row"];
