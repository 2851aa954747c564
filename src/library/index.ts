/** What an application imports: `import { connect } from 'fairq'`. */
export { FairqError } from '../core/errors/errors.js';
export type { TaskEvent } from '../core/events/task-event.js';
export type { TaskState, TaskStateName } from '../core/events/task-state.js';
export { NonRetryableError } from '../core/message/non-retryable-error.js';
export type { WorkerReport } from '../core/reports/worker-report.js';
export type { HandlerFunction } from '../run/worker/handlers/handler-functions.js';
export type { TaskContext } from '../run/worker/handlers/handlers.js';
export type { AppWorker, AppWorkerOptions } from './app-worker.js';
export { type ConnectOptions, connect } from './connect.js';
export type { Fairq } from './fairq.js';
export type { PublisherOptions, SendOptions, SentTask, TaskPublisher } from './task-publisher.js';
