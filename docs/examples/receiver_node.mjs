// Receive webhooks with Node: verify the signature of the raw body, then parse it.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const secret = process.env.SIGNING_SECRET;
const port = Number(process.env.PORT ?? 3000);

function isGenuine(body, headers) {
  const timestamp = headers["x-tripwire-timestamp"] ?? "";
  const signature = Buffer.from(headers["x-tripwire-signature"] ?? "");
  const signed = Buffer.concat([Buffer.from(`${timestamp}.`), body]);
  const expected = Buffer.from(createHmac("sha256", secret).update(signed).digest("hex"));
  const age = Math.abs(Date.now() / 1000 - Number(timestamp));
  const sameLength = signature.length === expected.length;
  return age <= 300 && sameLength && timingSafeEqual(signature, expected);
}

const server = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);
  if (!isGenuine(body, request.headers)) {
    response.writeHead(401).end("invalid signature");
    return;
  }
  const event = JSON.parse(body);
  console.log(event.type, event.id);
  response.writeHead(200).end("received");
});

server.listen(port, "127.0.0.1", () => {
  console.log(`listening on ${server.address().port}`);
});
