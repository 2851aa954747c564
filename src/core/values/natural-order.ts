const ZERO = 48;
const NINE = 57;

/**
 * Orders names as people do: `user2` before `user10`. Runs of digits compare by value, everything
 * else by code unit, so that the order is the same on every machine (Intl collation is not). A total
 * order: names that differ only in leading zeros fall back to plain comparison.
 */
export function compareNatural(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (isDigit(a, i) && isDigit(b, j)) {
      const endA = endOfDigits(a, i);
      const endB = endOfDigits(b, j);
      const order = compareDigits(a.slice(i, endA), b.slice(j, endB));
      if (order !== 0) return order;
      i = endA;
      j = endB;
    } else {
      const difference = a.charCodeAt(i) - b.charCodeAt(j);
      if (difference !== 0) return difference;
      i++;
      j++;
    }
  }
  const left = a.length - i - (b.length - j);
  if (left !== 0) return left;
  return a < b ? -1 : a > b ? 1 : 0;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= ZERO && code <= NINE;
}

function endOfDigits(text: string, from: number): number {
  let end = from + 1;
  while (end < text.length && isDigit(text, end)) end++;
  return end;
}

/** As text and not as numbers: an id of 30 digits would lose its last ones. */
function compareDigits(a: string, b: string): number {
  const significantA = a.replace(/^0+/, '');
  const significantB = b.replace(/^0+/, '');
  if (significantA.length !== significantB.length) return significantA.length - significantB.length;
  return significantA < significantB ? -1 : significantA > significantB ? 1 : 0;
}
