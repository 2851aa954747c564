import { AsyncLocalStorage } from 'node:async_hooks';
import { messageOf } from '../../../core/errors/errors.js';
import { type Handler, type Handlers, promiseOf } from './handlers.js';

/** A call of a handler, and how it can be made to fail from outside of its promise. */
interface Call {
  readonly user: string;
  readonly id: string;
  ended: boolean;
  fail(error: Error): void;
}

/** Whose the exception is, and whether that task can still be failed for it. */
export interface Blamed {
  readonly user: string;
  readonly id: string;
  readonly ended: boolean;
}

/**
 * Runs the handlers of a user's module so that what one of them does outside of its promise (a throw in a
 * timer, a rejection that nobody awaits) is known to be that task's, and fails that task alone.
 */
export class HandlerGuard {
  readonly #calls = new AsyncLocalStorage<Call>();

  guard({ find, names }: Handlers): Handlers {
    const guarded = new Map<Handler, Handler>();
    return {
      names,
      find: (type) => {
        const handler = find(type);
        if (handler === undefined) return undefined;
        let own = guarded.get(handler);
        if (own === undefined) {
          own = this.#guarded(handler);
          guarded.set(handler, own);
        }
        return own;
      },
    };
  }

  /**
   * To be called where an exception comes out that nobody has caught. Fails the task that it belongs to;
   * undefined where it belongs to none, and nobody knows what state things are in.
   */
  blame(error: unknown): Blamed | undefined {
    const call = this.#calls.getStore();
    if (call === undefined) return undefined;
    const { user, id, ended } = call;
    call.fail(new Error(`outside of its promise: ${messageOf(error)}`, { cause: error }));
    return { user, id, ended };
  }

  #guarded(handler: Handler): Handler {
    return (payload, context) => {
      let fail: (error: Error) => void = () => {};
      const call: Call = { user: context.user, id: context.id, ended: false, fail: (error) => fail(error) };
      const end = () => {
        call.ended = true;
      };
      return this.#calls.run(call, () => {
        let result: unknown;
        let promise: Promise<unknown> | undefined;
        try {
          result = handler(payload, context);
          promise = promiseOf(result);
        } catch (error) {
          end();
          throw asError(error);
        }
        if (promise === undefined) {
          end();
          return result;
        }
        return new Promise((resolve, reject) => {
          fail = (error) => {
            end();
            reject(error);
          };
          promise.then(
            (value) => {
              end();
              resolve(value);
            },
            (error) => fail(asError(error)),
          );
        });
      });
    };
  }
}

/** What was thrown as the reason of a failure: "undefined" alone would say nothing to anybody. */
function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`thrown, and no Error: ${messageOf(thrown)}`);
}
