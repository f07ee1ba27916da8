/** What the page tells the script: only values that every visitor may know. */

export interface SampleLogin {
  email: string;
  name: string;
  about: string;
}

export interface ConsoleConfig {
  publishableKey: string;
  /** Sellers that `db:seed` makes, with their one password. */
  samples: readonly SampleLogin[];
  samplePassword: string;
}
