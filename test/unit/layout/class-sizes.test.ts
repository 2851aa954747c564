import { describe, expect, it } from 'vitest';
import { classesIn } from '../../support/class-sizes.js';
import { sourceFiles, sourceText } from '../../support/source-imports.js';

const MOST_LINES = 250;
const MOST_PARAMETERS = 5;

/** Classes that are too large today. One that no longer is has to leave the list. */
const STILL_LONG: readonly string[] = [];
const STILL_MANY: readonly string[] = [];

const CLASSES = sourceFiles().flatMap((file) => classesIn(sourceText(file)));

describe('classes of src', () => {
  it('are found', () => {
    expect(CLASSES.length).toBeGreaterThan(80);
    expect(CLASSES.filter(({ parameters }) => parameters > 0).length).toBeGreaterThan(40);
  });

  it(`have ${MOST_LINES} lines at most, or say above "class" why: // long because: …`, () => {
    const long = CLASSES.filter(({ lines, longBecause }) => lines > MOST_LINES && longBecause === undefined);
    expect(long.map(({ name }) => name).sort()).toEqual(STILL_LONG);
  });

  it(`take ${MOST_PARAMETERS} parameters at most, or say above "constructor" why: // many because: …`, () => {
    const many = CLASSES.filter(
      ({ parameters, manyBecause }) => parameters > MOST_PARAMETERS && manyBecause === undefined,
    );
    expect(many.map(({ name }) => name).sort()).toEqual(STILL_MANY);
  });
});

describe('a class', () => {
  it('is measured from "class" to its last brace, with its reason', () => {
    const text = '// long because: a table\nexport class A {\n  b = 1;\n}\nabstract class C extends A {\n}\n';
    expect(classesIn(text)).toMatchObject([
      { name: 'A', lines: 3, parameters: 0, longBecause: 'a table' },
      { name: 'C', lines: 2, longBecause: undefined },
    ]);
  });

  it('that ends where it begins has one line', () => {
    expect(classesIn('class A extends Error {}\nclass B {\n}\n')).toMatchObject([{ lines: 1 }, { lines: 2 }]);
  });

  it.each([
    ['  constructor() {}', 0],
    ['  constructor(a: Map<string, number>, readonly b = () => 1) {', 2],
    [
      '  private constructor(\n    a: string,\n    /** A comment, too. */\n    private readonly b: {\n      c: 1;\n    },\n  ) {',
      2,
    ],
  ])('has the parameters of %j', (head, parameters) => {
    expect(classesIn(`class A {\n${head}\n  }\n}\n`)).toMatchObject([{ parameters }]);
  });

  it('may have a reason for its many parameters', () => {
    const text =
      'class A {\n  /** Many.\n   * many because: so is the file format */\n  constructor(a: 1) {}\n}\n';
    expect(classesIn(text)).toMatchObject([{ manyBecause: 'so is the file format' }]);
  });
});
