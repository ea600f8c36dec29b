/** Pages of the project's own files, which the documents link to: code with numbered lines, and folders as lists. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';

/** Bytes beyond which a file is not shown. */
const LARGEST = 1 << 20;

/** Where the page of a file or folder of the project lies in the site. */
export const pageOf = (path: string): string => `source/${path}.html`;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

function page(path: string, body: string): string {
  const up = posix.relative(posix.dirname(pageOf(path)), '.');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(path)} | kindling</title>
<link rel="stylesheet" href="${up}/assets/style.css">
<link rel="stylesheet" href="${up}/assets/custom.css">
<script>document.documentElement.dataset.theme = localStorage.getItem('tsd-theme') || 'os'</script>
</head>
<body>
<main class="source">
<p><a href="${up}/index.html">kindling</a></p>
<h1>${escaped(path)}</h1>
${body}
</main>
</body>
</html>
`;
}

/** Writes the page of a file or folder, and those of the files in a folder. */
export function writeSource(root: string, site: string, path: string): void {
  const from = join(root, path);
  const to = join(site, pageOf(path));
  mkdirSync(dirname(to), { recursive: true });
  if (statSync(from).isDirectory()) {
    const files = readdirSync(from, { withFileTypes: true })
      .filter((entry) => entry.isFile() && statSync(join(from, entry.name)).size <= LARGEST)
      .map(({ name }) => name);
    for (const name of files) writeSource(root, site, `${path}/${name}`);
    const items = files.map((name) => `<li><a href="${basename(path)}/${name}.html">${escaped(name)}</a></li>`);
    writeFileSync(to, page(path, `<ul>\n${items.join('\n')}\n</ul>`));
    return;
  }
  const lines = readFileSync(from, 'utf8').trimEnd().split('\n');
  const code = lines.map((line, i) => `<span id="L${i + 1}">${escaped(line)}</span>`).join('\n');
  writeFileSync(to, page(path, `<pre><code>${code}\n</code></pre>`));
}
