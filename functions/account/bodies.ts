/** The bodies that `account` takes. */
import * as z from "zod";

export const DeleteBody = z.strictObject({
  /** The account's own address: a request that is sent by mistake deletes nothing. */
  email: z.string("the e-mail address of the account").max(320),
});
