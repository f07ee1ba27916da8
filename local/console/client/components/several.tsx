/** @jsxImportSource hono/jsx/dom */
/** Several elements without one around them: `<>` of hono/jsx/dom takes no children in strict types. */
import type { Child } from "hono/jsx";
import { type FC, Fragment } from "hono/jsx/dom";

export const Several = Fragment as unknown as FC<{ children?: Child }>;
