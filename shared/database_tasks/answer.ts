/** A deliverable with its notes and its checklist. */
import type { Deliverable } from "./schemas.ts";

export interface Answer {
  deliverable: Deliverable;
  notes: string[];
  checklist: string[];
}
