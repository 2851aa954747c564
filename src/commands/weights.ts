import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { mergedRules, parseWeight, type WeightRule, Weights, weightRule } from '../core/weights.js';
import { messageOf, usageError } from '../errors.js';

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
  // Not for every command that only has the flag.
  const { parse } = await import('smol-toml');
  let document: unknown;
  try {
    const text = readFileSync(file, 'utf8');
    document = file.endsWith('.json') ? JSON.parse(text) : parse(text);
  } catch (error) {
    throw usageError('WEIGHTS_NOT_READ', `--weights ${file}: ${messageOf(error)}`, {
      hint: 'Name a readable file with a line for each user, such as: A = 3 or "team-*" = 2 (or a JSON object, in a file named *.json).',
      cause: error,
    });
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw usageError('WEIGHTS_NOT_READ', `--weights ${file}: it is not an object of names and numbers`, {
      hint: 'Write {"A": 3, "team-*": 2}.',
    });
  }
  return Object.entries(document).map(([pattern, value]) => {
    const weight = typeof value === 'number' ? value : Number.NaN;
    return weightRule(pattern, weight, `--weights ${file}: ${JSON.stringify(pattern)}`);
  });
}
