/** A function that does nothing: what every Hono function costs at its start. */
import { Hono } from "hono";

const app = new Hono().basePath("/empty");

app.post("/", (c) => c.body(null, 200));

export default app;
