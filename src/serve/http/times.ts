/** Microseconds since the epoch, as RFC 3339 in UTC; null for a moment that is not known. */
export function timeOf(micros: number | null | undefined): string | null {
  return micros === null || micros === undefined || !Number.isFinite(micros)
    ? null
    : new Date(micros / 1_000).toISOString();
}
