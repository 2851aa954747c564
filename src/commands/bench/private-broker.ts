import type { BrokerAddress } from '../../broker/connection/address.js';
import { idGenerator } from '../../process/identity.js';
import { withBenchBroker } from '../../run/bench/bench-broker.js';
import type { TrialDeps } from '../../run/bench/trial.js';
import type { Context } from '../shared/context.js';
import { showProgress } from '../shared/progress.js';

/** What a bench has to play with. */
export type BenchDeps = Omit<TrialDeps, 'address' | 'onStep'> & {
  /** Shows what it does now. */
  readonly show: (step: string) => void;
};

/**
 * Plays on a throw-away broker, or on the one that is configured, and shows what it does; an interruption ends it
 * and leaves nothing behind.
 */
export async function onBenchBroker<R>(
  context: Context,
  name: string,
  play: (deps: BenchDeps, address: BrokerAddress) => Promise<R>,
): Promise<{ version: string; outcome: R }> {
  const config = await context.config();
  const { io, clock } = context;
  const interrupted = context.interrupts.rejection(
    'the bench left nothing behind',
    'vhosts named fairq-bench-… may be left on the broker',
  );
  let step = `${name} · starting a throw-away broker`;
  const progress = await showProgress(context, () => `bench ${step}`);
  const deps: BenchDeps = {
    clock,
    newId: idGenerator(context),
    self: { ...io.self, env: io.env },
    interrupted,
    show: (text) => {
      step = text.replace(': ', ' · ');
      if (!context.liveProgress) context.say(`bench ${text}`);
    },
  };
  try {
    return await withBenchBroker(
      config.addressConfigured ? config.address : undefined,
      interrupted,
      (address) => play(deps, address),
    );
  } finally {
    progress.stop();
  }
}
