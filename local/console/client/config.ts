/** What the page gives the script: only values that every visitor may know. */

export interface ConsoleConfig {
  publishableKey: string;
  /** How many months plans and limits are ahead of the calendar, by World. */
  turnedMonths: number;
}
