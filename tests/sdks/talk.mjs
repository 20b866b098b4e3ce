// A conversation by the official TypeScript SDK, as JSON on standard output.
import process from "node:process";
import { Mistral } from "@mistralai/mistralai";

const client = new Mistral({ apiKey: process.env.KEY, serverURL: process.argv[2] });
const started = await client.beta.conversations.start({
  model: "mistral-small-latest",
  inputs: "What is 2+2? Reply with just the number.",
});
const stream = await client.beta.conversations.appendStream({
  conversationId: started.conversationId,
  conversationAppendStreamRequest: { inputs: "Tell me more" },
});
const events = [];
for await (const event of stream) events.push(event.event);
console.log(JSON.stringify({ content: started.outputs.at(-1).content, events }));
