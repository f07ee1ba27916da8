/** X.509 certificates for tests of TLS, in DER by hand: every machine has Deno, not every one has openssl. */
import { Buffer } from "node:buffer";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

export interface Certificate {
  name: string;
  /** PEM. */
  certificate: string;
  /** PEM. */
  key: string;
  privateKey: KeyObject;
}

/** One element of DER. */
function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 128) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes = length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...bytes]), content]);
}

const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts);
const oid = (hex: string) => der(0x06, Buffer.from(hex, "hex"));
const TRUE = Buffer.from([0x01, 0x01, 0xff]);
const ECDSA_SHA256 = sequence(oid("2a8648ce3d040302"));

function nameOf(commonName: string): Buffer {
  return sequence(der(0x31, sequence(oid("550403"), der(0x0c, Buffer.from(commonName)))));
}

/** `YYMMDDHHMMSSZ` */
function time(date: Date): Buffer {
  return der(0x17, Buffer.from(`${date.toISOString().replace(/[-T:]|\.\d+/g, "").slice(2)}`));
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(isCritical ? [TRUE] : []), der(0x04, value));
}

/** Extensions of an authority, or of a server with an IPv4 address. */
function extensionsOf(address: string | undefined): Buffer {
  const constraints = extension(
    "551d13",
    true,
    address === undefined ? sequence(TRUE) : sequence(),
  );
  if (address === undefined) return sequence(constraints);
  const ip = der(0x87, Buffer.from(address.split(".").map(Number)));
  return sequence(constraints, extension("551d11", false, sequence(ip)));
}

const pem = (bytes: Buffer) =>
  `-----BEGIN CERTIFICATE-----\n${
    bytes.toString("base64").replace(/.{64}/g, "$&\n")
  }\n-----END CERTIFICATE-----\n`;

const DAY_MS = 86_400_000;

/**
 * @param issuer @default {itself}
 * @param address IPv4 address of a server; without it the certificate is an authority's.
 */
export function makeCertificate(name: string, issuer?: Certificate, address?: string): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const now = Date.now();
  const content = sequence(
    der(0xa0, Buffer.from([2, 1, 2])),
    der(0x02, Buffer.concat([Buffer.from([1]), crypto.getRandomValues(new Uint8Array(8))])),
    ECDSA_SHA256,
    nameOf(issuer?.name ?? name),
    sequence(time(new Date(now - DAY_MS)), time(new Date(now + DAY_MS))),
    nameOf(name),
    publicKey.export({ type: "spki", format: "der" }) as Buffer,
    der(0xa3, extensionsOf(address)),
  );
  const signature = sign("sha256", content, issuer?.privateKey ?? privateKey);
  const certificate = sequence(content, ECDSA_SHA256, der(0x03, Buffer.from([0]), signature));
  return {
    name,
    certificate: pem(certificate),
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    privateKey,
  };
}
