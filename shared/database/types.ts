// Made by `deno task generate-types`; changes are overwritten.

export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  "public": {
    Tables: {
      /** Events of the account of a seller, who reads and inserts their own; events are never changed. */
      "analytics_events": {
        Row: {
          "event_type": string;
          "id": string;
          "properties": NonNullable<Json>;
          "session_id": string | null;
          "timestamp": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "event_type": string;
          "id"?: string;
          "properties"?: NonNullable<Json>;
          "session_id"?: string | null;
          "timestamp"?: string;
          "user_id": string;
        };
        Update: {
          "event_type"?: string;
          "id"?: string;
          "properties"?: NonNullable<Json>;
          "session_id"?: string | null;
          "timestamp"?: string;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "analytics_events_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
        ];
      };
      /** The timeline of each order; its seller reads, only the backend writes. */
      "order_events": {
        Row: {
          /** By column: {"order_status": {"from": ..., "to": ...}}; an address only as "changed"; refused: a status that may not follow; units_cancelled: [{line_item_id, cancelled_by, cancel_reason}]; facts of the TikTok event: cancel_status, return_status, refund_total. */
          "changes": NonNullable<Json>;
          "created_at": string;
          /** Source of the change: the TikTok topic, or ORDER_FOUND and RETURN_FOUND after a sync. */
          "event_type": string;
          /** When the order changed at TikTok, or when the event with further facts was received. */
          "happened_at": string;
          "id": number;
          "order_id": string;
          "user_id": string;
          /** Id of the event in the inbox, which deletes it after a while. */
          "webhook_event_id": number | null;
        };
        ComputedFields: never;
        Insert: {
          "changes"?: NonNullable<Json>;
          "created_at"?: string;
          "event_type": string;
          "happened_at": string;
          "id"?: never;
          "order_id": string;
          "user_id": string;
          "webhook_event_id"?: number | null;
        };
        Update: {
          "changes"?: NonNullable<Json>;
          "created_at"?: string;
          "event_type"?: string;
          "happened_at"?: string;
          "id"?: never;
          "order_id"?: string;
          "user_id"?: string;
          "webhook_event_id"?: number | null;
        };
        Relationships: [
          {
            foreignKeyName: "order_events_order_id_fkey";
            columns: ["order_id"];
            isOneToOne: false;
            referencedRelation: "orders";
            referencedColumns: ["id"];
          },
        ];
      };
      /** One row per TikTok order; sellers read, only ingest_order writes. */
      "orders": {
        Row: {
          /** readable, masked (TikTok replaced parts by asterisks) or none; while the order ships, a readable address is not overwritten by another kind. */
          "address_status": string;
          /** Discounts, taxes and fees under TikTok's own names, as decimal strings of currency: docs/orders.md. */
          "amounts": NonNullable<Json>;
          /** When TikTok cancels the order if its next step does not happen. */
          "auto_cancel_at": string | null;
          /** Note of the buyer to the seller. */
          "buyer_note": string | null;
          /** TikTok's reason for the cancellation of the order. */
          "cancel_reason": string | null;
          /** When the buyer asked for the cancellation that waits for the seller; null without such a request. */
          "cancel_requested_at": string | null;
          /** Until when the seller may answer that request; null if TikTok does not say. */
          "cancel_respond_by": string | null;
          /** Price and taxes of the units that were cancelled while the order goes on. */
          "cancelled_amount": number;
          /** BUYER, SELLER, OPERATOR or SYSTEM. */
          "cancelled_by": string | null;
          /** Whether total_amount still contains the cancelled units: docs/orders.md. */
          "cancelled_in_total": boolean;
          /** TikTok's auto_combine_group_id: orders of one buyer that are shipped in one parcel. */
          "combine_group_id": string | null;
          /** Whether the order uses a place of the monthly limit: docs/orders.md, "Which orders count". */
          "counts_for_plan": boolean;
          /** When the order was stored here; it counts for this month (UTC). */
          "created_at": string;
          "currency": string;
          /** Forwarding address of the buyer at TikTok. */
          "customer_email": string | null;
          /** When it became completed or cancelled, at TikTok; null before. */
          "final_at": string | null;
          /** FULFILLMENT_BY_SELLER, FULFILLMENT_BY_TIKTOK or FULFILLMENT_BY_DILAYANI_TOKOPEDIA; the seller ships only the first. */
          "fulfillment_type": string | null;
          "id": string;
          /** Whether it is a sale that the buyer paid and that was not cancelled. */
          "is_revenue": boolean;
          /** private.order_mapping_version() when the order was last read. */
          "mapping_version": number;
          /** One entry per SKU with quantity and line item ids, both without cancelled units: docs/orders.md. */
          "order_items": NonNullable<Json>;
          /** sale, sample, replacement or exchange; only a sale brings revenue. */
          "order_kind": string;
          /** Mapped from tiktok_status: docs/orders.md. */
          "order_status": string;
          /** When the buyer paid. */
          "paid_at": string | null;
          "payment_status": string;
          /** When the personal data of the buyer was removed: docs/privacy.md; null while the order may have them. */
          "personal_data_removed_at": string | null;
          /** Sum of the refunds that TikTok reported; null before the first. */
          "refunded_amount": number | null;
          /** TikTok id of the order that this one replaces or was exchanged for. */
          "related_order_id": string | null;
          /** Note that the seller wrote in Seller Center. */
          "seller_note": string | null;
          /** Latest time to ship that TikTok states (rts_sla_time, else tts_sla_time). */
          "ship_by": string | null;
          /** Address in our own shape: docs/orders.md; {} while TikTok shows none. */
          "shipping_address": NonNullable<Json>;
          /** Shipping that the buyer pays, in major units of currency. */
          "shipping_cost": number;
          /** TIKTOK (TikTok's own labels only) or SELLER. */
          "shipping_type": string | null;
          "tiktok_created_at": string | null;
          "tiktok_order_id": string;
          /** The stored state was read at TikTok before this time; it decides between two states of one second. */
          "tiktok_read_at": string;
          "tiktok_shop_id": string;
          /** The status as TikTok sent it, including values that order_status does not cover. */
          "tiktok_status": string;
          /** update_time of TikTok; an older state never overwrites a newer one. */
          "tiktok_updated_at": string;
          /** Amount that the buyer pays, in major units of currency. */
          "total_amount": number;
          "updated_at": string;
          "user_id": string;
          /** TikTok id of the warehouse that the order ships from. */
          "warehouse_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "address_status": string;
          "amounts"?: NonNullable<Json>;
          "auto_cancel_at"?: string | null;
          "buyer_note"?: string | null;
          "cancel_reason"?: string | null;
          "cancel_requested_at"?: string | null;
          "cancel_respond_by"?: string | null;
          "cancelled_amount"?: number;
          "cancelled_by"?: string | null;
          "cancelled_in_total"?: boolean;
          "combine_group_id"?: string | null;
          "counts_for_plan"?: boolean;
          "created_at"?: string;
          "currency": string;
          "customer_email"?: string | null;
          "final_at"?: string | null;
          "fulfillment_type"?: string | null;
          "id"?: string;
          "is_revenue"?: never;
          "mapping_version"?: number;
          "order_items": NonNullable<Json>;
          "order_kind"?: string;
          "order_status"?: string;
          "paid_at"?: string | null;
          "payment_status"?: string;
          "personal_data_removed_at"?: string | null;
          "refunded_amount"?: number | null;
          "related_order_id"?: string | null;
          "seller_note"?: string | null;
          "ship_by"?: string | null;
          "shipping_address": NonNullable<Json>;
          "shipping_cost"?: number;
          "shipping_type"?: string | null;
          "tiktok_created_at"?: string | null;
          "tiktok_order_id": string;
          "tiktok_read_at"?: string;
          "tiktok_shop_id": string;
          "tiktok_status": string;
          "tiktok_updated_at": string;
          "total_amount": number;
          "updated_at"?: string;
          "user_id": string;
          "warehouse_id"?: string | null;
        };
        Update: {
          "address_status"?: string;
          "amounts"?: NonNullable<Json>;
          "auto_cancel_at"?: string | null;
          "buyer_note"?: string | null;
          "cancel_reason"?: string | null;
          "cancel_requested_at"?: string | null;
          "cancel_respond_by"?: string | null;
          "cancelled_amount"?: number;
          "cancelled_by"?: string | null;
          "cancelled_in_total"?: boolean;
          "combine_group_id"?: string | null;
          "counts_for_plan"?: boolean;
          "created_at"?: string;
          "currency"?: string;
          "customer_email"?: string | null;
          "final_at"?: string | null;
          "fulfillment_type"?: string | null;
          "id"?: string;
          "is_revenue"?: never;
          "mapping_version"?: number;
          "order_items"?: NonNullable<Json>;
          "order_kind"?: string;
          "order_status"?: string;
          "paid_at"?: string | null;
          "payment_status"?: string;
          "personal_data_removed_at"?: string | null;
          "refunded_amount"?: number | null;
          "related_order_id"?: string | null;
          "seller_note"?: string | null;
          "ship_by"?: string | null;
          "shipping_address"?: NonNullable<Json>;
          "shipping_cost"?: number;
          "shipping_type"?: string | null;
          "tiktok_created_at"?: string | null;
          "tiktok_order_id"?: string;
          "tiktok_read_at"?: string;
          "tiktok_shop_id"?: string;
          "tiktok_status"?: string;
          "tiktok_updated_at"?: string;
          "total_amount"?: number;
          "updated_at"?: string;
          "user_id"?: string;
          "warehouse_id"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "orders_tiktok_shop_id_fkey";
            columns: ["tiktok_shop_id"];
            isOneToOne: false;
            referencedRelation: "tiktok_shops";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "orders_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
        ];
      };
      /** The plans and their limits; trial is the plan of a seller without a live subscription. */
      "plans": {
        Row: {
          /** Cost of the EasyPost labels of a day, in US cents. */
          "daily_label_cents": number;
          /** Number of EasyPost labels that a seller may buy per day (UTC): the account of the platform pays them. */
          "daily_label_limit": number;
          /** Cost of the EasyPost labels of a calendar month, in US cents. */
          "monthly_label_cents": number;
          /** Number of EasyPost labels per calendar month (UTC). */
          "monthly_label_limit": number;
          /** Number of new orders that a seller may receive per calendar month (UTC). */
          "monthly_order_limit": number;
          /** Code of the plan. */
          "name": string;
        };
        ComputedFields: never;
        Insert: {
          "daily_label_cents": number;
          "daily_label_limit": number;
          "monthly_label_cents": number;
          "monthly_label_limit": number;
          "monthly_order_limit": number;
          "name": string;
        };
        Update: {
          "daily_label_cents"?: number;
          "daily_label_limit"?: number;
          "monthly_label_cents"?: number;
          "monthly_label_limit"?: number;
          "monthly_order_limit"?: number;
          "name"?: string;
        };
        Relationships: [];
      };
      /** Every order in a parcel: one, or all that TikTok combined. */
      "shipment_orders": {
        Row: {
          "id": number;
          "order_id": string;
          "shipment_id": string;
          /** The seller, as in the order: set by a trigger. */
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "id"?: never;
          "order_id": string;
          "shipment_id": string;
          "user_id": string;
        };
        Update: {
          "id"?: never;
          "order_id"?: string;
          "shipment_id"?: string;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "shipment_orders_order_id_fkey";
            columns: ["order_id"];
            isOneToOne: false;
            referencedRelation: "orders";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "shipment_orders_shipment_id_fkey";
            columns: ["shipment_id"];
            isOneToOne: false;
            referencedRelation: "shipments";
            referencedColumns: ["id"];
          },
        ];
      };
      /** Parcels of orders and their labels; sellers read, only the backend writes. */
      "shipments": {
        Row: {
          /** What to do with a label that is no longer wanted: void_advised, or stop_parcel once it is collected; null otherwise. */
          "advice": string | null;
          /** What happened after the purchase: labelled_twice, order_cancelled, unit_cancelled or address_changed. */
          "advice_reason": string | null;
          /** When that was stored. */
          "advised_at": string | null;
          /** Carrier in the words of the provider, e.g. USPS. */
          "carrier": string;
          "created_at": string;
          "currency": string | null;
          "estimated_delivery": string | null;
          "id": string;
          /** When label_url expires, null if it does not; GET /shipments/:id/label returns a fresh one. */
          "label_expires_at": string | null;
          "label_format": string | null;
          /** Null while the provider renders the label. */
          "label_url": string | null;
          /** TikTok ids of the units in the parcel, as in orders.order_items. */
          "line_item_ids": (string)[];
          /** The order, or the first of combined ones: shipment_orders has all. */
          "order_id": string;
          /** Provider that sold the label, or own for a tracking number from elsewhere: docs/labels.md. */
          "provider": string | null;
          /** Quoted price in major units of currency. */
          "quoted_cost": number | null;
          "service_type": string;
          /** Price of the label in major units of currency; null if the provider did not report it. */
          "shipping_cost": number | null;
          /** Status of the parcel: docs/labels.md; it moves back only after a failed delivery. */
          "status": string;
          /** Why TikTok has not accepted the tracking number yet: its code and request id, without its words. */
          "tiktok_error": string | null;
          /** Code of that reason, for a tracking number from elsewhere: docs/own-tracking.md. */
          "tiktok_error_code": string | null;
          /** When TikTok accepted the present tracking number of a label that it did not sell. */
          "tiktok_notified_at": string | null;
          /** TikTok package of its own label, or of a label that TikTok was notified of. */
          "tiktok_package_id": string | null;
          /** Code: TikTok accepted the tracking number with a warning. */
          "tiktok_warning": string | null;
          /** When the last update was received or requested. */
          "tracked_at": string | null;
          "tracking_number": string | null;
          /** Carrier time of the newest update; older updates do not change it. */
          "tracking_updated_at": string | null;
          "updated_at": string;
          /** The seller, as in the order: set by a trigger. */
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "advice"?: string | null;
          "advice_reason"?: string | null;
          "advised_at"?: string | null;
          "carrier": string;
          "created_at"?: string;
          "currency"?: string | null;
          "estimated_delivery"?: string | null;
          "id"?: string;
          "label_expires_at"?: string | null;
          "label_format"?: string | null;
          "label_url"?: string | null;
          "line_item_ids"?: (string)[];
          "order_id": string;
          "provider"?: string | null;
          "quoted_cost"?: number | null;
          "service_type": string;
          "shipping_cost"?: number | null;
          "status"?: string;
          "tiktok_error"?: string | null;
          "tiktok_error_code"?: string | null;
          "tiktok_notified_at"?: string | null;
          "tiktok_package_id"?: string | null;
          "tiktok_warning"?: string | null;
          "tracked_at"?: string | null;
          "tracking_number"?: string | null;
          "tracking_updated_at"?: string | null;
          "updated_at"?: string;
          "user_id": string;
        };
        Update: {
          "advice"?: string | null;
          "advice_reason"?: string | null;
          "advised_at"?: string | null;
          "carrier"?: string;
          "created_at"?: string;
          "currency"?: string | null;
          "estimated_delivery"?: string | null;
          "id"?: string;
          "label_expires_at"?: string | null;
          "label_format"?: string | null;
          "label_url"?: string | null;
          "line_item_ids"?: (string)[];
          "order_id"?: string;
          "provider"?: string | null;
          "quoted_cost"?: number | null;
          "service_type"?: string;
          "shipping_cost"?: number | null;
          "status"?: string;
          "tiktok_error"?: string | null;
          "tiktok_error_code"?: string | null;
          "tiktok_notified_at"?: string | null;
          "tiktok_package_id"?: string | null;
          "tiktok_warning"?: string | null;
          "tracked_at"?: string | null;
          "tracking_number"?: string | null;
          "tracking_updated_at"?: string | null;
          "updated_at"?: string;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "shipments_order_id_fkey";
            columns: ["order_id"];
            isOneToOne: false;
            referencedRelation: "orders";
            referencedColumns: ["id"];
          },
        ];
      };
      /** The last known state of each Stripe subscription; written by the backend only. */
      "subscriptions": {
        Row: {
          "cancel_at_period_end": boolean;
          "created_at": string;
          "current_period_end": string | null;
          "current_period_start": string | null;
          "id": string;
          "plan_name": string;
          /** When its state was last read from Stripe. */
          "reconciled_at": string | null;
          "status": string;
          /** Encrypted (shared/crypto). */
          "stripe_customer_id": string;
          /** Keyed hash of the id, used to find the row. */
          "stripe_customer_id_hash": string;
          /** Encrypted (shared/crypto). */
          "stripe_subscription_id": string | null;
          /** Keyed hash of the id, used to find the row. */
          "stripe_subscription_id_hash": string | null;
          "updated_at": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "cancel_at_period_end"?: boolean;
          "created_at"?: string;
          "current_period_end"?: string | null;
          "current_period_start"?: string | null;
          "id"?: string;
          "plan_name": string;
          "reconciled_at"?: string | null;
          "status": string;
          "stripe_customer_id": string;
          "stripe_customer_id_hash": string;
          "stripe_subscription_id"?: string | null;
          "stripe_subscription_id_hash"?: string | null;
          "updated_at"?: string;
          "user_id": string;
        };
        Update: {
          "cancel_at_period_end"?: boolean;
          "created_at"?: string;
          "current_period_end"?: string | null;
          "current_period_start"?: string | null;
          "id"?: string;
          "plan_name"?: string;
          "reconciled_at"?: string | null;
          "status"?: string;
          "stripe_customer_id"?: string;
          "stripe_customer_id_hash"?: string;
          "stripe_subscription_id"?: string | null;
          "stripe_subscription_id_hash"?: string | null;
          "updated_at"?: string;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "subscriptions_plan_name_fkey";
            columns: ["plan_name"];
            isOneToOne: false;
            referencedRelation: "plans";
            referencedColumns: ["name"];
          },
          {
            foreignKeyName: "subscriptions_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
        ];
      };
      /** Log of automatic and operator actions, for the backend only. */
      "system_logs": {
        Row: {
          "created_at": string;
          "details": NonNullable<Json>;
          "event_type": string;
          "id": number;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "details"?: NonNullable<Json>;
          "event_type": string;
          "id"?: never;
        };
        Update: {
          "created_at"?: string;
          "details"?: NonNullable<Json>;
          "event_type"?: string;
          "id"?: never;
        };
        Relationships: [];
      };
      /** Connected TikTok shops; sellers read the columns without secrets, only the backend writes. */
      "tiktok_shops": {
        Row: {
          /** Encrypted (shared/crypto), with column and shop_id as associated data. */
          "access_token": string | null;
          /** When the seller last authorized the app at TikTok; earlier TikTok events concern an older connection. */
          "connected_at": string;
          /** active; paused: TikTok has deactivated the shop; needs_reauth: the seller has to connect again; disconnected: by the seller, here or at TikTok; transferred: another account connected the shop later. */
          "connection_status": string;
          "created_at": string;
          /** When the connection ended; null while the shop is connected. Personal data stay for a time after it: docs/privacy.md. */
          "ended_at": string | null;
          /** Once true, an order that only a sync finds counts as missed by the webhooks. */
          "first_sync_done": boolean;
          /** Scopes that TikTok granted for the shop, e.g. seller.order.info; empty if TikTok did not name them. */
          "granted_scopes": (string)[];
          "id": string;
          "is_active": boolean;
          /** The TikTok id of the login that connected the shop; a login may own several shops with one token pair. */
          "open_id": string;
          /** Every order of the shop that changed before this time is stored or in the inbox. */
          "orders_synced_until": string | null;
          /** paused: when the next probe reads from TikTok whether the shop is active again. */
          "probe_at": string | null;
          /** Encrypted (shared/crypto), with column and shop_id as associated data. */
          "refresh_token": string | null;
          /** End of the authorization by the seller; may be a century ahead. */
          "refresh_token_expires_at": string;
          "region": string | null;
          /** Every return of the shop that was paid back before this time is in the timeline of its order or in the inbox. */
          "returns_synced_until": string | null;
          /** Opaque query parameter shop_cipher of TikTok API calls. */
          "shop_cipher": string;
          /** The TikTok shop id, as in webhooks. */
          "shop_id": string;
          /** Key of what is counted for the shop in every account: private.shop_identities; connect_tiktok_shops finds it. */
          "shop_key": string;
          "shop_name": string | null;
          /** Code of the reason why it is not active: docs/tiktok.md. */
          "status_reason": string | null;
          "token_expires_at": string;
          "updated_at": string;
          "user_id": string;
          /** The URL that TikTok sends the webhooks of this shop to. */
          "webhook_url": string | null;
        };
        ComputedFields: never;
        Insert: {
          "access_token"?: string | null;
          "connected_at"?: string;
          "connection_status"?: string;
          "created_at"?: string;
          "ended_at"?: string | null;
          "first_sync_done"?: boolean;
          "granted_scopes"?: (string)[];
          "id"?: string;
          "is_active"?: never;
          "open_id": string;
          "orders_synced_until"?: string | null;
          "probe_at"?: string | null;
          "refresh_token"?: string | null;
          "refresh_token_expires_at": string;
          "region"?: string | null;
          "returns_synced_until"?: string | null;
          "shop_cipher": string;
          "shop_id": string;
          "shop_key"?: string;
          "shop_name"?: string | null;
          "status_reason"?: string | null;
          "token_expires_at": string;
          "updated_at"?: string;
          "user_id": string;
          "webhook_url"?: string | null;
        };
        Update: {
          "access_token"?: string | null;
          "connected_at"?: string;
          "connection_status"?: string;
          "created_at"?: string;
          "ended_at"?: string | null;
          "first_sync_done"?: boolean;
          "granted_scopes"?: (string)[];
          "id"?: string;
          "is_active"?: never;
          "open_id"?: string;
          "orders_synced_until"?: string | null;
          "probe_at"?: string | null;
          "refresh_token"?: string | null;
          "refresh_token_expires_at"?: string;
          "region"?: string | null;
          "returns_synced_until"?: string | null;
          "shop_cipher"?: string;
          "shop_id"?: string;
          "shop_key"?: string;
          "shop_name"?: string | null;
          "status_reason"?: string | null;
          "token_expires_at"?: string;
          "updated_at"?: string;
          "user_id"?: string;
          "webhook_url"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "tiktok_shops_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
        ];
      };
      /** Profiles of sellers, created at sign-up and deleted with the account. */
      "users": {
        Row: {
          "created_at": string;
          "display_name": string | null;
          "email": string;
          "id": string;
          /** trial, or the Stripe status of the subscription that counts, else of the newest: docs/billing.md; written by the backend only. */
          "subscription_status": string;
          /** The plan that the seller sees: docs/billing.md; limits are read from subscriptions, not from here. */
          "subscription_tier": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "display_name"?: string | null;
          "email": string;
          "id": string;
          "subscription_status"?: string;
          "subscription_tier"?: string;
        };
        Update: {
          "created_at"?: string;
          "display_name"?: string | null;
          "email"?: string;
          "id"?: string;
          "subscription_status"?: string;
          "subscription_tier"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "users_subscription_tier_fkey";
            columns: ["subscription_tier"];
            isOneToOne: false;
            referencedRelation: "plans";
            referencedColumns: ["name"];
          },
        ];
      };
    };
    Views: {
      [_ in never]: never;
    };
    Functions: {
      /** Changes what a bought label cost by a later invoice of the carrier, and settles the event, in one transaction. */
      "adjust_label_cost": {
        Args: { "p_event_id": number; "p_invoice": Json; "p_shipment_id": string };
        Returns: Json;
      };
      /** Applies a tracking update to the parcels with an own tracking number, and settles its event. */
      "apply_own_tracking": {
        Args: {
          "p_event_id": number;
          "p_tracker_id": string;
          "p_tracking_number": string;
          "p_update": Json;
        };
        Returns: Json;
      };
      /** Stores states of Stripe subscriptions, the plans of their sellers and their events in one transaction; a larger plan releases held orders. */
      "apply_subscriptions": { Args: { "p_items": Json }; Returns: Json };
      /** Applies a tracking update and settles its event, in one transaction. */
      "apply_tracking": {
        Args: { "p_event_id": number; "p_shipment_id": string; "p_update": Json };
        Returns: Json;
      };
      /** Stores the state that a user takes to the TikTok authorization page. */
      "begin_tiktok_authorization": {
        Args: { "p_state_hash": string; "p_user_id": string; "p_valid_seconds": number };
        Returns: Json;
      };
      /** Figures of the health with a status; definer, because only the role of the owner sees all connections. */
      "check_database_health": {
        Args: Record<PropertyKey, never>;
        Returns: {
          "metric": string;
          "status": string;
          "value": number;
        }[];
      };
      /** Whether a seller may receive one more order this month: two indexed reads, independent of the number of orders. */
      "check_order_limit": { Args: { "user_uuid": string }; Returns: boolean };
      /** Leases logins of an active shop whose access token expires within 24 hours, earliest first, and ends connections whose authorization expired. */
      "claim_tiktok_logins": {
        Args: { "p_lease_seconds": number; "p_limit": number };
        Returns: Json;
      };
      /** Claims due events for a worker; shops take turns, and so do live and failing events: many of one kind delay no other. */
      "claim_webhook_events": {
        Args: { "p_except_shops"?: (string)[]; "p_lease_seconds": number; "p_limit": number };
        Returns: Json;
      };
      /** Marks subscriptions as seen at Stripe, and finds those that differ from the stored ones, have no account, or a customer that is not bound to its user. */
      "compare_subscriptions": { Args: { "p_subscriptions": Json }; Returns: Json };
      /** Connects the shops of a claim that its seller confirms, once; the stored tokens are erased in the same transaction. */
      "confirm_tiktok_claim": {
        Args: { "p_claim_hash": string; "p_grant": Json; "p_user_id": string };
        Returns: Json;
      };
      /** Stores the shops of one TikTok login, all or none, resets their failures, enqueues their first tasks and reopens their earlier events. */
      "connect_tiktok_shops": { Args: { "p_grant": Json; "p_user_id": string }; Returns: Json };
      /** Settles one page of a comparison: enqueues the next page, or logs the result. */
      "continue_subscription_sync": {
        Args: { "p_event_id": number; "p_progress": Json };
        Returns: Json;
      };
      /** Stores the cipher that TikTok has for a shop now, or ends the connection if the login no longer owns the shop. */
      "correct_shop_cipher": {
        Args: { "p_shop_cipher": string; "p_tiktok_shop_id": string; "p_token_version": number };
        Returns: string;
      };
      /** Counts a request of a seller, or says how long they have to wait. */
      "count_request": { Args: { "p_route": string; "p_user_id": string }; Returns: Json };
      /** Counts the events of a filter by status, source and type. */
      "count_webhook_events": { Args: { "p_filter"?: Json }; Returns: Json };
      /** Creates a restore point for point-in-time recovery; it copies nothing; definer, so the backend may call it. */
      "create_backup_point": { Args: { "backup_name": string }; Returns: string };
      /** Ends the connection after the seller revoked the authorization at TikTok, and settles the event. */
      "deauthorize_tiktok_shop": {
        Args: {
          "p_confirmed_after"?: string;
          "p_event_at": string;
          "p_event_id": number;
          "p_tiktok_shop_id": string;
        };
        Returns: Json;
      };
      /** Deletes an account whose Stripe customers were closed, with all its rows; definer, because only its owner may delete users of Auth. */
      "delete_account": {
        Args: {
          "p_customer_hashes": (string)[];
          "p_stripe_customer_ids": (string)[];
          "p_user_id": string;
        };
        Returns: Json;
      };
      /** Ends the connection of a shop for its seller; orders and history stay. */
      "disconnect_tiktok_shop": {
        Args: { "p_tiktok_shop_id": string; "p_user_id": string };
        Returns: Json;
      };
      /** Ends a subscription that Stripe no longer has. */
      "end_subscription": { Args: { "p_hashes": (string)[] }; Returns: boolean };
      /** Enqueues overdue label tasks: unsettled purchases hourly, undecided voids every 6 hours, silent parcels daily for 90 days. */
      "enqueue_label_tasks": { Args: Record<PropertyKey, never>; Returns: number };
      /** Enqueues one task for each order of a page that an older mapping stored, and the task of the next page. */
      "enqueue_order_rereads": {
        Args: { "p_event_id": number; "p_page_size"?: number; "p_tiktok_shop_id": string };
        Returns: Json;
      };
      /** Replaces an event about several orders by one event per order; without any order it requests a sync of the shop. */
      "expand_webhook_event": {
        Args: { "p_event_id": number; "p_orders": Json; "p_tiktok_shop_id": string };
        Returns: Json;
      };
      /** Marks a purchase failed once it is certain that nothing was bought, frees its units and its money, and has an order read again that TikTok shows differently. */
      "fail_label_purchase": {
        Args: {
          "p_attempt": number;
          "p_event_id"?: number;
          "p_purchase_id": string;
          "p_reason": string;
        };
        Returns: Json;
      };
      /** Ends a lease without new tokens. */
      "fail_tiktok_refresh": {
        Args: {
          "p_error": string;
          "p_kind": string;
          "p_lease_id": string;
          "p_open_id": string;
          "p_retry_after_seconds"?: number;
          "p_user_id": string;
        };
        Returns: string;
      };
      /** The shipment of an EasyPost tracker, by EasyPost shipment id, else by tracking number; null if unknown. */
      "find_easypost_shipment": {
        Args: { "p_carrier_shipment_id": string; "p_tracking_number": string };
        Returns: string;
      };
      /** The failed purchase of an EasyPost shipment, whose label may have been sold later; null if it has none. */
      "find_failed_purchase": { Args: { "p_carrier_shipment_id": string }; Returns: string };
      /** The sellers of Stripe customers. */
      "find_stripe_customers": { Args: { "p_hashes": (string)[] }; Returns: Json };
      /** Stores a bought label: purchase, shipment, order, timeline, follow-up task and event in one transaction; repeating it changes nothing. */
      "finish_label_purchase": {
        Args: { "p_event_id"?: number; "p_label": Json; "p_purchase_id": string };
        Returns: Json;
      };
      /** Records the comparison of the webhook subscriptions of a shop, and settles its event. */
      "finish_webhook_check": {
        Args: {
          "p_event_id": number;
          "p_restored": (string)[];
          "p_tiktok_shop_id": string;
          "p_webhook_url": string;
        };
        Returns: Json;
      };
      /** Stores where TikTok sends the webhooks of a shop, and settles the event. */
      "finish_webhook_subscription": {
        Args: { "p_event_id": number; "p_tiktok_shop_id": string; "p_webhook_url": string };
        Returns: Json;
      };
      /** One label of a batch, for the event worker. */
      "get_batch_item": { Args: { "p_batch_id": string; "p_place": number }; Returns: Json };
      /** Dashboard figures of the caller, of this moment. */
      "get_dashboard_metrics": { Args: Record<PropertyKey, never>; Returns: Json };
      /** The Stripe customer of a deleted account. */
      "get_deleted_customer": { Args: { "p_id": string }; Returns: Json };
      /** Orders of the caller that wait for a place in the plan, without any data of the buyer. */
      "get_held_orders": { Args: { "p_limit"?: number; "p_offset"?: number }; Returns: Json };
      /** One batch of a seller. */
      "get_label_batch": { Args: { "p_batch_id": string; "p_user_id": string }; Returns: Json };
      /** A purchase for the event worker. */
      "get_label_purchase": { Args: { "p_purchase_id": string }; Returns: Json };
      /** An order whose carriers a seller lists. */
      "get_order_for_own_tracking": {
        Args: { "p_order_id": string; "p_user_id": string };
        Returns: Json;
      };
      /** Orders of the caller by their state, and the new ones of each of the last 24 hours. */
      "get_order_overview": { Args: Record<PropertyKey, never>; Returns: Json };
      /** An order for which a seller requests rates. */
      "get_order_to_ship": {
        Args: { "p_order_id": string; "p_request"?: Json; "p_user_id": string };
        Returns: Json;
      };
      /** The number by which the carrier knows a parcel that was not labelled here. */
      "get_own_tracker": { Args: { "p_shipment_id": string }; Returns: Json };
      /** One label of a seller. */
      "get_shipment": { Args: { "p_shipment_id": string; "p_user_id": string }; Returns: Json };
      /** A seller as a Stripe customer. */
      "get_stripe_customer": { Args: { "p_user_id": string }; Returns: Json };
      /** Plan usage of the caller in the current month. */
      "get_usage": { Args: Record<PropertyKey, never>; Returns: Json };
      /** The subscription that counts: the live one with the largest plan; runs as the caller, so a seller finds only their own. */
      "get_user_active_subscription": {
        Args: { "user_uuid": string };
        Returns: {
          "current_period_end": string;
          "plan_name": string;
          "status": string;
          "subscription_id": string;
        }[];
      };
      /** Stores an order, writes its timeline and settles its event, in one transaction. */
      "ingest_order": {
        Args: {
          "p_event_id": number;
          "p_notice"?: Json;
          "p_order": Json;
          "p_tiktok_shop_id": string;
        };
        Returns: Json;
      };
      /** Stores many orders of a shop as ingest_order does, the most urgent first; each has its own outcome. */
      "ingest_orders": { Args: { "p_items": Json; "p_tiktok_shop_id": string }; Returns: Json };
      /** Leases a login after TikTok refused a call because the token had expired. */
      "lease_tiktok_login": {
        Args: { "p_lease_seconds": number; "p_tiktok_shop_id": string; "p_token_version": number };
        Returns: Json;
      };
      /** One page of the orders that buyers placed in a range of time, oldest first, without the names and streets of buyers. */
      "list_orders_of_seller": {
        Args: {
          "p_after": Json;
          "p_from": string;
          "p_limit": number;
          "p_to": string;
          "p_user_id": string;
        };
        Returns: Json;
      };
      /** All labels that were requested for an order, oldest first, including failed and unknown ones. */
      "list_shipments": { Args: { "p_order_id": string; "p_user_id": string }; Returns: Json };
      /** One page of the shipments that were created in a range of time, by order, oldest order first. */
      "list_shipments_of_seller": {
        Args: {
          "p_after": Json;
          "p_from": string;
          "p_limit": number;
          "p_to": string;
          "p_user_id": string;
        };
        Returns: Json;
      };
      /** The encrypted ids of the subscriptions of a customer, oldest first. */
      "list_stripe_subscriptions": { Args: { "p_customer_hashes": (string)[] }; Returns: Json };
      /** Up to 100 stored subscriptions that have not ended and that a comparison has not seen at Stripe. */
      "list_unseen_subscriptions": {
        Args: { "p_after"?: string; "p_started_at": string; "p_user_id"?: string };
        Returns: Json;
      };
      /** Lists the events of a filter, newest first, without bodies. */
      "list_webhook_events": {
        Args: { "p_before"?: number; "p_filter": Json; "p_limit"?: number };
        Returns: Json;
      };
      /** Logs a live subscription without an account for operators, once in twelve hours; returns whether it did. */
      "log_orphaned_subscription": { Args: { "p_subscription": Json }; Returns: boolean };
      /** Marks a purchase unknown: only the provider knows whether it was bought, so the event worker looks it up. */
      "mark_label_purchase_unknown": {
        Args: { "p_attempt": number; "p_purchase_id": string; "p_reason": string };
        Returns: Json;
      };
      /** Seconds since the oldest open event was received or opened again, of those that have attempts left and wait for no deactivated shop; 0 without any. */
      "oldest_open_event_seconds": { Args: Record<PropertyKey, never>; Returns: number };
      /** Opens a claim for the seller of its state: the first call may exchange the code, later calls get what it stored. */
      "open_tiktok_claim": {
        Args: {
          "p_claim_hash": string;
          "p_expires_at": string;
          "p_may_exchange": boolean;
          "p_state_hash": string;
          "p_user_id": string;
        };
        Returns: Json;
      };
      /** Pauses a shop that TikTok has deactivated, and sets its next probe a day later. */
      "pause_tiktok_shop": {
        Args: { "p_reason": string; "p_tiktok_shop_id": string; "p_token_version": number };
        Returns: number;
      };
      /** Divides the rows of a seller into parts of the export that can be read in one request. */
      "plan_account_export": {
        Args: { "p_from": Json; "p_rows": number; "p_user_id": string };
        Returns: Json;
      };
      /** Makes the next Idempotency-Keys of a seller other ones than those of a failed attempt, once. */
      "raise_stripe_attempt": {
        Args: { "p_failed": number; "p_user_id": string };
        Returns: number;
      };
      /** One page of the rows of a seller in one table, without tokens and without what only operators need. */
      "read_account_export": {
        Args: { "p_after": Json; "p_limit": number; "p_part": string; "p_user_id": string };
        Returns: Json;
      };
      /** Reads the catalog, for database-tasks; definer, because service_role may not see jobs, migrations and the statements of others. */
      "read_catalog": { Args: { "part": string }; Returns: Json };
      /** The health with every figure and its thresholds, as the function health returns it to operators; definer as check_database_health. */
      "read_health": { Args: Record<PropertyKey, never>; Returns: Json };
      /** Whether webhooks are processed, as the function health returns it to anyone; definer for the version of the schema. */
      "read_health_status": { Args: Record<PropertyKey, never>; Returns: Json };
      /** Stores a verified webhook once; another body under the same id is kept as well. */
      "receive_webhook_event": {
        Args: {
          "p_body": string;
          "p_content_digest"?: string;
          "p_event_type": string;
          "p_external_id": string;
          "p_ignored"?: string;
          "p_object_id": string;
          "p_shop_id": string;
          "p_source": string;
        };
        Returns: Json;
      };
      /** Stores when the authorization expires, records an analytics event and settles the event. */
      "record_authorization_expiry": {
        Args: {
          "p_event_at": string;
          "p_event_id": number;
          "p_expires_at": string;
          "p_tiktok_shop_id": string;
        };
        Returns: Json;
      };
      /** Logs a payment dispute for operators, without changing a plan, and settles the event. */
      "record_dispute": {
        Args: { "p_customer_hashes": (string)[]; "p_dispute": Json; "p_event_id": number };
        Returns: Json;
      };
      /** Stores whether each sender of webhooks still sends them, and settles the check. */
      "record_source_health": {
        Args: { "p_easypost": string; "p_event_id": number };
        Returns: Json;
      };
      /** Stores whether TikTok accepted the tracking number of a shipment. */
      "record_tiktok_notification": {
        Args: {
          "p_error": string;
          "p_event_id"?: number;
          "p_package_id": string;
          "p_purchase_id": string;
          "p_warning": string;
        };
        Returns: undefined;
      };
      /** Counts an invoice for a label that no account has in the total of the platform, logs it for operators, and settles the event. */
      "record_unassigned_invoice": {
        Args: { "p_event_id": number; "p_invoice": Json };
        Returns: Json;
      };
      /** Counts the dashboard figures from the rows without blocking readers, corrects kept figures that differ and logs them; definer, because only the owner may refresh the view. */
      "refresh_dashboard_metrics": { Args: Record<PropertyKey, never>; Returns: undefined };
      /** Makes the most urgent held orders due again, as many as the plan has places for, a part in each call; ingest_order checks the limit again for each. */
      "release_held_events": { Args: { "p_user_id"?: string }; Returns: number };
      /** Makes the next page of the events of a shop due, and settles its task. */
      "reopen_shop_events": {
        Args: { "p_event_id": number; "p_tiktok_shop_id": string };
        Returns: Json;
      };
      /** Binds a new customer to a seller whose customer was deleted at Stripe, and ends the subscriptions of the deleted one. */
      "replace_stripe_customer": {
        Args: {
          "p_deleted_hashes": (string)[];
          "p_email": string;
          "p_stripe_customer_id": string;
          "p_stripe_customer_id_hash": string;
          "p_user_id": string;
        };
        Returns: string;
      };
      /** Makes a settled event, or one that waits after a failed attempt, due now and logs it; another open event stays as it is. */
      "replay_webhook_event": { Args: { "p_event_id": number }; Returns: Json };
      /** Makes the oldest events of a filter that are settled, or wait after a failed attempt, due now and logs it; without a status in the filter, done events are included. */
      "replay_webhook_events": { Args: { "p_filter": Json; "p_limit"?: number }; Returns: Json };
      /** Stores the intent to buy a label and reserves its units; a failed purchase, or one abandoned before it was bought, starts again. */
      "request_label": {
        Args: {
          "p_idempotency_key": string;
          "p_order_id": string;
          "p_request": Json;
          "p_request_hash": string;
          "p_user_id": string;
        };
        Returns: Json;
      };
      /** Stores a batch and enqueues each of its labels, in one transaction. */
      "request_label_batch": {
        Args: {
          "p_idempotency_key": string;
          "p_items": Json;
          "p_request_hash": string;
          "p_user_id": string;
        };
        Returns: Json;
      };
      /** Stores that a seller wants to void a label. */
      "request_label_void": {
        Args: { "p_shipment_id": string; "p_user_id": string };
        Returns: Json;
      };
      /** Enqueues REREAD_ORDERS for one shop or every connected shop that has orders of an older mapping, unless one is waiting. */
      "request_order_reread": { Args: { "p_shop_id"?: string }; Returns: Json };
      /** Enqueues SYNC_ORDERS for one shop or every connected shop, unless one is waiting. */
      "request_order_sync": { Args: { "p_shop_id"?: string }; Returns: Json };
      /** Stores the tracking number of a parcel that was not labelled here, once per Idempotency-Key. */
      "request_own_tracking": {
        Args: {
          "p_idempotency_key": string;
          "p_is_check": boolean;
          "p_order_id": string;
          "p_request": Json;
          "p_request_hash": string;
          "p_user_id": string;
        };
        Returns: Json;
      };
      /** Enqueues the checks that are due; repeating it the same day enqueues nothing twice. */
      "request_source_checks": { Args: Record<PropertyKey, never>; Returns: number };
      /** Enqueues the comparison of all subscriptions with Stripe and a check of each customer without an account, unless one is running, or the comparison of one seller. */
      "request_subscription_sync": { Args: { "p_user_id"?: string }; Returns: Json };
      /** Replaces the own tracking number of a parcel; TikTok allows that for 72 hours. */
      "request_tracking_correction": {
        Args: {
          "p_carrier": string;
          "p_is_check": boolean;
          "p_shipment_id": string;
          "p_tracking_number": string;
          "p_user_id": string;
        };
        Returns: Json;
      };
      /** Ends the pause of a shop: its waiting events become due, and a sync finds what happened meanwhile. */
      "resume_tiktok_shop": {
        Args: { "p_event_id": number; "p_tiktok_shop_id": string };
        Returns: Json;
      };
      /** Sets how many labels one seller, or the platform, may buy, and at what cost: docs/runbooks/labels.md; logs the change. */
      "set_label_limit": { Args: { "p_limits": Json; "p_user_id": string }; Returns: Json };
      /** Stores the result of one label of a batch and settles its event, in one transaction. */
      "settle_batch_item": {
        Args: { "p_batch_id": string; "p_event_id": number; "p_place": number; "p_result": Json };
        Returns: undefined;
      };
      /** Settles the update of a customer's e-mail address. */
      "settle_customer_email": { Args: { "p_event_id": number }; Returns: Json };
      /** Settles the check of a deleted account's customer; a closed one is forgotten a day after the deletion. */
      "settle_deleted_customer": {
        Args: { "p_closed_id": string; "p_event_id": number; "p_id": string };
        Returns: Json;
      };
      /** Stores the answer of the provider to a void request. */
      "settle_label_void": {
        Args: {
          "p_event_id"?: number;
          "p_purchase_id": string;
          "p_reason": string;
          "p_state": string;
        };
        Returns: Json;
      };
      /** Stores TikTok's answer to an own tracking number, and settles the event, in one transaction. */
      "settle_own_notification": {
        Args: {
          "p_answer": Json;
          "p_attempt": number;
          "p_event_id"?: number;
          "p_shipment_id": string;
        };
        Returns: undefined;
      };
      /** Ends the claims of events that no effect has settled: ignores, fails, postpones or returns each, in one transaction. */
      "settle_webhook_events": { Args: { "p_results": Json }; Returns: Json };
      /** One event; reading its body, which may contain personal data, is logged. */
      "show_webhook_event": {
        Args: { "p_event_id": number; "p_reader"?: string; "p_with_body"?: boolean };
        Returns: Json;
      };
      /** The last step before money is spent: reserves it within the limits, and stores what will be bought. */
      "start_label_purchase": {
        Args: { "p_attempt": number; "p_choice": Json; "p_purchase_id": string };
        Returns: Json;
      };
      /** Gives every live shop of a TikTok login, in any account, the new token pair: a new authorization may invalidate the old pair even if connecting then fails. */
      "store_exchanged_tokens": { Args: { "p_grant": Json; "p_open_id": string }; Returns: number };
      /** Stores a fresh link to a label. */
      "store_label_document": {
        Args: { "p_document": Json; "p_event_id"?: number; "p_purchase_id": string };
        Returns: Json;
      };
      /** Stores rates for an hour, and the sender address of the shop if one is given. */
      "store_label_rates": {
        Args: { "p_order_id": string; "p_parcel": Json; "p_rates": Json; "p_sender": Json };
        Returns: Json;
      };
      /** Enqueues the orders of one page of an order search and moves the watermark of the shop, in one transaction. */
      "store_order_page": {
        Args: {
          "p_event_id": number;
          "p_next": string;
          "p_orders": Json;
          "p_synced_until": string;
          "p_tiktok_shop_id": string;
        };
        Returns: Json;
      };
      /** Stores the EasyPost tracker of an own tracking number with its present state, and settles the event. */
      "store_own_tracker": {
        Args: {
          "p_attempt": number;
          "p_event_id": number;
          "p_shipment_id": string;
          "p_tracker_id": string;
          "p_update": Json;
        };
        Returns: Json;
      };
      /** Stores the refreshed token pairs of logins, each at all of its shops, with one call. */
      "store_refreshed_logins": { Args: { "p_pairs": Json }; Returns: Json };
      /** Enqueues the returns of one page of a search whose refund is not known, and moves the watermark of the shop, in one transaction. */
      "store_return_page": {
        Args: {
          "p_event_id": number;
          "p_next": string;
          "p_returns": Json;
          "p_synced_until": string;
          "p_tiktok_shop_id": string;
        };
        Returns: Json;
      };
      /** Binds a Stripe customer to a seller, once. */
      "store_stripe_customer": {
        Args: {
          "p_email": string;
          "p_stripe_customer_id": string;
          "p_stripe_customer_id_hash": string;
          "p_user_id": string;
        };
        Returns: string;
      };
      /** Stores what the code of a claim was exchanged for, until its seller confirms. */
      "store_tiktok_claim": {
        Args: { "p_claim_hash": string; "p_sealed_grant": string; "p_user_id": string };
        Returns: string;
      };
    };
    Enums: {
      [_ in never]: never;
    };
    CompositeTypes: {
      [_ in never]: never;
    };
  };
};

type DatabaseWithoutInternals = Omit<Database, "__InternalSupabase">;

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">];

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof (
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"]
    )
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals } ? (
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"]
  )[TableName] extends {
    Row: infer R;
  } ? R
  : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    ? (DefaultSchema["Tables"] & DefaultSchema["Views"])[DefaultSchemaTableNameOrOptions] extends {
      Row: infer R;
    } ? R
    : never
  : never;

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends
    {
      Insert: infer I;
    } ? I
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Insert: infer I;
    } ? I
    : never
  : never;

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends
    {
      Update: infer U;
    } ? U
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Update: infer U;
    } ? U
    : never
  : never;

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema["Enums"]
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"]
    : never = never,
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
    ? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
  : never;

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema["CompositeTypes"]
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"]
    : never = never,
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"][
    CompositeTypeName
  ]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema["CompositeTypes"]
    ? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
  : never;

export const Constants = {
  "public": {
    Enums: {},
  },
} as const;
