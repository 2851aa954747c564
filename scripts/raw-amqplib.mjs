// The plainest amqplib loops there are: what this client can do on this machine. Each prints one
// JSON line with its rate, from when it is connected. Run by ceiling.mjs; URI comes by the environment.
//
//   node scripts/raw-amqplib.mjs publish QUEUE COUNT
//   node scripts/raw-amqplib.mjs consume QUEUE COUNT ACKS-BY
import amqplib from 'amqplib';

const [mode, queue, countText, acksByText] = process.argv.slice(2);
const count = Number(countText);
const connection = await amqplib.connect(process.env.FAIRQ_URI, { noDelay: true });

async function publish() {
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(queue, { durable: true });
  const body = Buffer.alloc(128, 'x');
  let sent = 0;
  let confirmed = 0;
  const started = performance.now();
  await new Promise((resolve, reject) => {
    const onConfirm = (error) => {
      if (error) reject(error);
      confirmed++;
      if (confirmed === count) resolve();
      else if (sent < count) send();
    };
    const send = () => {
      sent++;
      channel.sendToQueue(queue, body, { persistent: true }, onConfirm);
    };
    for (let i = 0; i < 2000 && sent < count; i++) send();
  });
  return performance.now() - started;
}

async function consume(acksBy) {
  const started = performance.now();
  const channel = await connection.createChannel();
  await channel.prefetch(512);
  let done = 0;
  await new Promise((resolve) => {
    channel.consume(queue, (message) => {
      done++;
      if (done % acksBy === 0 || done === count) channel.ack(message, acksBy > 1);
      if (done === count) resolve();
    });
  });
  return performance.now() - started;
}

const ms = mode === 'publish' ? await publish() : await consume(Number(acksByText));
console.log(JSON.stringify({ perSecond: count / (ms / 1000) }));
await connection.close();
