/** TikTok's API for the orders of one parcel: reads the orders and their packages, with label errors. */
import type { ShopAccess, TikTokClient } from "../../../tiktok/api/client.ts";
import { getPackage } from "../../../tiktok/api/fulfillment.ts";
import type { PackageDetail } from "../../../tiktok/api/fulfillment_schemas.ts";
import { getOrders } from "../../../tiktok/api/orders.ts";
import type { Order } from "../../../tiktok/api/schemas.ts";
import { ShopConnection } from "../../../tiktok/connections/shop_connection.ts";
import type { TikTokDependencies } from "../../../tiktok/dependencies.ts";
import { LabelError } from "../../errors.ts";
import type { OrderToShip } from "../../schemas.ts";
import { toLabelError } from "./errors.ts";

type Call<T> = (tiktok: TikTokClient, access: Required<ShopAccess>) => Promise<T>;

export class OrderApi {
  readonly #tiktok: TikTokClient;
  readonly #connection: ShopConnection;

  /** @throws {LabelError} if the order's shop is not connected */
  constructor(dependencies: TikTokDependencies, order: OrderToShip) {
    if (order.shop === null) throw new LabelError("shop_not_connected");
    this.#tiktok = dependencies.tiktok;
    this.#connection = new ShopConnection(dependencies, order.shop);
  }

  /** For the call that buys: its error must not be taken for one that bought nothing. */
  async buy<T>(call: Call<T>): Promise<T> {
    return await this.#connection.call((access) => call(this.#tiktok, access));
  }

  /** For calls that buy nothing. @throws {LabelError} */
  async read<T>(call: Call<T>): Promise<T> {
    return await this.buy(call).catch((error) => {
      throw toLabelError(error);
    });
  }

  /** @throws {LabelError} */
  async readOrders(ids: string[]): Promise<Order[]> {
    const { orders: found } = await this.read((tiktok, access) => getOrders(tiktok, access, ids));
    return ids.map((id) => {
      const order = found.get(id);
      if (order === undefined) throw new LabelError("tiktok_unavailable");
      return order;
    });
  }

  /** @throws {LabelError} */
  async readPackage(id: string): Promise<PackageDetail> {
    return await this.read((tiktok, access) => getPackage(tiktok, access, id));
  }
}
