/** The sellers that supabase/seed.sql makes: `db:seed` prints them, and the console offers them. */
export interface SampleSeller {
  email: string;
  name: string;
  /** For people: plan and shops. */
  about: string;
}

export const SAMPLE_SELLERS: readonly SampleSeller[] = [
  { email: "ada@creatorflow.test", name: "Ada", about: "plan growth, two shops" },
  { email: "bob@creatorflow.test", name: "Bob", about: "trial, one shop" },
];

export const SAMPLE_PASSWORD = "local-password";
