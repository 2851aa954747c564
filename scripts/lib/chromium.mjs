// A browser for the tests of pages. Without one they are skipped, and say so.
import { debianPrefix, installWithApt } from './apt.mjs';
import { ask, SetupError, say } from './run.mjs';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome'];

export async function provideChromium() {
  if (process.env.FAIRQ_CHROMIUM || PROGRAMS.some((program) => ask(program, ['--version']) !== null)) return;
  if (debianPrefix() === null) return;
  try {
    await installWithApt('chromium');
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`no Chromium, so tests of pages will be skipped: ${error.message}`);
  }
}
