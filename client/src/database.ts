/** The database as sellers see it: the generated types, with the shapes of JSON columns and the codes of text columns. */
import type { components } from "./generated/api.ts";
import type { Columns, Results } from "./generated/columns.ts";
import type { Database as Generated } from "./generated/database.ts";

type Public = Generated["public"];
type Schemas = components["schemas"];

/** A row whose columns have closer types; a column that may be null still may. */
type Narrow<Row, Closer> = {
  [Name in keyof Row]: Name extends keyof Closer
    ? null extends Row[Name] ? Closer[Name] | null : Closer[Name]
    : Row[Name];
};

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

/** Columns that the backend keeps for itself, by table; `select("*")` is refused on these tables. */
interface HiddenColumns {
  subscriptions:
    | "reconciled_at"
    | "stripe_customer_id"
    | "stripe_customer_id_hash"
    | "stripe_subscription_id"
    | "stripe_subscription_id_hash";
  tiktok_shops:
    | "access_token"
    | "first_sync_done"
    | "open_id"
    | "orders_synced_until"
    | "probe_at"
    | "refresh_token"
    | "returns_synced_until"
    | "shop_cipher"
    | "shop_key";
}

/** Columns that a seller may insert, by table. Functions do the other changes. */
interface InsertColumns {
  analytics_events: "event_type" | "properties" | "session_id" | "user_id";
}

/** Columns that a seller may update, by table. */
interface UpdateColumns {
  users: "display_name";
}

type ColumnsOf<Lists, Name> = Name extends keyof Lists ? Lists[Name] : never;

/** Without a column that may be written, no value fits. */
type Written<Values, Names> = [Names] extends [never] ? never : Pick<Values, Names & keyof Values>;

type SellerRow<Name extends SellerTables> = Omit<
  Public["Tables"][Name]["Row"],
  ColumnsOf<HiddenColumns, Name>
>;

interface Table<Name extends SellerTables> {
  Row: Name extends keyof Columns ? Narrow<SellerRow<Name>, Columns[Name]> : SellerRow<Name>;
  Insert: Written<Public["Tables"][Name]["Insert"], ColumnsOf<InsertColumns, Name>>;
  Update: Written<Public["Tables"][Name]["Update"], ColumnsOf<UpdateColumns, Name>>;
  Relationships: Public["Tables"][Name]["Relationships"];
}

/** The subscription that counts; no row without one. */
interface ActiveSubscription {
  subscription_id: string;
  plan_name: Schemas["PlanName"];
  status: "active" | "trialing";
  current_period_end: string | null;
}

interface SellerResults extends Results {
  get_user_active_subscription: ActiveSubscription[];
}

interface SellerFunction<Name extends SellerFunctions> {
  Args: Public["Functions"][Name]["Args"];
  Returns: SellerResults[Name];
}

/** Tables and functions of a seller, as supabase-js takes them. */
export interface Database {
  public: {
    Tables: { [Name in SellerTables]: Table<Name> };
    Views: Public["Views"];
    Functions: { [Name in SellerFunctions]: SellerFunction<Name> };
    Enums: Public["Enums"];
    CompositeTypes: Public["CompositeTypes"];
  };
}

/** A row of a table, with the columns that a seller may read, e.g. `Row<"orders">`. */
export type Row<Name extends SellerTables> = Database["public"]["Tables"][Name]["Row"];
