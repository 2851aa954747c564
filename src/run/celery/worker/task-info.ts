import type { Delivery } from '../../../broker/connection/delivery.js';
import { writtenCall } from '../../../core/celery/decode-task.js';
import { cut } from '../../../core/celery/python-text.js';
import type { TaskRun } from '../../worker/slots/task-run.js';
import type { DeliveredTask } from '../../worker/task/delivered-task.js';
import { bodyOf, taskOf } from './celery-format.js';
import type { CeleryNode } from './celery-node.js';
import { taskNameOf } from './task-names.js';

/** A larger body is shown as its headers show it. */
const MOST_SHOWN_BYTES = 2_048;

/** A running task, as a Celery worker tells of its requests. */
export function runningInfo({ task, type, startedAt }: TaskRun, node: CeleryNode) {
  return { ...infoOf(task, node, type), time_start: startedAt / 1e6, worker_pid: node.pid };
}

/** A task that waits for its turn. */
export function waitingInfo(task: DeliveredTask, node: CeleryNode) {
  return { ...infoOf(task, node, taskNameOf(task.message)), time_start: null, worker_pid: null };
}

function infoOf({ id, message }: DeliveredTask, node: CeleryNode, name: string | undefined) {
  const { exchange, routingKey, redelivered } = message.fields;
  const { priority } = message.properties;
  const shown = name === undefined ? null : cut(name);
  return {
    id,
    name: shown,
    ...callOf(message),
    type: shown,
    hostname: node.name,
    acknowledged: false,
    delivery_info: { exchange, routing_key: routingKey, priority: priority ?? null, redelivered },
  };
}

/** What it is called with. JavaScript would round large integers, so a number that it changes is shown as text. */
function callOf(message: Delivery): { readonly args: unknown; readonly kwargs: unknown } {
  const { headers } = message.properties;
  const asText = { args: textOf(headers?.argsrepr), kwargs: textOf(headers?.kwargsrepr) };
  // A compressed one may be of any size.
  const isLarge = message.content.length > MOST_SHOWN_BYTES || headers?.compression;
  if (isLarge) return asText;
  try {
    const { args, kwargs } = taskOf(message);
    const written = writtenCall(bodyOf(message));
    return {
      args: isWhole(args, written.args) ? args : (written.args ?? []),
      kwargs: isWhole(kwargs, written.kwargs) ? kwargs : (written.kwargs ?? {}),
    };
  } catch {
    return asText; // the body cannot be read
  }
}

/** Whether a value says all that was written; numbers may not. */
function isWhole(value: unknown, written: string | undefined): boolean {
  const digits = (text: string) => text.match(/-?\d[\d.eE+-]*/g)?.join(' ') ?? '';
  return written === undefined || digits(JSON.stringify(value)) === digits(written);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? cut(value) : '';
}
