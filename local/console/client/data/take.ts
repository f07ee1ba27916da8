/** The rows of an answer of supabase-js. */
import { toCallError } from "../errors.ts";

interface Answer<Data> {
  data: Data;
  error: null;
  count?: number | null;
}

interface Failure {
  data: null;
  error: { message: string; code?: string | undefined };
  status?: number;
}

/** @throws {CallError} */
export async function takeAnswer<Data>(
  query: PromiseLike<Answer<Data> | Failure>,
): Promise<Answer<Data>> {
  const answer = await query;
  if (answer.error) throw toCallError(answer.error, "status" in answer ? answer.status : 0);
  return answer;
}

/** @throws {CallError} */
export async function takeData<Data>(query: PromiseLike<Answer<Data> | Failure>): Promise<Data> {
  return (await takeAnswer(query)).data;
}
