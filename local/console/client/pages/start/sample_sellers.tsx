/** @jsxImportSource hono/jsx/dom */
/** The sellers of `db:seed`, one click each. */
import { useState } from "../../hooks.ts";
import { Card } from "../../components/card.tsx";
import { Notice } from "../../components/notice.tsx";
import { config, supabase } from "../../supabase.ts";

const SEED = "npx -y deno@2.9.5 task db:seed";

export function SampleSellers({ onSignedIn }: { onSignedIn: () => void }) {
  const [failure, setFailure] = useState<"missing" | string | null>(null);
  const signIn = async (email: string): Promise<void> => {
    setFailure(null);
    const password = config.samplePassword;
    const { error } = await supabase.auth.signInWithPassword({ email, password });
    if (!error) onSignedIn();
    else setFailure(error.code === "invalid_credentials" ? "missing" : error.message);
  };
  return (
    <Card title="Choose a sample seller">
      {config.samples.map(({ email, name, about }) => (
        <button
          key={email}
          type="button"
          class="sample"
          onClick={() => void signIn(email)}
        >
          <span class="initial" aria-hidden="true">{name.charAt(0)}</span>
          <span>
            <strong>{name}</strong>
            <span class="sub">{about}</span>
          </span>
        </button>
      ))}
      {failure === "missing" && (
        <Notice tone="warn">
          The sample sellers are not in this database yet. Put them in, then choose again:{" "}
          <code>{SEED}</code>
        </Notice>
      )}
      {failure !== null && failure !== "missing" && <Notice tone="bad">{failure}</Notice>}
    </Card>
  );
}
