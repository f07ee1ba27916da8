/** @jsxImportSource hono/jsx/dom */
/** What stands where there is nothing yet: why, and what to do. */
import type { Child } from "hono/jsx";
import { Icon, type IconName } from "./icon.tsx";

export interface EmptyStateProps {
  icon: IconName;
  title: string;
  /** Level of the heading: 2 in a card without one. @default {3} */
  level?: 2 | 3;
  children?: Child;
}

export function EmptyState({ icon, title, level = 3, children }: EmptyStateProps) {
  const Heading: "h2" | "h3" = `h${level}`;
  return (
    <div class="empty">
      <Icon name={icon} />
      <Heading>{title}</Heading>
      {children}
    </div>
  );
}
