/** @jsxImportSource hono/jsx/dom */
/** A shop opens at TikTok; its seller can connect it. */
import { Card } from "../../components/card.tsx";
import { Field, Form, Select } from "../../components/field.tsx";
import { showToast } from "../../components/toast.tsx";
import { changeWorld, type WorldShop } from "../../data/world.ts";
import { describeError } from "../../errors.ts";
import { useState } from "../../hooks.ts";
import { addEffect } from "./effect_list.ts";

const COUNTRIES = [["US", "United States"], ["GB", "United Kingdom"], ["DE", "Germany"]] as const;

export function NewShop({ onOpened }: { onOpened: (shop: WorldShop) => void }) {
  const [region, setRegion] = useState<string>("US");
  const open = async ({ name = "" }: Record<string, string>): Promise<void> => {
    try {
      const shop = await changeWorld<WorldShop>("shops", { name, region });
      addEffect({
        sent: `${shop.name} opened at TikTok`,
        answer: `Its id is ${shop.shop_id}. It is not connected yet.`,
        link: { href: "/seller/shops", text: "Connect it" },
      });
      onOpened(shop);
    } catch (error) {
      showToast(describeError(error));
    }
  };
  return (
    <Card title="A new shop">
      <Form onSubmit={(values) => void open(values)}>
        <Field label="Name" name="name" placeholder="Teapots and more" isRequired />
        <Select
          label="Country"
          name="region"
          value={region}
          options={COUNTRIES}
          onChange={setRegion}
        />
        <div class="row">
          <button class="button plain" type="submit">Open the shop</button>
        </div>
      </Form>
    </Card>
  );
}
