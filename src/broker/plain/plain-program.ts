import { messageOf } from '../../core/errors/errors.js';
import { type PlainLoop, runPlainLoop } from './plain-loops.js';

/** What the program answers with, once. */
export type PlainAnswer = { readonly seconds: number } | { readonly failed: string };

/** A loop in a process of its own, as a worker is one: nothing of it is warm. It ends when its parent has gone. */
process.on('disconnect', () => process.exit(0));
process.once('message', (loop: PlainLoop) => {
  runPlainLoop(loop).then(
    (seconds) => tell({ seconds }),
    (error: unknown) => tell({ failed: messageOf(error) }),
  );
});

function tell(answer: PlainAnswer): void {
  process.send?.(answer, () => process.exit(0));
}
