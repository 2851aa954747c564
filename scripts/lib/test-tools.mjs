// What some tests hold fairq against: a browser, Prometheus' own parser, shells, Celery, a Python client of RabbitMQ. Without one of them its
// tests are skipped, and say so.
import { debianPrefix, installWithApt } from './apt.mjs';
import { ask, SetupError, say } from './run.mjs';

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome'];

export async function provideTestTools() {
  const missing = [
    ...(hasBrowser() ? [] : ['chromium']),
    ...['zsh', 'fish'].filter((shell) => ask(shell, ['--version']) === null),
    ...(hasModule('prometheus_client.parser') ? [] : ['python3-prometheus-client']),
    ...(hasModule('celery') ? [] : ['python3-celery']),
    ...(hasModule('pika') ? [] : ['python3-pika']),
    ...(hasModule('fastapi') ? [] : ['python3-fastapi']),
    ...(hasModule('uvicorn') ? [] : ['python3-uvicorn']),
  ];
  if (missing.length === 0 || debianPrefix() === null) return;
  try {
    await installWithApt(...missing);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`tests that need ${missing.join(' and ')} will be skipped: ${error.message}`);
  }
}

/** Debian's package is Debian's Python's, and the first on the path may be another. */
function hasModule(module) {
  const pythons = ['/usr/bin/python3', 'python3'];
  return pythons.some((python) => ask(python, ['-c', `import ${module}`]) !== null);
}

function hasBrowser() {
  return (
    Boolean(process.env.FAIRQ_CHROMIUM) || BROWSERS.some((program) => ask(program, ['--version']) !== null)
  );
}
