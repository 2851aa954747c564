import { describe, expect, it } from 'vitest';
import { sourceFiles, sourceText } from '../../support/source-imports.js';

describe('the source', () => {
  it('spreads no object that it has just written out', () => {
    const spread = sourceFiles().filter((file) => sourceText(file).includes('...{'));
    expect(spread).toEqual([]);
  });
});
