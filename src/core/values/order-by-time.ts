/** The indices of `times` from the earliest to the latest; equal times keep their order. */
export function orderByTime(times: Float64Array): Uint32Array {
  const indices = Uint32Array.from(times.keys());
  // What comes from one worker is in order already.
  if (times.every((time, i) => i === 0 || times[i - 1]! <= time)) return indices;
  return indices.sort((a, b) => times[a]! - times[b]!);
}
