type Claims = Readonly<Record<string, unknown>>;

/**
 * A claim by its name, or by the names that lead to it with dots between them. A name with dots of its own is looked
 * for first: `https://example.com/roles` is one.
 */
export function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Claims)[name];
  }
  return value;
}

/** The texts of an array, or the words of a text, as OAuth writes a scope. */
export function wordsOf(value: unknown): string[] {
  if (typeof value === 'string') return value.split(' ');
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
