/** csv-stringify takes Node's Buffer from the global scope, where a bundled function has none. */
import { Buffer } from "node:buffer";

Object.assign(globalThis, { Buffer });
