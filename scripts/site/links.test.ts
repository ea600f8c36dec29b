import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { documents } from './documents.js';
import { brokenLinks } from './links.js';

function folder(files: Readonly<Record<string, string>>): string {
  const made = mkdtempSync(join(tmpdir(), 'kindling-links-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  mkdirSync(join(made, 'docs'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(made, name), text);
  return made;
}

test('links to pages, anchors, folders and pictures are followed', () => {
  const site = folder({
    'index.html': `<h1 id="top">x</h1><a href="#top">1</a><a href="docs">2</a><a href="docs/index.html#here">3</a>
      <img src="f1.png"><a href="https://example.org/none">4</a><a href="docs/index.html?q=1">5</a>`,
    'docs/index.html': `<a name="here"></a><a href="../index.html#top">back</a>`,
    'f1.png': '',
  });
  expect(brokenLinks(site)).toEqual({ broken: [], links: 7, outward: 1 });
});

test('what leads nowhere is named, with its page', () => {
  const site = folder({
    'index.html': `<a href="#lost">1</a><a href="gone.html">2</a><img src="gone.png"><a href="docs/index.html#lost">3</a>`,
    'docs/index.html': '<a href="index.html">here</a>',
  });
  const lost = ['#lost', 'gone.html', 'docs/index.html#lost', 'gone.png'];
  expect(brokenLinks(site).broken).toEqual(lost.map((link) => `index.html: ${link}`));
});

test('a document that links to a file that is not there is refused', () => {
  const root = folder({ 'README.md': '# x\n[gone](docs/gone.md)\n' });
  expect(() => documents(root)).toThrow('README.md: links to docs/gone.md, which is not there');
});
