// Loaded into fairq with `--import`: a wall clock that somebody sets back, at the start or on SIGUSR2.
let backMs = Number(process.env.FAULT_CLOCK_BACK_AT_START_MS ?? 0);
process.on('SIGUSR2', () => {
  backMs += Number(process.env.FAULT_CLOCK_BACK_MS);
});

const now = Date.now;
Date.now = () => now() - backMs;
const { timeOrigin } = performance;
Object.defineProperty(performance, 'timeOrigin', { get: () => timeOrigin - backMs });
