import { usageError } from '../errors/errors.js';
import { type Glob, glob } from '../values/glob.js';
import { meant } from '../values/starts-with.js';

/** What a choice of runs is called in an error, and what to do where there is no such run. */
export interface RunChoiceWords {
  readonly what: string;
  readonly hint: string | undefined;
}

const PLAIN: RunChoiceWords = { what: 'run', hint: undefined };

/** Which runs are meant, each by its id, by a start that no other has, or by a pattern with * and ?. */
export class RunChoice {
  readonly #ids = new Map<string, boolean>();
  readonly #patterns: { readonly glob: Glob; isFound: boolean }[] = [];
  readonly #known = new Map<string, boolean>();
  /** Runs that start as an id does that was not found itself. */
  readonly #alike = new Set<string>();

  constructor(
    private readonly texts: readonly string[],
    private readonly words: RunChoiceWords = PLAIN,
  ) {
    for (const text of texts) {
      if (/[*?]/.test(text)) this.#patterns.push({ glob: glob(text), isFound: false });
      else this.#ids.set(text, false);
    }
  }

  /** Every run, and the tasks without one. */
  static all(): RunChoice {
    return new RunChoice(['*']);
  }

  /** As it is said: `web-*`; `all runs`. */
  get label(): string {
    return this.texts.length === 1 && this.texts[0] === '*' ? 'all runs' : this.texts.join(', ');
  }

  /** Whether it is one of them; remembers that it was there. */
  has(run: string): boolean {
    let is = this.#known.get(run);
    if (is === undefined) {
      is = this.#matches(run);
      this.#known.set(run, is);
    }
    return is;
  }

  #matches(run: string): boolean {
    if (this.#ids.has(run)) {
      this.#ids.set(run, true);
      return true;
    }
    for (const text of this.#ids.keys()) if (text !== '' && run.startsWith(text)) this.#alike.add(run);
    const pattern = this.#patterns.find(({ glob }) => glob.matches(run));
    if (pattern === undefined) return false;
    pattern.isFound = true;
    return true;
  }

  /**
   * When all runs have been asked for: the choice with whole ids where starts were given, or undefined where this one
   * was right already. Throws where something is none, or several.
   */
  whole(): RunChoice | undefined {
    for (const { glob, isFound } of this.#patterns) if (!isFound) throw this.#noSuchRun(glob.pattern);
    const starts = [...this.#ids].filter(([, isFound]) => !isFound);
    if (starts.length === 0) return undefined;
    const ids = this.texts.map((text) => {
      if (this.#ids.get(text) !== false) return text;
      const run = meant(text, this.#alike, this.words.what);
      if (run === undefined) throw this.#noSuchRun(text);
      return run;
    });
    return new RunChoice(ids, this.words);
  }

  #noSuchRun(run: string): Error {
    const { hint } = this.words;
    const message = `there is no run ${JSON.stringify(run)} in what was read`;
    return usageError('NO_SUCH_RUN', message, hint === undefined ? {} : { hint });
  }
}
