/** What the page gives the script: only values that every visitor may know. */

export interface ConsoleConfig {
  publishableKey: string;
}
