import { describe, expect, it } from 'vitest';
import { axeFindings } from '../support/axe.js';
import { hasBrowser, usePageScene } from '../support/page-scene.js';

const scene = usePageScene();

describe.skipIf(!hasBrowser)('who opens the page', () => {
  it('signs in with a token, and signs out', async () => {
    const page = await scene.open();
    await page.fill('input[type=password]', scene.tokenOf('viewer'));
    await page.press('Enter');
    await page.untilText('live', '.fresh');
    expect(await axeFindings(page)).toEqual([]);
    await page.click('button', 'sign out');
    await page.untilText('Token');
    expect(await axeFindings(page)).toEqual([]);
  });

  it('looks on as whoever is signed in', async () => {
    const page = await scene.open('', 'operator');
    await page.untilText('live', '.fresh');
    expect(await page.texts('.who .name')).toEqual(['operator']);
  });
});
