import type { Delivery } from '../../../broker/connection/delivery.js';
import { taskOf } from './celery-format.js';

/** The full name of a message's task; undefined where the message does not say. */
export function taskNameOf(message: Delivery): string | undefined {
  const name = message.properties.headers?.task;
  if (typeof name === 'string') return name;
  try {
    return taskOf(message).name; // protocol 1 says so in the body
  } catch {
    return undefined; // whatever is wrong with it is its reason to fail, when it starts
  }
}
