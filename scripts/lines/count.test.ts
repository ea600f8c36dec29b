import { expect, test } from 'vitest';
import { codeLines } from './count.js';

test.each([
  ['nothing', '', 0],
  ['comments and blank lines', '/** What it is. */\n\n// why\n/* and\n so on */\n', 0],
  ['code beside a comment', 'const a = 1; // one\n/* two */ const b = 2;\n', 2],
  ['a documented field', 'interface A {\n  /** Its name. */\n  name: string;\n\n  // not yet\n}\n', 3],
  [
    'what looks like comments in strings',
    "const url = 'https://example.org';\nconst glob = 'a/**/b';\nconst c = 3;\n",
    3,
  ],
  ['a regular expression', 'const slashes = /\\/\\/|"/;\nconst after = 1; // "\n', 2],
  ['a template, its blank line aside', `const wgsl = \`\n// WGSL\n\n  a = \${b /* one */} + \`;\n`, 3],
  ['code behind a template', `f(\`a\${b}//c\`); // d\n// e\ng(\`\n\`);`, 3],
])('lines of code: %s', (_, text, lines) => {
  expect(codeLines(text)).toBe(lines);
});
