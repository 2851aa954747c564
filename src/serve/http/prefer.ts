/** `Prefer: wait=10` (RFC 7240); whoever prefers nothing of that kind waits for `otherwise`. Seconds. */
export function waitOf({ headers }: Pick<Request, 'headers'>, otherwise: number, most: number): number {
  const said = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})"?(?=$|[,;\s])/i.exec(headers.get('prefer') ?? '')?.[1];
  return Math.min(most, Number(said ?? otherwise));
}
