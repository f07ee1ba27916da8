/** @jsxImportSource hono/jsx/dom */
/** The sellers of `db:seed`, one click each; without them the command that makes them. */
import { useState } from "../../hooks.ts";
import { Card } from "../../components/card.tsx";
import { Notice } from "../../components/notice.tsx";
import { listSamples } from "../../data/samples.ts";
import { supabase } from "../../supabase.ts";
import { useQuery } from "../../use_query.ts";

/** They appear as soon as the command has made them. */
const READ_MS = 3000;

export function SampleSellers({ onSignedIn }: { onSignedIn: () => void }) {
  const known = useQuery("samples", listSamples, { everyMs: READ_MS }).data;
  const [failure, setFailure] = useState<string | null>(null);
  if (!known) return null;
  const { samples, password, command } = known;
  if (samples.length === 0) {
    return (
      <Card title="Sample sellers">
        <p>
          Four sellers with shops, orders, labels and plans are a command away, in another terminal
          in the folder of the repository. They appear here, one click each.
        </p>
        <pre tabIndex={0} aria-label="Command that makes the sample sellers">{command}</pre>
      </Card>
    );
  }
  const signIn = async (email: string): Promise<void> => {
    setFailure(null);
    const { error } = await supabase.auth.signInWithPassword({ email, password });
    if (error) setFailure(error.message);
    else onSignedIn();
  };
  return (
    <Card title="Choose a sample seller">
      {samples.map(({ email, name, about }) => (
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
      {failure !== null && <Notice tone="bad">{failure}</Notice>}
    </Card>
  );
}
