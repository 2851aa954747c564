import amqplib from 'amqplib';
import { afterAll, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { RunningFairq } from '../support/fairq.js';
import { times } from '../support/times.js';
import { useFaultBroker } from './support/fault-broker.js';

const broker = useFaultBroker();
let worker: RunningFairq | undefined;
afterAll(() => worker?.giveUp());

it("tells Celery's monitors nothing while the broker is blocked, says so once, and goes on", async () => {
  const env = { FAIRQ_URI: broker.uri, FAIRQ_MANAGEMENT_URI: broker.managementUri };
  const connection = await amqplib.connect(broker.uri);
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.assertExchange('celeryev', 'topic', { durable: true });
  await channel.bindQueue(queue, 'celeryev', 'worker.#');
  const heard: string[] = [];
  await channel.consume(queue, (message) => message && heard.push(message.fields.routingKey), {
    noAck: true,
  });
  worker = new RunningFairq(['worker', '--celery', '--queue-prefix', 'q_', '--task-events'], env);
  await worker.says(/: ready, /);
  await eventually(() => heard.includes('worker.heartbeat'), { timeoutMs: 60_000, what: 'a heartbeat' });
  await broker.evaluate('vm_memory_monitor:set_vm_memory_high_watermark(0.00001).');
  try {
    await worker.says(/monitors miss events of this worker: the broker is blocked/);
  } finally {
    await broker.evaluate('vm_memory_monitor:set_vm_memory_high_watermark(0.4).');
  }
  const before = heard.length;
  await eventually(() => heard.length > before + 1, { timeoutMs: 60_000, what: 'heartbeats again' });
  worker.signal('SIGTERM');
  const { code, stderr } = await worker.ended;
  expect(code, stderr).toBe(0);
  expect(times(stderr, 'monitors miss events')).toBe(1);
  await eventually(() => heard.at(-1) === 'worker.offline', { timeoutMs: 60_000, what: 'the goodbye' });
  await connection.close();
});
