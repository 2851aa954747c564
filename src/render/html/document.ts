import { html, jsonMarkup, type Markup } from './markup.js';

export interface HtmlDocument {
  readonly title: string;
  readonly body: Markup;
  /** What made it, and where: a name and a text each. */
  readonly about: readonly (readonly [string, string])[];
  /** The document of `--json`. */
  readonly document: object;
}

/** What the page may load, and what it is drawn with. */
export interface Around {
  readonly head: Markup;
  /** Above the title. */
  readonly top: Markup | null;
  readonly script: Markup | null;
}

/** A whole page: its title, what it shows, how that was made, and the data. */
export function renderDocument({ title, body, about, document }: HtmlDocument, around: Around): string {
  const facts = about.map(([name, text]) =>
    name === 'command'
      ? html`<dt>${name}</dt><dd><code>${text}</code></dd>`
      : html`<dt>${name}</dt><dd>${text}</dd>`,
  );
  const { head, top, script } = around;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
${head}
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title} · fairq</title></head>
<body><main>${top}<h1>${title}</h1>
${body}
<h2>How it was made</h2><dl>${facts}</dl>
</main>
<script type="application/json" id="fairq-data">${jsonMarkup(document)}</script>
${script}</body></html>
`.source;
}
