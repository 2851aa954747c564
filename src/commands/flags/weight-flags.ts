import type { Command } from 'commander';
import { usageError } from '../../core/errors/errors.js';
import { type WeightRule, Weights } from '../../core/scheduling/weights.js';
import { readTable } from './table-file.js';
import { mergedRules, parseWeight, weightRule } from './weight-rules.js';

export interface WeightFlags {
  weight?: WeightRule[];
  weights?: string;
}

/** The flags that say who counts for how much; for every command to which weights matter. */
export function withWeightOptions(command: Command): Command {
  return command
    .option(
      '--weight <name=n>',
      "a user's share against the others, by name or glob (may be repeated); 1 unless said",
      (text: string, sofar: WeightRule[] = []) => [...sofar, parseWeight(text)],
    )
    .option('--weights <file>', 'the same from a file, TOML or JSON: a name or glob and its number each');
}

export async function weightsFrom(flags: WeightFlags): Promise<Weights> {
  const inFile = flags.weights === undefined ? [] : await readWeights(flags.weights);
  return new Weights(mergedRules(inFile, flags.weight ?? []));
}

async function readWeights(file: string): Promise<WeightRule[]> {
  const flag = `--weights ${file}`;
  const document = await readTable(flag, file, 'WEIGHTS_NOT_READ', 'A = 3, or "team-*" = 2');
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw usageError('WEIGHTS_NOT_READ', `${flag}: it is not an object of names and numbers`, {
      hint: 'Write {"A": 3, "team-*": 2}.',
    });
  }
  return Object.entries(document).map(([pattern, value]) => {
    const weight = typeof value === 'number' ? value : Number.NaN;
    return weightRule(pattern, weight, `${flag}: ${JSON.stringify(pattern)}`);
  });
}
