/** The paths of the operations, for requests that none of them answers. */
export class Paths {
  readonly #paths = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();

  /** @param path as OpenAPI writes it */
  add(path: string, method: string): void {
    const known = this.#paths.get(path);
    const methods = known?.methods ?? new Set(['OPTIONS']);
    methods.add(method);
    if (method === 'GET') methods.add('HEAD');
    if (known !== undefined) return;
    const parts = path.split(/(\{\w+\})/).map((part) => (part.startsWith('{') ? '[^/]+' : escaped(part)));
    this.#paths.set(path, { pattern: new RegExp(`^${parts.join('')}$`), methods });
  }

  /** What may be asked of such a path; none where there is nothing. */
  methodsOf(pathname: string): readonly string[] {
    const methods = new Set<string>();
    for (const { pattern, methods: some } of this.#paths.values()) {
      if (pattern.test(pathname)) for (const method of some) methods.add(method);
    }
    return [...methods].sort();
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
