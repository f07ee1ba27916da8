// Made by `deno task generate-types`; changes are overwritten.

export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  "public": {
    Tables: {
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
      "order_events": {
        Row: {
          "changes": NonNullable<Json>;
          "created_at": string;
          "event_type": string;
          "happened_at": string;
          "id": number;
          "order_id": string;
          "user_id": string;
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
      "orders": {
        Row: {
          "address_status": string;
          "amounts": NonNullable<Json>;
          "auto_cancel_at": string | null;
          "buyer_note": string | null;
          "cancel_reason": string | null;
          "cancel_requested_at": string | null;
          "cancel_respond_by": string | null;
          "cancelled_amount": number;
          "cancelled_by": string | null;
          "cancelled_in_total": boolean;
          "combine_group_id": string | null;
          "counts_for_plan": boolean;
          "created_at": string;
          "currency": string;
          "customer_email": string | null;
          "final_at": string | null;
          "fulfillment_type": string | null;
          "id": string;
          "is_revenue": boolean;
          "mapping_version": number;
          "order_items": NonNullable<Json>;
          "order_kind": string;
          "order_status": string;
          "paid_at": string | null;
          "payment_status": string;
          "personal_data_removed_at": string | null;
          "refunded_amount": number | null;
          "related_order_id": string | null;
          "seller_note": string | null;
          "ship_by": string | null;
          "shipping_address": NonNullable<Json>;
          "shipping_cost": number;
          "shipping_type": string | null;
          "tiktok_created_at": string | null;
          "tiktok_order_id": string;
          "tiktok_read_at": string;
          "tiktok_shop_id": string;
          "tiktok_status": string;
          "tiktok_updated_at": string;
          "total_amount": number;
          "updated_at": string;
          "user_id": string;
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
      "plans": {
        Row: {
          "daily_label_cents": number;
          "daily_label_limit": number;
          "monthly_label_cents": number;
          "monthly_label_limit": number;
          "monthly_order_limit": number;
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
      "shipment_orders": {
        Row: {
          "id": number;
          "order_id": string;
          "shipment_id": string;
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
      "shipments": {
        Row: {
          "advice": string | null;
          "advice_reason": string | null;
          "advised_at": string | null;
          "carrier": string;
          "created_at": string;
          "currency": string | null;
          "estimated_delivery": string | null;
          "id": string;
          "label_expires_at": string | null;
          "label_format": string | null;
          "label_url": string | null;
          "line_item_ids": (string)[];
          "order_id": string;
          "provider": string | null;
          "quoted_cost": number | null;
          "service_type": string;
          "shipping_cost": number | null;
          "status": string;
          "tiktok_error": string | null;
          "tiktok_error_code": string | null;
          "tiktok_notified_at": string | null;
          "tiktok_package_id": string | null;
          "tiktok_warning": string | null;
          "tracked_at": string | null;
          "tracking_number": string | null;
          "tracking_updated_at": string | null;
          "updated_at": string;
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
      "subscriptions": {
        Row: {
          "cancel_at_period_end": boolean;
          "created_at": string;
          "current_period_end": string | null;
          "current_period_start": string | null;
          "id": string;
          "plan_name": string;
          "reconciled_at": string | null;
          "status": string;
          "stripe_customer_id": string;
          "stripe_customer_id_hash": string;
          "stripe_subscription_id": string | null;
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
      "tiktok_shops": {
        Row: {
          "access_token": string | null;
          "connected_at": string;
          "connection_status": string;
          "created_at": string;
          "ended_at": string | null;
          "first_sync_done": boolean;
          "granted_scopes": (string)[];
          "id": string;
          "is_active": boolean;
          "open_id": string;
          "orders_synced_until": string | null;
          "probe_at": string | null;
          "refresh_token": string | null;
          "refresh_token_expires_at": string;
          "region": string | null;
          "returns_synced_until": string | null;
          "shop_cipher": string;
          "shop_id": string;
          "shop_key": string;
          "shop_name": string | null;
          "status_reason": string | null;
          "token_expires_at": string;
          "updated_at": string;
          "user_id": string;
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
      "users": {
        Row: {
          "created_at": string;
          "display_name": string | null;
          "email": string;
          "id": string;
          "subscription_status": string;
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
      "adjust_label_cost": {
        Args: { "p_event_id": number; "p_invoice": Json; "p_shipment_id": string };
        Returns: Json;
      };
      "apply_own_tracking": {
        Args: {
          "p_event_id": number;
          "p_tracker_id": string;
          "p_tracking_number": string;
          "p_update": Json;
        };
        Returns: Json;
      };
      "apply_subscriptions": { Args: { "p_items": Json }; Returns: Json };
      "apply_tracking": {
        Args: { "p_event_id": number; "p_shipment_id": string; "p_update": Json };
        Returns: Json;
      };
      "begin_tiktok_authorization": {
        Args: { "p_state_hash": string; "p_user_id": string; "p_valid_seconds": number };
        Returns: Json;
      };
      "check_database_health": {
        Args: Record<PropertyKey, never>;
        Returns: {
          "metric": string;
          "status": string;
          "value": number;
        }[];
      };
      "check_order_limit": { Args: { "user_uuid": string }; Returns: boolean };
      "claim_tiktok_logins": {
        Args: { "p_lease_seconds": number; "p_limit": number };
        Returns: Json;
      };
      "claim_webhook_events": {
        Args: { "p_except_shops"?: (string)[]; "p_lease_seconds": number; "p_limit": number };
        Returns: Json;
      };
      "compare_subscriptions": { Args: { "p_subscriptions": Json }; Returns: Json };
      "confirm_tiktok_claim": {
        Args: { "p_claim_hash": string; "p_grant": Json; "p_user_id": string };
        Returns: Json;
      };
      "connect_tiktok_shops": { Args: { "p_grant": Json; "p_user_id": string }; Returns: Json };
      "continue_subscription_sync": {
        Args: { "p_event_id": number; "p_progress": Json };
        Returns: Json;
      };
      "correct_shop_cipher": {
        Args: { "p_shop_cipher": string; "p_tiktok_shop_id": string; "p_token_version": number };
        Returns: string;
      };
      "count_request": { Args: { "p_route": string; "p_user_id": string }; Returns: Json };
      "count_webhook_events": { Args: { "p_filter"?: Json }; Returns: Json };
      "create_backup_point": { Args: { "backup_name": string }; Returns: string };
      "deauthorize_tiktok_shop": {
        Args: {
          "p_confirmed_after"?: string;
          "p_event_at": string;
          "p_event_id": number;
          "p_tiktok_shop_id": string;
        };
        Returns: Json;
      };
      "delete_account": {
        Args: {
          "p_customer_hashes": (string)[];
          "p_stripe_customer_ids": (string)[];
          "p_user_id": string;
        };
        Returns: Json;
      };
      "disconnect_tiktok_shop": {
        Args: { "p_tiktok_shop_id": string; "p_user_id": string };
        Returns: Json;
      };
      "end_subscription": { Args: { "p_hashes": (string)[] }; Returns: boolean };
      "enqueue_label_tasks": { Args: Record<PropertyKey, never>; Returns: number };
      "enqueue_order_rereads": {
        Args: { "p_event_id": number; "p_page_size"?: number; "p_tiktok_shop_id": string };
        Returns: Json;
      };
      "expand_webhook_event": {
        Args: { "p_event_id": number; "p_orders": Json; "p_tiktok_shop_id": string };
        Returns: Json;
      };
      "fail_label_purchase": {
        Args: {
          "p_attempt": number;
          "p_event_id"?: number;
          "p_purchase_id": string;
          "p_reason": string;
        };
        Returns: Json;
      };
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
      "find_easypost_shipment": {
        Args: { "p_carrier_shipment_id": string; "p_tracking_number": string };
        Returns: string;
      };
      "find_failed_purchase": { Args: { "p_carrier_shipment_id": string }; Returns: string };
      "find_stripe_customers": { Args: { "p_hashes": (string)[] }; Returns: Json };
      "finish_label_purchase": {
        Args: { "p_event_id"?: number; "p_label": Json; "p_purchase_id": string };
        Returns: Json;
      };
      "finish_webhook_check": {
        Args: {
          "p_event_id": number;
          "p_restored": (string)[];
          "p_tiktok_shop_id": string;
          "p_webhook_url": string;
        };
        Returns: Json;
      };
      "finish_webhook_subscription": {
        Args: { "p_event_id": number; "p_tiktok_shop_id": string; "p_webhook_url": string };
        Returns: Json;
      };
      "get_batch_item": { Args: { "p_batch_id": string; "p_place": number }; Returns: Json };
      "get_dashboard_metrics": { Args: Record<PropertyKey, never>; Returns: Json };
      "get_deleted_customer": { Args: { "p_id": string }; Returns: Json };
      "get_held_orders": { Args: { "p_limit"?: number; "p_offset"?: number }; Returns: Json };
      "get_label_batch": { Args: { "p_batch_id": string; "p_user_id": string }; Returns: Json };
      "get_label_purchase": { Args: { "p_purchase_id": string }; Returns: Json };
      "get_order_for_own_tracking": {
        Args: { "p_order_id": string; "p_user_id": string };
        Returns: Json;
      };
      "get_order_overview": { Args: Record<PropertyKey, never>; Returns: Json };
      "get_order_to_ship": {
        Args: { "p_order_id": string; "p_request"?: Json; "p_user_id": string };
        Returns: Json;
      };
      "get_own_tracker": { Args: { "p_shipment_id": string }; Returns: Json };
      "get_shipment": { Args: { "p_shipment_id": string; "p_user_id": string }; Returns: Json };
      "get_stripe_customer": { Args: { "p_user_id": string }; Returns: Json };
      "get_usage": { Args: Record<PropertyKey, never>; Returns: Json };
      "get_user_active_subscription": {
        Args: { "user_uuid": string };
        Returns: {
          "current_period_end": string;
          "plan_name": string;
          "status": string;
          "subscription_id": string;
        }[];
      };
      "ingest_order": {
        Args: {
          "p_event_id": number;
          "p_notice"?: Json;
          "p_order": Json;
          "p_tiktok_shop_id": string;
        };
        Returns: Json;
      };
      "ingest_orders": { Args: { "p_items": Json; "p_tiktok_shop_id": string }; Returns: Json };
      "lease_tiktok_login": {
        Args: { "p_lease_seconds": number; "p_tiktok_shop_id": string; "p_token_version": number };
        Returns: Json;
      };
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
      "list_shipments": { Args: { "p_order_id": string; "p_user_id": string }; Returns: Json };
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
      "list_stripe_subscriptions": { Args: { "p_customer_hashes": (string)[] }; Returns: Json };
      "list_unseen_subscriptions": {
        Args: { "p_after"?: string; "p_started_at": string; "p_user_id"?: string };
        Returns: Json;
      };
      "list_webhook_events": {
        Args: { "p_before"?: number; "p_filter": Json; "p_limit"?: number };
        Returns: Json;
      };
      "log_orphaned_subscription": { Args: { "p_subscription": Json }; Returns: boolean };
      "mark_label_purchase_unknown": {
        Args: { "p_attempt": number; "p_purchase_id": string; "p_reason": string };
        Returns: Json;
      };
      "oldest_open_event_seconds": { Args: Record<PropertyKey, never>; Returns: number };
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
      "pause_tiktok_shop": {
        Args: { "p_reason": string; "p_tiktok_shop_id": string; "p_token_version": number };
        Returns: number;
      };
      "plan_account_export": {
        Args: { "p_from": Json; "p_rows": number; "p_user_id": string };
        Returns: Json;
      };
      "raise_stripe_attempt": {
        Args: { "p_failed": number; "p_user_id": string };
        Returns: number;
      };
      "read_account_export": {
        Args: { "p_after": Json; "p_limit": number; "p_part": string; "p_user_id": string };
        Returns: Json;
      };
      "read_catalog": { Args: { "part": string }; Returns: Json };
      "read_health": { Args: Record<PropertyKey, never>; Returns: Json };
      "read_health_status": { Args: Record<PropertyKey, never>; Returns: Json };
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
      "record_authorization_expiry": {
        Args: {
          "p_event_at": string;
          "p_event_id": number;
          "p_expires_at": string;
          "p_tiktok_shop_id": string;
        };
        Returns: Json;
      };
      "record_dispute": {
        Args: { "p_customer_hashes": (string)[]; "p_dispute": Json; "p_event_id": number };
        Returns: Json;
      };
      "record_source_health": {
        Args: { "p_easypost": string; "p_event_id": number };
        Returns: Json;
      };
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
      "record_unassigned_invoice": {
        Args: { "p_event_id": number; "p_invoice": Json };
        Returns: Json;
      };
      "refresh_dashboard_metrics": { Args: Record<PropertyKey, never>; Returns: undefined };
      "release_held_events": { Args: { "p_user_id"?: string }; Returns: number };
      "reopen_shop_events": {
        Args: { "p_event_id": number; "p_tiktok_shop_id": string };
        Returns: Json;
      };
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
      "replay_webhook_event": { Args: { "p_event_id": number }; Returns: Json };
      "replay_webhook_events": { Args: { "p_filter": Json; "p_limit"?: number }; Returns: Json };
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
      "request_label_batch": {
        Args: {
          "p_idempotency_key": string;
          "p_items": Json;
          "p_request_hash": string;
          "p_user_id": string;
        };
        Returns: Json;
      };
      "request_label_void": {
        Args: { "p_shipment_id": string; "p_user_id": string };
        Returns: Json;
      };
      "request_order_reread": { Args: { "p_shop_id"?: string }; Returns: Json };
      "request_order_sync": { Args: { "p_shop_id"?: string }; Returns: Json };
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
      "request_source_checks": { Args: Record<PropertyKey, never>; Returns: number };
      "request_subscription_sync": { Args: { "p_user_id"?: string }; Returns: Json };
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
      "resume_tiktok_shop": {
        Args: { "p_event_id": number; "p_tiktok_shop_id": string };
        Returns: Json;
      };
      "set_label_limit": { Args: { "p_limits": Json; "p_user_id": string }; Returns: Json };
      "settle_batch_item": {
        Args: { "p_batch_id": string; "p_event_id": number; "p_place": number; "p_result": Json };
        Returns: undefined;
      };
      "settle_customer_email": { Args: { "p_event_id": number }; Returns: Json };
      "settle_deleted_customer": {
        Args: { "p_closed_id": string; "p_event_id": number; "p_id": string };
        Returns: Json;
      };
      "settle_label_void": {
        Args: {
          "p_event_id"?: number;
          "p_purchase_id": string;
          "p_reason": string;
          "p_state": string;
        };
        Returns: Json;
      };
      "settle_own_notification": {
        Args: {
          "p_answer": Json;
          "p_attempt": number;
          "p_event_id"?: number;
          "p_shipment_id": string;
        };
        Returns: undefined;
      };
      "settle_webhook_events": { Args: { "p_results": Json }; Returns: Json };
      "show_webhook_event": {
        Args: { "p_event_id": number; "p_reader"?: string; "p_with_body"?: boolean };
        Returns: Json;
      };
      "start_label_purchase": {
        Args: { "p_attempt": number; "p_choice": Json; "p_purchase_id": string };
        Returns: Json;
      };
      "store_exchanged_tokens": { Args: { "p_grant": Json; "p_open_id": string }; Returns: number };
      "store_label_document": {
        Args: { "p_document": Json; "p_event_id"?: number; "p_purchase_id": string };
        Returns: Json;
      };
      "store_label_rates": {
        Args: { "p_order_id": string; "p_parcel": Json; "p_rates": Json; "p_sender": Json };
        Returns: Json;
      };
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
      "store_refreshed_logins": { Args: { "p_pairs": Json }; Returns: Json };
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
      "store_stripe_customer": {
        Args: {
          "p_email": string;
          "p_stripe_customer_id": string;
          "p_stripe_customer_id_hash": string;
          "p_user_id": string;
        };
        Returns: string;
      };
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
