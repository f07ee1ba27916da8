import assert from "node:assert/strict";
import { recipientForEasyPost, Sender, senderForEasyPost } from "./sender.ts";

const ADA = {
  name: "Ada's Mugs",
  phone: "+1 503 555 0100",
  line1: "12 Kiln Road",
  city: "Portland",
  postal_code: "97209",
  country: "US",
};

const FULL = { ...ADA, company: "Mugs Ltd", line2: "Floor 2", state: "OR" };

/** Names of the wrong fields. */
function wrongFields(sender: unknown): string[] {
  return (Sender.safeParse(sender).error?.issues ?? []).map(({ path }) => path.join("."));
}

Deno.test("a sender is kept as given, without surrounding spaces", () => {
  assert.deepEqual(Sender.parse(ADA), ADA);
  assert.deepEqual(Sender.parse(FULL), FULL);
  const spaced = {
    ...ADA,
    name: " Ada's Mugs\n",
    phone: " +1 503 555 0100 ",
    postal_code: "97209 ",
  };
  assert.deepEqual(Sender.parse(spaced), ADA);
  for (
    const phone of ["5035550100", "(+44) 20 7946 0018".slice(1).replace(")", ""), "+1.503/555-0100"]
  ) {
    assert.deepEqual(wrongFields({ ...ADA, phone }), []);
  }
  for (const postal_code of ["97209-1234", "SW1A 1AA", "D02 X285"]) {
    assert.deepEqual(wrongFields({ ...ADA, postal_code }), []);
  }
});

Deno.test("a sender has every field that a carrier needs, and no unknown one", () => {
  for (const field of Object.keys(ADA)) {
    const { [field]: _, ...rest } = ADA as Record<string, unknown>;
    assert.deepEqual(wrongFields(rest), [field]);
    for (const value of ["", "  ", null, 7, false, {}, "x".repeat(101)]) {
      assert.deepEqual(wrongFields({ ...ADA, [field]: value }), [field], `${field}: ${value}`);
    }
  }
  for (const field of ["company", "line2", "state"]) {
    for (const value of ["", " ", null, 7, "x".repeat(101)]) {
      assert.deepEqual(wrongFields({ ...FULL, [field]: value }), [field], `${field}: ${value}`);
    }
  }
  assert.deepEqual(wrongFields({ ...ADA, street1: "12 Kiln Road" }), [""]);
  for (const value of [null, undefined, "Portland", [], 1]) {
    assert.deepEqual(wrongFields(value), [""]);
  }
});

Deno.test("invalid phone numbers, postal codes and countries are refused", () => {
  const refused = {
    phone: ["503", "call me", "+1 503 555 0100 ext. 7", "+".padEnd(40, "1"), "555\n0100\n22"],
    postal_code: ["1", "9720997209972", "972*9", "97_209"],
    country: ["us", "USA", "U", " US", "United States", "U1"],
  };
  for (const [field, values] of Object.entries(refused)) {
    for (const value of values) {
      assert.deepEqual(wrongFields({ ...ADA, [field]: value }), [field], `${field}: ${value}`);
    }
  }
});

Deno.test("EasyPost gets its own field names, and only fields that are not empty", () => {
  assert.deepEqual(senderForEasyPost(Sender.parse(FULL)), {
    name: "Ada's Mugs",
    company: "Mugs Ltd",
    phone: "+1 503 555 0100",
    street1: "12 Kiln Road",
    street2: "Floor 2",
    city: "Portland",
    state: "OR",
    zip: "97209",
    country: "US",
  });
  assert.deepEqual(Object.keys(senderForEasyPost(Sender.parse(ADA))), [
    ...["name", "phone", "street1", "city", "zip", "country"],
  ]);
});

Deno.test("a buyer's address goes to EasyPost without TikTok's own fields, nulls and blanks", () => {
  const address = {
    name: "Rosa Delgado",
    phone: null,
    line1: "118 Alder Street",
    line2: "",
    city: "Portland",
    state: "Oregon",
    postal_code: "97205",
    country: "US",
    full_address: "118 Alder Street, Portland",
    districts: [{ level: "L0", type: "Country", name: "United States" }],
  };
  assert.deepEqual(recipientForEasyPost(address), {
    name: "Rosa Delgado",
    street1: "118 Alder Street",
    city: "Portland",
    state: "OR",
    zip: "97205",
    country: "US",
  });
  assert.deepEqual(recipientForEasyPost({}), {});
});

Deno.test("carriers get no emoji and no invisible characters, and styled letters as plain ones", () => {
  const nameOf = (name: string) => recipientForEasyPost({ name }).name;
  const names = {
    "Rosa 💸 Delgado": "Rosa Delgado",
    "💕Rosa👩🏽‍🚀": "Rosa",
    "Rosa ❤️ 🇵🇷 1️⃣": "Rosa 1",
    "𝓡𝓸𝓼𝓪 Ｄelgado": "Rosa Delgado",
    "🅁🅾🅢🅰 𓆉 Delgado 𖤐": "ROSA Delgado",
    "Ro\u00adsa\u200b\u202e Del\tga\ufffddo": "Rosa Del ga do",
    "José Núñez-O'Brien #4 & Söhne": "José Núñez-O'Brien #4 & Söhne",
    "محمد 山田 𠮷 Łódź": "محمد 山田 𠮷 Łódź",
    "葛\u{e0100}城": "葛城",
  };
  for (const [given, sent] of Object.entries(names)) assert.equal(nameOf(given), sent, given);
  assert.equal(nameOf("💕"), undefined);
  const sender = Sender.parse({ ...ADA, name: "Ada's Mugs ☕" });
  assert.equal(senderForEasyPost(sender).name, "Ada's Mugs");
});

Deno.test("carriers get the two letters of a US state, and other states as they are", () => {
  const stateOf = (state: string, country = "US") => recipientForEasyPost({ state, country }).state;
  assert.deepEqual(
    ["New York", "puerto rico", "District of Columbia", "TX"].map((s) => stateOf(s)),
    [
      ...["NY", "PR", "DC", "TX"],
    ],
  );
  assert.deepEqual([stateOf("Cascadia"), stateOf("Georgia", "GE")], ["Cascadia", "Georgia"]);
  assert.equal(senderForEasyPost(Sender.parse({ ...ADA, state: "Oregon" })).state, "OR");
});
