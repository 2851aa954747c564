interface KeyEvent {
  readonly type: 'keyDown' | 'keyUp';
  readonly key: string;
  readonly code: string;
  readonly windowsVirtualKeyCode: number;
  readonly modifiers: number;
  readonly text?: string;
}

/** By the name of the key: its number, and what it writes. */
const NAMED: Readonly<Record<string, readonly [number, string?]>> = {
  Enter: [13, '\r'],
  Escape: [27],
  Tab: [9],
  Backspace: [8],
  Delete: [46],
  Space: [32, ' '],
  ArrowLeft: [37],
  ArrowUp: [38],
  ArrowRight: [39],
  ArrowDown: [40],
  Home: [36],
  End: [35],
};
const MODIFIERS: Readonly<Record<string, number>> = { Alt: 1, Control: 2, Meta: 4, Shift: 8 };

/** What a browser hears when a key is pressed: `a`, `?`, `Enter`, `Shift+Tab`. */
export function keyEvents(pressed: string): readonly KeyEvent[] {
  const words = pressed === '+' ? ['+'] : pressed.split('+');
  const name = words.pop()!;
  const modifiers = words.reduce((sum, word) => sum + MODIFIERS[word]!, 0);
  const [number, text] = NAMED[name] ?? [name.toUpperCase().charCodeAt(0), name];
  const key = name === 'Space' ? ' ' : name;
  const event = { key, code: name, windowsVirtualKeyCode: number, modifiers };
  return [
    { type: 'keyDown', ...event, ...(text !== undefined && modifiers % 8 === 0 && { text }) },
    { type: 'keyUp', ...event },
  ];
}
