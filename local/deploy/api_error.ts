/** A refusal of the stand-in Management API. */
export class ApiError extends Error {
  override name = "ApiError";

  constructor(readonly status: number, message: string) {
    super(message);
  }
}
