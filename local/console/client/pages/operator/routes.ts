/** Pages of the section Operator. */
import type { IconName } from "../../components/icon.tsx";
import type { Route } from "../../route.ts";
import { ConnectionsPage } from "./connections.tsx";
import { EventPage } from "./event.tsx";
import { FunctionsPage } from "./functions.tsx";
import { HealthPage } from "./health.tsx";
import { InboxPage } from "./inbox.tsx";
import { JobsPage } from "./jobs.tsx";
import { LogPage } from "./log.tsx";
import { SignInPage } from "./sign_in.tsx";

function entry(path: string, label: string, icon: IconName, page: Route["page"]): Route {
  return { section: "operator", path, title: label, page, entry: { label, icon } };
}

export const operatorRoutes: readonly Route[] = [
  entry("/operator/inbox", "Inbox", "inbox", InboxPage),
  {
    section: "operator",
    path: "/operator/inbox/:id",
    title: "Event",
    page: EventPage,
  },
  entry("/operator/health", "Health", "health", HealthPage),
  entry("/operator/jobs", "Jobs", "jobs", JobsPage),
  entry("/operator/functions", "Functions", "functions", FunctionsPage),
  entry("/operator/connections", "Shops", "shops", ConnectionsPage),
  entry("/operator/log", "Log", "log", LogPage),
  { path: "/operator/sign-in", title: "Sign in as operator", page: SignInPage },
];
