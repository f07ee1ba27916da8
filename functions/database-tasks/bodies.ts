/** The body that `database-tasks` takes: any JSON, because a bad task is answered with a DatabaseResult. */
import * as z from "zod/mini";

export const TaskBody = z.unknown();

/** A task may hold a whole schema. */
export const MAX_TASK_BYTES = 6 * 1024 * 1024;
