import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readDriverTls, withCheckedTls } from "./tls.ts";

const checked = (address: string, caFile?: string) => {
  const { searchParams } = withCheckedTls(new URL(address), caFile);
  return [searchParams.get("sslmode"), searchParams.get("sslrootcert")?.split("/").at(-1)];
};

Deno.test("every connection to another machine is checked, to Supabase with its own authorities", () => {
  const pooler = "postgresql://a@aws-0-eu-central-1.pooler.supabase.com:5432/postgres";
  const direct = "postgresql://a@db.abcdefghijklmnopqrst.supabase.co:5432/postgres";
  for (const address of [pooler, direct, `${direct}?sslmode=require`, `${pooler}?sslmode=allow`]) {
    assert.deepEqual(checked(address), ["verify-full", "supabase_ca.pem"], address);
  }
  // Names that only look like Supabase's are checked by the public authorities.
  for (const host of ["db.example.com", "evil-supabase.co", "supabase.co.example.com"]) {
    assert.deepEqual(checked(`postgresql://a@${host}/x`), ["verify-full", undefined], host);
  }
  assert.deepEqual(checked(direct, "/own.pem"), ["verify-full", "own.pem"]);
  const known = "postgresql://a@db.example.com/x?sslmode=verify-full&sslrootcert=/own.pem";
  assert.deepEqual(checked(known), ["verify-full", "own.pem"]);
});

Deno.test("a database on this machine needs no TLS; another does without it only if its address says so", () => {
  for (const host of ["127.0.0.1:54322", "localhost", "[::1]:5432"]) {
    assert.deepEqual(checked(`postgresql://a@${host}/x`), [null, undefined], host);
  }
  assert.deepEqual(checked("postgresql://a@127.0.0.2/x"), ["verify-full", undefined]);
  const off = "postgresql://a@db.example.com/x?sslmode=disable";
  assert.deepEqual(checked(off), ["disable", undefined]);
});

Deno.test("the driver receives the authorities of the file, and no setting that Postgres does not know", async () => {
  const address = withCheckedTls(new URL("postgresql://a@db.x.supabase.co/postgres?role=postgres"));
  const { url, ssl } = await readDriverTls(address.href);
  assert.equal(url, "postgresql://a@db.x.supabase.co/postgres?role=postgres");
  assert.equal(ssl?.rejectUnauthorized, true);
  assert.equal(ssl?.host, "db.x.supabase.co");
  const certificates = (ssl?.ca ?? "").match(/-----BEGIN[^]*?-----END CERTIFICATE-----/g) ?? [];
  assert.equal(certificates.length, 2);
  for (const pem of certificates) {
    const { subject, fingerprint256, validTo } = new X509Certificate(pem);
    assert.match(subject, /O=Supabase Inc\nCN=Supabase Root 2021 CA/);
    assert.ok(ssl?.ca?.includes(`#   ${fingerprint256}`));
    assert.ok(Date.parse(validTo) > Date.now(), "the authority has expired: see supabase_ca.pem");
  }
});
