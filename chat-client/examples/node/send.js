// A chat client in another language: sends numbered messages and reads them back, through the death
// of the primary. It needs no proto files: every server tells its protocol by reflection.
//   npm install && node send.js 127.0.0.1:7401,127.0.0.1:7402,127.0.0.1:7403 1000
'use strict';
const { randomUUID } = require('node:crypto');
const { setTimeout: sleep } = require('node:timers/promises');
const grpc = require('@grpc/grpc-js');
const { GrpcReflection } = require('grpc-js-reflection-client');

const [addresses = '127.0.0.1:7401,127.0.0.1:7402,127.0.0.1:7403', count = '1000'] = process.argv.slice(2);
const plain = grpc.credentials.createInsecure();
const clients = {};
let primary; // The server that said last that it serves: only the primary says so.

const types = (server, symbol) => new GrpcReflection(server, plain, {}, 'v1').getDescriptorBySymbol(symbol)
  .then((descriptor) => descriptor.getPackageObject({ keepCase: true, defaults: true, longs: String }));

async function watch(health, server) {
  for (;; await sleep(100)) {
    await new Promise((over) => health.Watch({ service: 'chat.v1.ChatService' })
      .on('data', ({ status }) => { primary = status === 1 ? server : primary === server ? undefined : primary; })
      .on('error', over).on('end', over));
    if (primary === server) primary = undefined;
  }
}

// Asks whoever is primary until there is an answer. The same request_id every time: done once.
async function call(method, request, token) {
  const metadata = new grpc.Metadata();
  if (token) metadata.set('authorization', `Bearer ${token}`);
  for (;; await sleep(50)) {
    const asked = primary;
    const { error, answer } = await new Promise((resolve) => (asked ? clients[asked][method](request, metadata,
      { deadline: Date.now() + 2000 }, (e, a) => resolve({ error: e, answer: a })) : resolve({})));
    if (answer) return { ...answer, by: asked };
    // INTERNAL: so a stream ends in grpc-js that was reset by a dying server.
    const { UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, INTERNAL } = grpc.status;
    if (error && ![UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, INTERNAL].includes(error.code)) throw error;
  }
}

async function main() {
  const servers = addresses.split(',');
  const { chat } = await Promise.any(servers.map((server) => types(server, 'chat.v1.ChatService')));
  const { Health } = (await Promise.any(servers.map((server) => types(server, 'grpc.health.v1.Health')))).grpc.health.v1;
  for (const server of servers) {
    clients[server] = new chat.v1.ChatService(server, plain);
    watch(new Health(server, plain, { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 500 }), server);
  }
  const name = `node-${randomUUID().slice(0, 8)}`;
  await call('CreateAccount', { username: name, password: 'node-example', request_id: randomUUID() });
  const { session_token: token } = await call('Login', { username: name, password: 'node-example' });
  console.log(`account ${name}`);
  const accepted = new Map();
  const texts = Array.from({ length: Number(count) }, (_, i) => `message ${i}`).values();
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (const text of texts) { // One iterator for all eight: each message has one sender.
      const sent = await call('SendMessage', { recipient: name, text, request_id: randomUUID() }, token);
      accepted.set(sent.message_id, text);
      console.log(`accepted ${accepted.size} by ${sent.by}${sent.duplicate ? ' (asked twice, done once)' : ''}`);
    }
  }));
  const received = [];
  for (let page; !page || page.remaining_count > 0;) {
    page = await call('FetchMessages', { page_size: 1000 }, token);
    received.push(...page.messages);
    if (page.messages.length) await call('AcknowledgeMessages', { message_id: page.messages.at(-1).message_id }, token);
  }
  const found = new Map(received.map((m) => [m.message_id, m.text]));
  const lost = [...accepted].filter(([id, text]) => found.get(id) !== text).length;
  const doubled = received.length - new Set(received.map((m) => m.text)).size;
  console.log(`${accepted.size} accepted, ${received.length} received, ${lost} lost, ${doubled} doubled`);
  process.exit(lost || doubled || received.length !== accepted.size ? 1 : 0);
}

main().catch((error) => {
  console.error(error.errors ? `No server answers at ${addresses}: ${error.errors[0].message}` : error.message);
  process.exit(1);
});
