import type { Attributes } from '@opentelemetry/api';

/** What a span says of its task. */
export interface TracedTask {
  readonly id: string;
  /** The task's name. */
  readonly type: string;
  readonly user: string;
  readonly run: string;
  readonly attempt: number;
  readonly queue: string;
}

/** What OpenTelemetry's conventions call these. */
const OPERATION_TYPES = { send: 'send', run: 'process' } as const;

/** By the conventions for messaging, as far as they have a word for it. */
export function attributesOf(
  operation: keyof typeof OPERATION_TYPES,
  { id, type, user, run, attempt, queue }: TracedTask,
): Attributes {
  return {
    'messaging.system': 'rabbitmq',
    'messaging.operation.name': operation,
    'messaging.operation.type': OPERATION_TYPES[operation],
    'messaging.destination.name': queue,
    'messaging.message.id': id,
    'fairq.task': type,
    'fairq.user': user,
    'fairq.run': run,
    'fairq.attempt': attempt,
  };
}
