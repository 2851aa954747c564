import { describe, expect, it } from 'vitest';
import { sourceFiles, sourceText } from '../../support/source-imports.js';

describe('the source', () => {
  it('spreads no object that it has just written out', () => {
    const spread = sourceFiles().filter((file) => sourceText(file).includes('...{'));
    expect(spread).toEqual([]);
  });

  it('names no flag in core, which knows no command line', () => {
    const named = sourceFiles()
      .filter((file) => file.startsWith('core/'))
      .flatMap((file) => literalsWithFlags(sourceText(file)).map((literal) => `${file}: ${literal}`));
    expect(named).toEqual([]);
  });
});

/** String literals that hold `--flag`; comments may name one. */
function literalsWithFlags(text: string): string[] {
  const code = text.replace(/\/\*.*?\*\/|(?<=^|\s)\/\/.*$/gms, '');
  const literals = code.match(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/gs) ?? [];
  return literals.filter((literal) => /--[a-z]/.test(literal));
}
