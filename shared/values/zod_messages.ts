/** Zod's English messages, for schemas whose messages are read: zod/mini has none by default. */
import { config } from "zod/mini";
import { en } from "zod/v4/locales";

config(en());
