/** @jsxImportSource hono/jsx/dom */
/** What stands where there is nothing yet: why, and what to do. */
import type { Child } from "hono/jsx";
import { Icon, type IconName } from "./icon.tsx";

export interface EmptyStateProps {
  icon: IconName;
  title: string;
  children?: Child;
}

export function EmptyState({ icon, title, children }: EmptyStateProps) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <h3>{title}</h3>
      {children}
    </div>
  );
}
