// A chat client in another language: sends numbered messages and reads them back, through the death
// of the primary. It needs no proto files: every server tells its protocol by reflection.
//   npm install && node send.js 127.0.0.1:7401,127.0.0.1:7402,127.0.0.1:7403 1000
'use strict';
const { randomUUID } = require('node:crypto');
const { setTimeout: sleep } = require('node:timers/promises');
const grpc = require('@grpc/grpc-js');
const { reflect } = require('./reflection');

const [addresses = '127.0.0.1:7401,127.0.0.1:7402,127.0.0.1:7403', count = '1000'] = process.argv.slice(2);
const plain = grpc.credentials.createInsecure();
// The server that said last that it serves: only the primary says so.
let primary;

async function watch(server, Health) {
  const health = new Health(server, plain, { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 500 });
  for (;;) {
    await new Promise((over) => health.Watch({ service: 'chat.v1.ChatService' })
      .on('data', ({ status }) => { primary = status === 1 ? server : primary === server ? undefined : primary; })
      .on('error', over).on('end', over));
    if (primary === server) primary = undefined;
    await sleep(100);
  }
}

// Asks whoever is primary until there is an answer. The same request_id every time: done once.
async function call(clients, method, request, token) {
  const metadata = new grpc.Metadata();
  if (token) metadata.set('authorization', `Bearer ${token}`);
  for (;;) {
    if (primary) {
      const { error, answer } = await new Promise((resolve) => clients[primary][method](
        request, metadata, { deadline: Date.now() + 2000 }, (e, a) => resolve({ error: e, answer: a })));
      if (!error) return answer;
      const { UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, INTERNAL } = grpc.status;
      if (![UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, INTERNAL].includes(error.code)) throw error;
    }
    await sleep(50);
  }
}

async function main() {
  const servers = addresses.split(',');
  const alive = await Promise.any(servers.map((s) => reflect(s, 'chat.v1.ChatService').then((types) => [s, types])));
  const { Health } = (await reflect(alive[0], 'grpc.health.v1.Health')).grpc.health.v1;
  const clients = Object.fromEntries(servers.map((s) => [s, new alive[1].chat.v1.ChatService(s, plain)]));
  servers.forEach((server) => watch(server, Health));

  const name = `node-${randomUUID().slice(0, 8)}`;
  await call(clients, 'CreateAccount', { username: name, password: 'node-example', request_id: randomUUID() });
  const { session_token } = await call(clients, 'Login', { username: name, password: 'node-example' });
  console.log(`account ${name}`);
  const accepted = new Map();
  let next = 0;
  const line = async () => {
    while (next < Number(count)) {
      const text = `message ${next++}`;
      const sent = await call(clients, 'SendMessage', { recipient: name, text, request_id: randomUUID() }, session_token);
      accepted.set(sent.message_id, text);
      console.log(`accepted ${accepted.size} by ${primary}${sent.duplicate ? ' (asked twice, done once)' : ''}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, line));

  const received = [];
  for (let page; !page || page.remaining_count > 0;) {
    page = await call(clients, 'FetchMessages', { page_size: 1000 }, session_token);
    received.push(...page.messages);
    if (page.messages.length) await call(clients, 'AcknowledgeMessages', { message_id: page.messages.at(-1).message_id }, session_token);
  }
  const lost = [...accepted].filter(([id, text]) => !received.some((m) => m.message_id === id && m.text === text));
  const doubled = received.length - new Set(received.map((m) => m.text)).size;
  console.log(`${accepted.size} accepted, ${received.length} received, ${lost.length} lost, ${doubled} doubled`);
  process.exit(lost.length || doubled || received.length !== accepted.size ? 1 : 0);
}

main().catch((error) => {
  console.error(error.errors ? `No server answers at ${addresses}: ${error.errors[0].message}` : error.message);
  process.exit(1);
});
