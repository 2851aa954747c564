/** 30000 → `30,000` */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 task`, `30,000 tasks` */
export function tasks(value: number): string {
  return `${count(value)} ${value === 1 ? 'task' : 'tasks'}`;
}

/** `workers of one slot`, without how many */
export function workersOf(workers: number, slots: number): string {
  const each = slots === 1 ? 'one slot' : `${count(slots)} slots`;
  return `${workers === 1 ? 'worker' : 'workers'} of ${each}`;
}

const FEW = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

/** 3 → `three`, 11 → `11` */
export function inWords(value: number): string {
  return FEW[value] ?? count(value);
}

/** Milliseconds of a load whose times are multiplied: 20 → `20`, 6.6666 → `6.67` */
export function ms(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}
