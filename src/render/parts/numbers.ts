/** Fixed, so that a report reads the same on every machine. */
const whole = numberFormat({ maximumFractionDigits: 0 });
const tenth = numberFormat({ minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** 30500 → `30,500` */
export function formatCount(value: number): string {
  return whole.format(value);
}

/** `1 task`, `30,500 tasks` */
export function formatTasks(value: number): string {
  return `${formatCount(value)} ${value === 1 ? 'task' : 'tasks'}`;
}

/** Per second: 52300 → `52,300/s`, 2.34 → `2.3/s` */
export function formatRate(perSecond: number): string {
  return `${perSecond < 99.95 ? tenth.format(perSecond) : whole.format(perSecond)}/s`;
}

/** Milliseconds: `0.4 ms`, `350 ms`, `1.2 s`, `2 min 5 s`, `3 h 20 min`, `2 d 4 h` */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0 ms';
  if (milliseconds < 0.1) return '<0.1 ms';
  if (milliseconds < 9.95) return `${tenth.format(milliseconds)} ms`;
  if (milliseconds < 999.5) return `${whole.format(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 59.95) return `${tenth.format(seconds)} s`;
  if (Math.round(seconds) < 3600) return twoUnits(Math.round(seconds), 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return twoUnits(minutes, 60, 'h', 'min');
  return twoUnits(Math.round(minutes / 60), 24, 'd', 'h');
}

function twoUnits(value: number, size: number, large: string, small: string): string {
  const rest = value % size;
  const first = `${whole.format(Math.floor(value / size))} ${large}`;
  return rest === 0 ? first : `${first} ${rest} ${small}`;
}

/** `512 B`, `24.3 MiB` */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${whole.format(bytes)} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes / 1024;
  let unit = 0;
  // 1023.95 would be shown as 1,024.0.
  while (value >= 1023.95 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${tenth.format(value)} ${units[unit]}`;
}

/** 0.498 → `49.8 %` */
export function formatShare(share: number): string {
  return `${tenth.format(share * 100)} %`;
}

/** Made for the first number: each start of fairq would take 17 ms longer, and many write none. */
function numberFormat(options: Intl.NumberFormatOptions): Pick<Intl.NumberFormat, 'format'> {
  let made: Intl.NumberFormat | undefined;
  return {
    format: (value) => {
      made ??= new Intl.NumberFormat('en-US', options);
      return made.format(value);
    },
  };
}
