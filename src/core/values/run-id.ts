/**
 * `2026-11-22T14-05-09-3f2a`: sorts by time, and two in the same second differ.
 *
 * @param at microseconds since the Unix epoch
 * @param suffix some random characters
 */
export function runIdAt(at: number, suffix: string): string {
  const time = new Date(at / 1000).toISOString().slice(0, 19).replaceAll(':', '-');
  return `${time}-${suffix}`;
}
